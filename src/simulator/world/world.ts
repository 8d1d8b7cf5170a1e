import type { CreateWorld, World, WorldConfig, WorldSnapshot } from './api.ts';
import { nothingBroken } from './broken.ts';
import { addCompute, addGeneratedTenants, addInitialTenant, addNode } from './build.ts';
import { startComputeTraffic } from './compute-traffic.ts';
import { createController } from './controller.ts';
import { createEventLog } from './event-log.ts';
import { EventQueue } from './event-queue.ts';
import { createFaults } from './faults.ts';
import { setAvailability } from './heartbeats.ts';
import { configureCompute, newHook, receiveNotification, reconfigureCompute } from './hook.ts';
import type { Hook } from './hook-api.ts';
import { startControllerLoops } from './lifecycle.ts';
import { pageserverFace } from './pageserver-face.ts';
import { createRandom } from './random.ts';
import { describeTimeline, timelinesOf } from './safekeeper-timelines.ts';
import { ShardTable } from './shard-table.ts';
import { newMemory, type State, write } from './state.ts';
import { Signal } from './task.ts';

/** Upstream's times; a small cluster of three zones. */
const defaults: WorldConfig = {
  pageservers: 3,
  azs: 3,
  safekeepers: 3,
  tenants: 10,
  shardsPerTenant: 1,
  stripeSize: 2_048,
  computes: 0,
  heartbeatMs: 5_000,
  offlineMs: 30_000,
  warmingUpMs: 300_000,
  backgroundMs: 20_000,
  firstBackgroundMs: undefined,
  heatmapPeriodMs: 60_000,
  locationConfigMs: 9,
  shardBytes: 23 * 1_024 * 1_024,
  address: (kind, id) =>
    kind === 'pageserver'
      ? { host: '127.0.0.1', httpPort: 9_897 + id, pgPort: 63_999 + id }
      : { host: '127.0.0.1', httpPort: 7_675 + id, pgPort: 5_453 + id },
  startMs: Date.UTC(2026, 0, 1),
  initial: [],
};

/** As large as the recording's disks, or large enough for what is on them. */
function diskKib(state: State): number {
  const smallest = 95_501_264;
  const fullest = Math.max(0, ...[...state.nodes.values()].map(({ diskWantedKib }) => diskWantedKib));
  return Math.max(smallest, fullest * 4);
}

function newState(config: WorldConfig, seed: number): State {
  const queue = new EventQueue(config.startMs);
  const zones = Array.from({ length: config.azs }, (_, at) => `az-${String.fromCharCode(97 + at)}`);
  return {
    config,
    queue,
    log: createEventLog(config.startMs),
    random: createRandom(seed),
    azNames: ['', ...zones],
    announced: new Map(),
    nodes: new Map(),
    tombstones: new Map(),
    shards: new ShardTable(),
    tenants: [],
    tenantIds: new Map(),
    order: [],
    safekeepers: new Map(),
    computes: new Map(),
    memberships: new Map(),
    hook: newHook(),
    computeListeners: [],
    activeFaults: new Map(),
    broken: nothingBroken(),
    broker: 'up',
    database: 'up',
    databaseBack: new Signal(),
    controllerProcess: 'up',
    leadership: 'leader',
    deposedBy: 'dead',
    memory: newMemory(queue),
    diskKib: 0,
  };
}

function populate(state: State): void {
  const { config } = state;
  for (let id = 1; id <= config.pageservers; id += 1) addNode(state, id, 1 + ((id - 1) % config.azs));
  for (let id = 1; id <= config.safekeepers; id += 1)
    state.safekeepers.set(id, {
      id,
      az: 1 + ((id - 1) % config.azs),
      process: 'up',
      scheduling: 'Active',
      requestErrors: 0,
      lagBytes: 0,
    });
  const initial = config.initial.map((tenant) => addInitialTenant(state, tenant));
  addGeneratedTenants(state, config);
  const others = state.order.filter((tenant) => !initial.includes(tenant));
  for (const tenant of [...initial, ...others].slice(0, config.computes)) addCompute(state, tenant);
  state.diskKib = diskKib(state);
}

