import { attachedOf, clearIntent, clearSecondaries, schedule, setAttached } from './intent.ts';
import { notifyAttach } from './notifier.ts';
import { callNode, setLocation } from './pageserver-calls.ts';
import { awaitRemainder, maybeReconcile } from './reconciles.ts';
import { alone, answered, changing, later, ok, refusals } from './replies.ts';
import type { Affinity } from './scheduler.ts';
import { childNumbers, shardName } from './shard-name.ts';
import { attachedSingle, none, unknown } from './shard-table.ts';
import { type ShardWaiter, type State, shardsOf, type TenantState, write } from './state.ts';
import type { Steps } from './task.ts';
import { removeShard } from './tenant-requests.ts';
import { kickDownload } from './warmth.ts';
import type { Answer, Reply } from './wire.ts';

export interface SplitRequest {
  readonly new_shard_count: number;
  readonly new_stripe_size?: number;
}
export interface SplitDone {
  readonly new_shards: readonly string[];
}

const reconcileTimeoutMs = 30_000;
/** How long a pageserver takes for one shard. */
const splitShardMs = 60;

export function splitShards(state: State, id: string, body: SplitRequest): Reply<SplitDone> {
  return alone(state, state.tenantIds.get(id), () => splitNow(state, id, body));
}

function splitNow(state: State, id: string, body: SplitRequest): Reply<SplitDone> {
  const tenant = state.tenantIds.get(id);
  if (tenant === undefined || tenant.dropped) return answered(refusals.notFound(`Tenant ${id} not found`));
  const refused = refuseSplit(state, tenant, body);
  if (refused !== undefined) return answered(refused);
  const before = Math.max(1, tenant.shardCount);
  if (before === body.new_shard_count) {
    const names = shardsOf(tenant).map((_, number) => shardName(id, number, tenant.shardCount));
    return answered(ok(200, { new_shards: names }));
  }
  return changing(state, () => {
    if (tenant.locked) return splitShards(state, id, body);
    tenant.locked = true;
    return later(state, split(state, tenant, body));
  });
}

function refuseSplit(state: State, tenant: TenantState, body: SplitRequest): Answer<SplitDone> | undefined {
  const before = Math.max(1, tenant.shardCount);
  if (before > body.new_shard_count)
    return refusals.badRequest(
      `Requested count ${body.new_shard_count} but already have shards at count ${before}`,
    );
  if (before === body.new_shard_count) return undefined;
  if (shardsOf(tenant).some((shard) => attachedOf(state, shard) === 0))
    return refusals.badRequest('Cannot split a tenant that is not attached');
  const stripe = body.new_stripe_size;
  if (tenant.shardCount > 1 && stripe !== undefined && stripe !== tenant.stripeSize)
    return refusals.badRequest(
      `Attempted to change stripe size (ShardStripeSize(${tenant.stripeSize})->ShardStripeSize(${stripe})) on a tenant with multiple shards`,
    );
  return undefined;
}

function* split(state: State, tenant: TenantState, body: SplitRequest): Steps<Answer<SplitDone>> {
  const { shards } = state;
  const parents = shardsOf(tenant);
  // Parents first give up their secondaries, then nothing may touch them.
  const waiters = parents.flatMap((shard) => {
    clearSecondaries(state, shard);
    return maybeReconcile(state, shard, 'high') ?? [];
  });
  yield* awaitRemainder(state, waiters, reconcileTimeoutMs);
  for (const shard of parents) {
    shards.splitting[shard] = 1;
    const at = shards.findLocation(shard, attachedOf(state, shard));
    if (at !== -1) shards.locations.knownMode[at] = unknown;
  }
  write(state, 'split', `${tenant.id} to ${body.new_shard_count} begins`);
  for (const shard of parents) {
    const outcome = yield* callNode(state, attachedOf(state, shard), { costMs: splitShardMs });
    if (outcome !== 'ok') return abortSplit(state, tenant, parents);
  }
  const { names, children, reconciles } = commit(state, tenant, body, parents);
  write(state, 'split', `${tenant.id} to ${body.new_shard_count} commits`);
  for (const shard of children)
    if ((yield* notifyAttach(state, shard, attachedOf(state, shard))) !== 'ok')
      shards.pendingNotification[shard] = 1;
  yield* awaitRemainder(state, reconciles, reconcileTimeoutMs);
  for (const shard of children) for (const at of shards.locationsOf(shard)) kickDownload(state, at);
  return ok(200, { new_shards: names });
}

