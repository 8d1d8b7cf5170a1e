import type { FaultArguments } from './api.ts';
import { aTenant, type Fault, type Named, toShard, toWorld } from './fault-kinds.ts';
import { attachedOf, clearSecondaries, raiseSequence, schedule } from './intent.ts';
import { setLocation } from './pageserver-calls.ts';
import { maybeReconcile } from './reconciles.ts';
import { migrate, migrateSecondary } from './shard-requests.ts';
import { absent, attachedSingle, none, secondary, unknown } from './shard-table.ts';
import { azOf, type NodeState, nameOf, type State, shardsOf, type TenantState, tenantOf } from './state.ts';

/** What pageservers hold against what the controller means and knows. */

const aNode: Named = [{ name: 'node', kind: 'node', required: false }];

function isElsewhere(state: State, shard: number, node: NodeState): boolean {
  return node.process === 'up' && state.shards.findLocation(shard, node.id) === -1;
}

/** A pageserver that has nothing of the shard: `node`, or the first. */
function strangerTo(state: State, shard: number, args: FaultArguments): NodeState | string {
  const free = [...state.nodes.values()].filter((node) => isElsewhere(state, shard, node));
  const wanted = args['node'] === undefined ? free[0] : free.find(({ id }) => id === Number(args['node']));
  return wanted ?? 'there is no such pageserver that is up and has nothing of the shard';
}

/** Is there a controller that could do something? */
function isControlled(state: State): boolean {
  return state.controllerProcess === 'up' && state.memory.ready && state.leadership === 'leader';
}

function nudge(state: State, shard: number): void {
  if (isControlled(state)) maybeReconcile(state, shard, 'high');
}

const uncontrolled = 'there is no controller at work that could do it';

/** A location that a pageserver holds and the controller does not know of. */
function strange(
  name: string,
  description: string,
  mode: number,
  generationOf: (state: State, shard: number) => number,
): Fault {
  const put = (state: State, shard: number, args: FaultArguments): string | undefined => {
    const node = strangerTo(state, shard, args);
    if (typeof node === 'string') return node;
    setLocation(state, shard, node, { mode, generation: generationOf(state, shard) });
    return undefined;
  };
  const take = (state: State, shard: number): void => {
    const { locations } = state.shards;
    for (const at of state.shards.locationsOf(shard)) {
      const node = state.nodes.get(locations.node[at] ?? 0);
      // What the controller has learned of meanwhile is its own to remove.
      if (node === undefined || locations.knownMode[at] !== absent || locations.mode[at] !== mode) continue;
      setLocation(state, shard, node, { mode: absent, generation: none });
    }
  };
  return toShard(name, description, put, take, aNode);
}

function generation(state: State, shard: number): number {
  return state.shards.databaseGeneration[shard] ?? 0;
}

/** The location is gone, and the controller believes that it is there. */
function lose(state: State, shard: number): string | undefined {
  const node = state.nodes.get(attachedOf(state, shard));
  if (node === undefined) return 'the shard is not attached';
  setLocation(state, shard, node, { mode: absent, generation: none });
  return undefined;
}

function find(state: State, shard: number): void {
  const node = state.nodes.get(attachedOf(state, shard));
  const at = node === undefined ? -1 : state.shards.findLocation(shard, node.id);
  const { locations } = state.shards;
  if (node === undefined || at === -1 || locations.mode[at] !== absent) return;
  const mode = locations.knownMode[at] ?? absent;
  if (mode === attachedSingle)
    setLocation(state, shard, node, { mode, generation: locations.knownGeneration[at] ?? none });
}

function allShards(state: State, args: FaultArguments): readonly number[] {
  const tenant = state.tenantIds.get(String(args['tenant']));
  return tenant === undefined ? [] : shardsOf(tenant);
}

/** Keeps the optimizer from putting right what was moved by hand. */
function pin(state: State, tenant: TenantState): void {
  if (!state.broken.pinned.has(tenant.id)) state.broken.pinned.set(tenant.id, tenant.scheduling);
  tenant.scheduling = 'Essential';
}

function unpin(state: State, shard: number): void {
  const tenant = tenantOf(state, shard);
  tenant.scheduling = state.broken.pinned.get(tenant.id) ?? tenant.scheduling;
  state.broken.pinned.delete(tenant.id);
}

