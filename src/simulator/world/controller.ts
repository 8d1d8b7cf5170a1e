import type { Controller, ControllerMetrics } from './controller-api.ts';
import {
  describeNode,
  describeNodeShards,
  describeSafekeeper,
  describeTenant,
  dumpScheduler,
  dumpShards,
  listTenants,
  locate,
} from './descriptions.ts';
import { setPreferredAz } from './intent.ts';
import { stepDown } from './lifecycle.ts';
import {
  cancelOperation,
  configureNode,
  forgetNode,
  startDelete,
  startDrain,
  startFill,
} from './node-requests.ts';
import { registerNode, updateHealth, upsertSafekeeper } from './registration.ts';
import { answered, changing, later, ok, refusals } from './replies.ts';
import { migrateSafekeepers, setSafekeeperPolicy } from './safekeeper-requests.ts';
import {
  cancelReconcile,
  consistencyCheck,
  migrate,
  migrateSecondary,
  reconcileAllNow,
  setPreferredAzsOf,
} from './shard-requests.ts';
import { splitShards } from './splits.ts';
import { type State, tenantOf, write } from './state.ts';
import type { Steps } from './task.ts';
import { createTenant, deleteTenant, setPolicy } from './tenant-requests.ts';
import type { Answer, Leader, Reply } from './wire.ts';

const readAlways = ['/status', '/ready', '/live', '/metrics'];
const candidateReads = ['/status', '/ready', '/metrics', '/profile/cpu', '/profile/heap'];
const notForwarded = [...readAlways, '/control/v1/step_down'];

/** What stands before every route of the controller. */
function admit(state: State, path: string): ReturnType<Controller['admit']> {
  if (state.controllerProcess === 'down') return 'refused';
  if (state.controllerProcess === 'hung') return 'hang';
  if (state.leadership === 'candidate' && !candidateReads.includes(path))
    return refusals.unavailable('Current leadership status is candidate');
  if (!state.memory.ready && !readAlways.includes(path)) return refusals.unavailable(starting);
  if (state.leadership !== 'stepped_down' || notForwarded.includes(path)) return undefined;
  if (state.deposedBy === 'alive' || /^[/]control[/]v1[/]node[/][^/]+[/]shards$/.test(path)) return undefined;
  if (state.deposedBy === 'itself') return refusals.unavailable('Leader is stepped down instance');
  return refusals.internal(
    `Failed to forward while in stepped down state: error sending request for url (${peerAddress.slice(0, -1)}${path})`,
  );
}

const starting = 'Storage controller is starting';
const ownAddress = 'http://127.0.0.1:1234/';
const peerAddress = 'http://127.0.0.1:1235/';

function leader(state: State): Reply<Leader | null> {
  if (state.broken.leaderMissing && state.database === 'up') return answered(ok(200, null));
  const isOther =
    state.broken.otherLeader || (state.leadership === 'stepped_down' && state.deposedBy !== 'itself');
  const address = isOther ? peerAddress : ownAddress;
  const started_at = new Date(state.memory.startedAtMs).toISOString();
  if (state.database === 'up') return answered(ok(200, { address, started_at }));
  function* timeOut(): Steps<Answer<Leader | null>> {
    if (yield { signal: state.databaseBack, ms: 30_000 }) return ok(200, { address, started_at });
    state.memory.counters.databaseErrors += 1;
    return refusals.internal('Failed to read leader from database: Timed out in bb8');
  }
  return later(state, timeOut());
}

function metricsOf(state: State): ControllerMetrics {
  const { counters, reconciles, startedAtMs } = state.memory;
  const now = state.queue.nowMs();
  let tenantShards = 0;
  for (const tenant of state.order) if (!tenant.dropped) tenantShards += Math.max(1, tenant.shardCount);
  const longRunning = [...reconciles]
    .filter(([, handle]) => now - handle.startedAtMs > 120_000)
    .map(([shard, { sequence }]) => ({
      tenantId: tenantOf(state, shard).id,
      shardNumber: state.shards.number[shard] ?? 0,
      sequence,
    }));
  return {
    reconcileSpawn: counters.reconcileSpawn,
    reconcileComplete: { ...counters.complete },
    longRunning,
    tenantShards,
    pageserverNodes: state.nodes.size,
    safekeeperNodes: state.safekeepers.size,
    nodes: [...counters.nodeGauges].map(([nodeId, gauges]) => ({ nodeId, ...gauges })),
    pendingReconciles: counters.pending,
    stuckReconciles: counters.stuck,
    scheduleAzViolation: counters.azViolations,
    scheduleOptimization: counters.optimizations,
    leadership: state.leadership,
    processStartSeconds: Math.floor(startedAtMs / 1_000),
    pageserverRequestErrors: [...state.nodes.values()].map(({ id, requestErrors }) => ({
      id,
      count: requestErrors,
    })),
    safekeeperRequestErrors: [...state.safekeepers.values()].map(({ id, requestErrors }) => ({
      id,
      count: requestErrors,
    })),
    databaseQueryErrors: counters.databaseErrors,
  };
}

function observedByShard(state: State): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const { tenant_shard_id, observed } of dumpShards(state, undefined)) found[tenant_shard_id] = observed;
  return found;
}

