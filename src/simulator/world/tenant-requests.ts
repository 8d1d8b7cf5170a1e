import { attachedOf, clearIntent, schedule } from './intent.ts';
import { panic } from './lifecycle.ts';
import { setLocation } from './pageserver-calls.ts';
import { awaitRemainder, maybeReconcile } from './reconciles.ts';
import { alone, answered, changing, cutOff, later, ok, refusals } from './replies.ts';
import { type Affinity, azForNewTenant, pickNode } from './scheduler.ts';
import { shardName } from './shard-name.ts';
import { absent, none } from './shard-table.ts';
import {
  placedDetached,
  placedSecondary,
  type ShardWaiter,
  type State,
  shardsOf,
  type TenantState,
  write,
} from './state.ts';
import { Signal, type Steps } from './task.ts';
import { placeInOrder } from './tenant-order.ts';
import type {
  Answer,
  CreatedTenant,
  Placement,
  Reply,
  ShardScheduling,
  TenantCreateRequest,
} from './wire.ts';

const reconcileTimeoutMs = 30_000;

export function placementCode(placement: Placement): number {
  if (placement === 'Secondary') return placedSecondary;
  return placement === 'Detached' ? placedDetached : placement.Attached;
}

export function placementOf(code: number): Placement {
  if (code === placedSecondary) return 'Secondary';
  return code === placedDetached ? 'Detached' : { Attached: code };
}

/** Adds a tenant, in its place by id. Its shards are nowhere yet. */
export function addTenant(
  state: State,
  of: Pick<TenantState, 'id' | 'shardCount' | 'stripeSize' | 'placement'>,
): TenantState {
  const tenant: TenantState = {
    ...of,
    index: state.tenants.length,
    first: state.shards.count,
    scheduling: 'Active',
    appliedRequest: 0,
    notifying: false,
    notified: new Signal(),
    locked: false,
    dropped: false,
    panicsAtStart: false,
  };
  state.tenants.push(tenant);
  state.tenantIds.set(of.id, tenant);
  const last = state.order.at(-1);
  if (last === undefined || last.id < of.id) state.order.push(tenant);
  else state.order.splice(placeInOrder(state.order, of.id), 0, tenant);
  for (let number = 0; number < Math.max(1, of.shardCount); number += 1)
    state.shards.add(tenant.index, number);
  return tenant;
}

function* waitForAll(state: State, waiters: ShardWaiter[]): Steps<void> {
  yield* awaitRemainder(state, waiters, reconcileTimeoutMs);
}

export function createTenant(state: State, body: TenantCreateRequest): Reply<CreatedTenant> {
  return changing(state, () => {
    const existing = state.tenantIds.get(body.new_tenant_id);
    if (existing !== undefined && !existing.dropped) return createAgain(state, existing, body);
    const placement = placementCode(body.placement_policy ?? { Attached: 0 });
    const tenant = addTenant(state, {
      id: body.new_tenant_id,
      shardCount: body.shard_parameters?.count ?? 0,
      stripeSize: body.shard_parameters?.stripe_size ?? 2_048,
      placement,
    });
    const az = azForNewTenant(state);
    const affinity: Affinity = new Map();
    let scheduled = true;
    for (const shard of shardsOf(tenant)) {
      state.shards.preferredAz[shard] = az;
      state.shards.sizeKib[shard] = state.config.shardBytes / 1_024;
      if (placement >= 0) {
        state.shards.generation[shard] = 0;
        state.shards.databaseGeneration[shard] = 0;
      }
      scheduled = schedule(state, shard, affinity) && scheduled;
    }
    write(state, 'tenant', `${tenant.id} created`);
    if (!scheduled && attachedOf(state, tenant.first) === 0 && placement >= 0) {
      const why = state.nodes.size === 0 ? 'No pageservers found' : 'No pageserver found matching constraint';
      return answered(refusals.conflict(`Failed to schedule shard(s): ${why}`));
    }
    const body201 = created(state, tenant);
    const waiters = shardsOf(tenant).flatMap((shard) => maybeReconcile(state, shard, 'high') ?? []);
    function* whenAttached(): Steps<Answer<CreatedTenant>> {
      yield* waitForAll(state, waiters);
      return ok(201, body201);
    }
    return later(state, whenAttached());
  });
}

/** From a creation that makes shards beside those that are there to the panic. */
const overlapPanicMs = 1_000;