/** Moves it to another zone than it should be in, as an operator with `override_scheduler` does. */
function violateZone(state: State, shard: number): string | undefined {
  if (!isControlled(state)) return uncontrolled;
  const home = state.shards.preferredAz[shard] ?? 0;
  if (home === 0) return 'the shard has no preferred zone';
  const target = [...state.nodes.values()].find(({ az, process }) => az !== home && process === 'up');
  if (target === undefined) return 'there is no pageserver in another zone';
  pin(state, tenantOf(state, shard));
  const migration_config = { override_scheduler: true, prewarm: false };
  migrate(state, nameOf(state, shard), { node_id: target.id, migration_config });
  return undefined;
}

function pairUp(state: State, shard: number): string | undefined {
  if (!isControlled(state)) return uncontrolled;
  const attached = attachedOf(state, shard);
  const target = [...state.nodes.values()].find(
    ({ id, az, process }) => id !== attached && az === azOf(state, attached) && process === 'up',
  );
  if (target === undefined) return 'there is no second pageserver in that zone';
  pin(state, tenantOf(state, shard));
  migrateSecondary(state, nameOf(state, shard), { node_id: target.id });
  return undefined;
}

/** Makes the controller unsure of what is attached, so that it reconciles; that then does what `broken` says. */
function stick(state: State, args: FaultArguments): string | undefined {
  const as = args['as'] ?? 'long';
  if (as !== 'long' && as !== 'failing') return `a reconcile is stuck long or failing, not ${as}`;
  state.broken.stuckTenants.set(String(args['tenant']), as);
  for (const shard of allShards(state, args)) {
    const at = state.shards.findLocation(shard, attachedOf(state, shard));
    if (at !== -1) state.shards.locations.knownMode[at] = unknown;
    nudge(state, shard);
  }
  return undefined;
}

function refuseNotifications(state: State, args: FaultArguments): undefined {
  const id = String(args['tenant']);
  state.broken.refusedTenants.add(id);
  const tenant = state.tenantIds.get(id);
  if (tenant !== undefined) tenant.appliedRequest = 0;
  for (const shard of allShards(state, args)) {
    state.shards.pendingNotification[shard] = 1;
    nudge(state, shard);
  }
}

export const shardFaults: readonly Fault[] = [
  strange(
    'split_brain',
    'another pageserver holds the shard AttachedSingle, of the same generation; the controller does not know',
    attachedSingle,
    generation,
  ),
  strange(
    'stale_generation',
    'another pageserver holds the shard AttachedSingle, one generation behind; the controller does not know',
    attachedSingle,
    (state, shard) => Math.max(0, generation(state, shard) - 1),
  ),
  strange(
    'orphan_location',
    'another pageserver holds the shard as a secondary that nobody means it to have',
    secondary,
    () => none,
  ),
  toShard(
    'intent_contradicted',
    'the shard is gone from the pageserver that the controller believes holds it',
    lose,
    find,
  ),
  toWorld(
    'secondaries_missing',
    'no shard of the tenant has a secondary though its policy wants one, and nobody makes them',
    (state, args) => {
      for (const shard of allShards(state, args)) {
        clearSecondaries(state, shard);
        raiseSequence(state, shard);
        nudge(state, shard);
      }
      return undefined;
    },
    (state, args) => {
      const affinity = new Map();
      for (const shard of allShards(state, args)) {
        if (schedule(state, shard, affinity)) nudge(state, shard);
      }
    },
    aTenant,
  ),
  toShard(
    'az_violation',
    'the shard is moved out of its preferred zone and its tenant pinned (Essential); over: no longer pinned',
    violateZone,
    unpin,
  ),
  toShard(
    'pair_in_one_az',
    "the shard's secondary is moved to the zone of the attached location and its tenant pinned (Essential)",
    pairUp,
    unpin,
  ),
  toWorld(
    'reconcile_stuck',
    "reconciles of the tenant's shards never end (`long`, the default) or always fail (`failing`)",
    stick,
    (state, args) => {
      state.broken.stuckTenants.delete(String(args['tenant']));
      state.broken.stuckOver.fire();
    },
    [...aTenant, { name: 'as', kind: 'word', required: false }],
  ),
  toWorld(
    'notification_pending',
    'a notification of the tenant is due, and the way to the hook answers 503 for this tenant only',
    refuseNotifications,
    (state, args) => {
      state.broken.refusedTenants.delete(String(args['tenant']));
    },
    aTenant,
  ),
  toShard(
    'metadata_unhealthy',
    'the scrubber has found the shard unhealthy',
    (state, shard) => {
      state.broken.unhealthy.add(nameOf(state, shard));
      return undefined;
    },
    (state, shard) => {
      state.broken.unhealthy.delete(nameOf(state, shard));
    },
  ),
];