type Reads = Pick<
  Controller,
  | 'admit'
  | 'isOpen'
  | 'ready'
  | 'live'
  | 'leader'
  | 'nodes'
  | 'node'
  | 'nodeShards'
  | 'tenants'
  | 'tenant'
  | 'locate'
  | 'shardDumps'
  | 'scheduler'
  | 'tombstones'
  | 'safekeepers'
  | 'safekeeper'
  | 'unhealthyShards'
  | 'health'
  | 'metrics'
>;

function createReads(state: State): Reads {
  const nodesById = () => [...state.nodes.values()].sort((one, other) => one.id - other.id);
  const knownTenant = (id: string) => {
    const tenant = state.tenantIds.get(id);
    return tenant === undefined || tenant.dropped ? undefined : tenant;
  };
  return {
    admit: (_method, path) => admit(state, path),
    isOpen: () => state.broken.open,
    ready: () => (state.memory.ready ? 200 : 503),
    live: () => (state.memory.ready && state.leadership === 'leader' ? 200 : 503),
    leader: () => leader(state),
    nodes: () => nodesById().map((node) => describeNode(state, node)),
    node(id) {
      const node = state.nodes.get(id);
      return node === undefined
        ? refusals.notFound(`Node ${id} not registered`)
        : ok(200, describeNode(state, node));
    },
    nodeShards: (id) => describeNodeShards(state, id),
    tenants: (page = {}) => listTenants(state, page),
    tenant(id) {
      const tenant = knownTenant(id);
      return tenant === undefined
        ? refusals.notFound(`Tenant ${id} not found`)
        : ok(200, describeTenant(state, tenant));
    },
    locate(id) {
      const tenant = knownTenant(id);
      return tenant === undefined
        ? refusals.notFound('No shards for this tenant ID found')
        : locate(state, tenant);
    },
    shardDumps: (startAfter) => dumpShards(state, startAfter),
    scheduler: () => dumpScheduler(state),
    tombstones: () =>
      [...state.tombstones.values()].map((node) => ({
        ...describeNode(state, node),
        scheduling: 'Deleting' as const,
      })),
    safekeepers: () => [...state.safekeepers.values()].map((keeper) => describeSafekeeper(state, keeper)),
    safekeeper(id) {
      const keeper = state.safekeepers.get(id);
      return keeper === undefined
        ? refusals.notFound('unknown instance id')
        : ok(200, describeSafekeeper(state, keeper));
    },
    unhealthyShards: () => [...state.broken.unhealthy].sort(),
    health: (shard) => ({
      healthy: !state.broken.unhealthy.has(shard),
      scrubbedAtMs: state.broken.scrubbedAtMs.get(shard) ?? state.config.startMs,
    }),
    metrics: () => metricsOf(state),
  };
}

export function createController(state: State): Controller {
  return {
    ...createReads(state),
    ...guarded(state, createCommands(state)),
  };
}

type Commands = Omit<Controller, keyof Reads>;

/** A controller that is not there, or not yet, changes nothing, also when nobody has asked `admit`. */
function guarded(state: State, commands: Commands): Commands {
  const guard = (name: string, command: (...args: never[]) => unknown) => {
    return (...args: never[]) => {
      if (state.controllerProcess !== 'up')
        return answered({ ok: false, status: 0, body: { msg: 'no connection' } });
      if (!state.memory.ready) return answered(refusals.unavailable(starting));
      write(state, 'request', `${name} ${JSON.stringify(args)}`);
      return command(...args);
    };
  };
  const entries = Object.entries(commands).map(([name, command]) => [name, guard(name, command)]);
  return Object.fromEntries(entries) as Commands;
}

function createCommands(state: State): Commands {
  return {
    fill: (node) => startFill(state, node),
    cancelFill: (node) => cancelOperation(state, node, 'fill'),
    drain: (node) => startDrain(state, node),
    cancelDrain: (node) => cancelOperation(state, node, 'drain'),
    configureNode: (node, body) => configureNode(state, node, body),
    deleteNode: (node, force = false) => startDelete(state, node, force),
    cancelDeleteNode: (node) => cancelOperation(state, node, 'delete'),
    dropNode: (node) =>
      changing(state, () => {
        forgetNode(state, node);
        return answered(ok(200, null));
      }),
    deleteTombstone(node) {
      state.tombstones.delete(node);
      return answered(ok(200, null));
    },
    migrate: (shard, body) => migrate(state, shard, body),
    migrateSecondary: (shard, body) => migrateSecondary(state, shard, body),
    cancelReconcile: (shard) => cancelReconcile(state, shard),
    setPolicy: (tenant, body) => setPolicy(state, tenant, body),
    setPreferredAzs: (body) =>
      setPreferredAzsOf(state, body, (shard, az) => setPreferredAz(state, shard, az)),
    splitShards: (tenant, body) => splitShards(state, tenant, body),
    createTenant: (body) => createTenant(state, body),
    deleteTenant: (tenant) => deleteTenant(state, tenant),
    reconcileAll: () => reconcileAllNow(state),
    consistencyCheck: () => consistencyCheck(state),
    stepDown() {
      const observed = observedByShard(state);
      state.deposedBy = 'itself';
      stepDown(state);
      return answered(ok(200, observed));
    },
    registerNode: (body) => registerNode(state, body),
    upsertSafekeeper: (body) => upsertSafekeeper(state, body),
    updateHealth: (body) => updateHealth(state, body),
    setSafekeeperPolicy: (id, policy) => setSafekeeperPolicy(state, id, policy),
    migrateSafekeepers: (tenant, timeline, ids) => migrateSafekeepers(state, tenant, timeline, ids),
  };
}