function abortSplit(state: State, tenant: TenantState, parents: readonly number[]): Answer<SplitDone> {
  for (const shard of parents) state.shards.splitting[shard] = 0;
  tenant.locked = false;
  write(state, 'split', `${tenant.id} aborted`);
  for (const shard of parents) {
    schedule(state, shard, new Map());
    maybeReconcile(state, shard, 'high');
  }
  return refusals.conflict(`Failed to split ${tenant.id}`);
}

interface Child {
  readonly number: number;
  readonly node: number;
  readonly generation: number;
  readonly az: number;
  readonly sizeKib: number;
}

/** In the order of the answer: all children of shard 0, then those of shard 1, and so on. */
function childrenOf(
  state: State,
  tenant: TenantState,
  body: SplitRequest,
  parents: readonly number[],
): Child[] {
  const { shards } = state;
  const growth = body.new_shard_count / parents.length;
  return parents.flatMap((parent, number) =>
    childNumbers(number, tenant.shardCount, body.new_shard_count).map((child) => ({
      number: child,
      node: attachedOf(state, parent),
      generation: shards.generation[parent] ?? 0,
      az: shards.preferredAz[parent] ?? 0,
      sizeKib: Math.ceil((shards.sizeKib[parent] ?? 0) / growth),
    })),
  );
}

/** The ids change in one go: no one sees parents and children together. */
function commit(
  state: State,
  tenant: TenantState,
  body: SplitRequest,
  parents: readonly number[],
): { readonly names: string[]; readonly children: number[]; readonly reconciles: ShardWaiter[] } {
  const { shards } = state;
  const plan = childrenOf(state, tenant, body, parents);
  for (const parent of parents) {
    clearIntent(state, parent);
    removeShard(state, parent);
  }
  tenant.first = shards.count;
  tenant.shardCount = body.new_shard_count;
  tenant.stripeSize = body.new_stripe_size ?? tenant.stripeSize;
  tenant.scheduling = 'Active';
  tenant.locked = false;
  tenant.appliedRequest = 0;
  for (let number = 0; number < body.new_shard_count; number += 1) shards.add(tenant.index, number);
  for (const child of plan) place(state, tenant.first + child.number, child);
  const growth = Math.max(1, plan.length / parents.length);
  let affinity: Affinity = new Map();
  const reconciles: ShardWaiter[] = [];
  plan.forEach((child, at) => {
    if (at % growth === 0) affinity = new Map();
    schedule(state, tenant.first + child.number, affinity);
    const waiter = maybeReconcile(state, tenant.first + child.number, 'high');
    if (waiter !== undefined) reconciles.push(waiter);
  });
  return {
    names: plan.map(({ number }) => shardName(tenant.id, number, tenant.shardCount)),
    children: plan.map(({ number }) => tenant.first + number),
    reconciles,
  };
}

function place(state: State, shard: number, child: Child): void {
  const { shards } = state;
  shards.preferredAz[shard] = child.az;
  shards.sizeKib[shard] = child.sizeKib;
  shards.generation[shard] = child.generation;
  shards.databaseGeneration[shard] = child.generation;
  shards.generationNode[shard] = child.node;
  setAttached(state, shard, child.node);
  const node = state.nodes.get(child.node);
  if (node === undefined) return;
  setLocation(state, shard, node, { mode: attachedSingle, generation: child.generation });
  const at = shards.findLocation(shard, child.node);
  shards.locations.knownMode[at] = attachedSingle;
  shards.locations.knownGeneration[at] = child.generation ?? none;
}