function createHook(state: State): Hook {
  const { hook } = state;
  return {
    get behaviour() {
      return hook.port === undefined ? hook.behaviour : 'external';
    },
    behave(as) {
      hook.behaviour = as;
      write(state, 'hook', String(as));
    },
    connect(port) {
      hook.port = port;
    },
    receive: (notification, answered) => receiveNotification(state, notification, answered),
    get sent() {
      return hook.sent;
    },
  };
}

function joinPageserver(state: State, az: string): number {
  const id = Math.max(0, ...state.nodes.keys(), ...state.tombstones.keys()) + 1;
  const node = addNode(state, id, Math.max(1, state.azNames.indexOf(az)));
  node.availability = 'Offline';
  write(state, 'pageserver', `${id} joins`);
  state.queue.after(50, () => setAvailability(state, node, 'Active'));
  return id;
}

function snapshotOf(state: State): WorldSnapshot {
  const { shards, memory } = state;
  let [pending, splitting, count, tenants] = [0, 0, 0, 0];
  for (const tenant of state.order) {
    if (tenant.dropped) continue;
    tenants += 1;
    const last = tenant.first + Math.max(1, tenant.shardCount);
    for (let shard = tenant.first; shard < last; shard += 1) {
      count += 1;
      pending += shards.pendingNotification[shard] ?? 0;
      splitting += shards.splitting[shard] ?? 0;
    }
  }
  const { operation } = memory;
  return {
    nowMs: state.queue.nowMs(),
    nodes: [...state.nodes.values()].map((node) => ({
      id: node.id,
      az: state.azNames[node.az] ?? '',
      process: node.process,
      availability: node.availability,
      scheduling: node.scheduling,
      attached: node.attachedCount,
      secondaries: node.shardCount - node.attachedCount,
    })),
    tenants,
    shards: count,
    reconciling: memory.reconciles.size,
    pendingNotifications: pending,
    splitting,
    operation: operation === undefined ? null : `${operation.kind} ${operation.node}`,
    leadership: state.leadership,
    panics: state.broken.panics,
    hook: String(state.hook.port === undefined ? state.hook.behaviour : 'external'),
    faults: [...state.activeFaults.keys()],
    shardBytes: shards.bytes,
  };
}

export const createWorld: CreateWorld = ({ seed, ...given }): World => {
  const config: WorldConfig = { ...defaults, ...given };
  const state = newState(config, seed);
  populate(state);
  startControllerLoops(state);
  startComputeTraffic(state);
  const faceOf = (id: number) => state.nodes.get(id) ?? state.tombstones.get(id);
  return {
    config,
    controller: createController(state),
    hook: createHook(state),
    faults: createFaults(state),
    events: state.log,
    nowMs: () => state.queue.nowMs(),
    advance: (ms) => state.queue.advance(ms),
    nextEventMs: () => state.queue.nextMs(),
    pageservers: () =>
      [...state.nodes.values(), ...state.tombstones.values()].map((node) => pageserverFace(state, node)),
    pageserver(id) {
      const node = faceOf(id);
      return node === undefined ? undefined : pageserverFace(state, node);
    },
    safekeepers: () =>
      [...state.safekeepers.values()].map((keeper) => ({
        id: keeper.id,
        state: keeper.process,
        timelines: timelinesOf(state, keeper).map(({ tenantId, timelineId }) => ({ tenantId, timelineId })),
        timeline: (tenantId, timelineId) => describeTimeline(state, keeper, tenantId, timelineId),
      })),
    broker: () => state.broker,
    computes: () => [...state.computes.values()],
    configureCompute: (settings) => configureCompute(state, settings),
    reconfigureCompute: (settings) => reconfigureCompute(state, settings),
    onComputeSettings(run) {
      state.computeListeners.push(run);
    },
    joinPageserver: (az) => joinPageserver(state, az),
    snapshot: () => snapshotOf(state),
  };
};