/** With another number of shards the controller takes it, and dies of the shards that overlap. */
function createAgain(
  state: State,
  existing: TenantState,
  { new_tenant_id: id, shard_parameters }: TenantCreateRequest,
): Reply<CreatedTenant> {
  const count = shard_parameters?.count ?? 0;
  if (count === existing.shardCount) return answered(ok(201, created(state, existing)));
  write(state, 'tenant', `${id} created again with ${count} shards`);
  state.memory.tasks.start(dieOfOverlap(state));
  const az = azForNewTenant(state);
  const affinity: Affinity = new Map();
  const shards = Array.from({ length: Math.max(1, count) }, (_, number) => {
    const node_id = pickNode(state, 'attached', [], az, affinity);
    return { shard_id: shardName(id, number, count), node_id, generation: 0 };
  });
  return answered(ok(201, { shards }));
}

function* dieOfOverlap(state: State): Steps<void> {
  yield overlapPanicMs;
  panic(state, 'duplicate_tenant');
}

function created(state: State, tenant: TenantState): CreatedTenant {
  return {
    shards: shardsOf(tenant).map((shard, number) => ({
      shard_id: shardName(tenant.id, number, tenant.shardCount),
      node_id: attachedOf(state, shard),
      generation: state.shards.generation[shard] ?? 0,
    })),
  };
}

export function deleteTenant(state: State, id: string): Reply<null> {
  return alone(state, state.tenantIds.get(id), () => deleteNow(state, id));
}

function deleteNow(state: State, id: string): Reply<null> {
  const tenant = state.tenantIds.get(id);
  if (tenant === undefined) return answered(refusals.notFound(`Tenant ${id} not found`));
  return changing(state, () => {
    tenant.placement = placedDetached;
    tenant.dropped = false;
    tenant.locked = true;
    const waiters = shardsOf(tenant).flatMap((shard) => {
      clearIntent(state, shard);
      return maybeReconcile(state, shard, 'high') ?? [];
    });
    function* whenDetached(of: TenantState): Steps<Answer<null>> {
      yield* waitForAll(state, waiters);
      removeTenant(state, of);
      return ok(200, null);
    }
    return later(state, whenDetached(tenant));
  });
}

function removeTenant(state: State, tenant: TenantState): void {
  for (const shard of shardsOf(tenant)) removeShard(state, shard);
  state.tenants[tenant.index] = undefined;
  state.tenantIds.delete(tenant.id);
  state.order.splice(placeInOrder(state.order, tenant.id), 1);
  write(state, 'tenant', `${tenant.id} deleted`);
}

/** Nothing of the shard is left anywhere; its number is not used again. */
export function removeShard(state: State, shard: number): void {
  const { shards, memory } = state;
  memory.reconciles.get(shard)?.task.cancel();
  memory.reconciles.delete(shard);
  memory.lastErrors.delete(shard);
  clearIntent(state, shard);
  for (const at of shards.locationsOf(shard)) {
    const node = state.nodes.get(shards.locations.node[at] ?? 0);
    shards.locations.knownMode[at] = absent;
    if (node !== undefined) setLocation(state, shard, node, { mode: absent, generation: none });
    else shards.locations.mode[at] = absent;
  }
  shards.sweepLocations(shard);
  shards.tenant[shard] = none;
}

interface PolicyRequest {
  readonly placement?: Placement;
  readonly scheduling?: ShardScheduling;
}

export function setPolicy(state: State, id: string, body: PolicyRequest): Reply<null> {
  return alone(state, state.tenantIds.get(id), () => setPolicyNow(state, id, body));
}

/** Placement and scheduling are kept first, then tried at once. */
function setPolicyNow(state: State, id: string, body: PolicyRequest): Reply<null> {
  const tenant = state.tenantIds.get(id);
  if (tenant === undefined) return answered(refusals.notFound(`Tenant ${id} not found`));
  return changing(state, () => {
    const placement = body.placement === undefined ? undefined : placementCode(body.placement);
    const wasAttachedOnce = tenant.placement === 1;
    let { scheduling } = body;
    // A detach has to take effect whatever the policy was.
    if (placement !== undefined && placement < 0) scheduling ??= 'Active';
    if (placement !== undefined) {
      tenant.placement = placement;
      tenant.dropped = false;
    }
    if (scheduling !== undefined) tenant.scheduling = scheduling;
    write(state, 'policy', `${id} ${JSON.stringify(body)}`);
    if (wasAttachedOnce && placement !== undefined && placement > 1) {
      // It is in the database by now: the next start reads it.
      tenant.panicsAtStart = true;
      panic(state, 'attached_2');
      return answered(cutOff);
    }
    const affinity: Affinity = new Map();
    for (const shard of shardsOf(tenant)) {
      if (placement !== undefined && placement >= 0 && state.shards.generation[shard] === none) {
        state.shards.generation[shard] = 0;
        state.shards.databaseGeneration[shard] = 0;
      }
      schedule(state, shard, affinity);
      maybeReconcile(state, shard, 'high');
    }
    return answered(ok(200, null));
  });
}
