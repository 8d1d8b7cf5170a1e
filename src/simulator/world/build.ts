import type { InitialTenant, WorldConfig } from './api.ts';
import { rightSettings } from './hook-behaviours.ts';
import { addSecondary, attachedOf, setAttached } from './intent.ts';
import { assumeNotified } from './notifier.ts';
import { attachedSingle, none, secondary } from './shard-table.ts';
import { addressOf, type NodeState, type State, shardsOf, type TenantState, tenths } from './state.ts';
import { Signal } from './task.ts';
import { addTenant, placementCode } from './tenant-requests.ts';

/** A world as it begins: everything where it shall be, told and warm. */

export function addNode(state: State, id: number, az: number): NodeState {
  const node: NodeState = {
    id,
    az,
    process: 'up',
    delayMs: 0,
    startedAtMs: state.queue.nowMs(),
    cold: false,
    attaching: false,
    busyUntilMs: 0,
    diskWantedKib: 0,
    locationCount: 0,
    misrouted: 0,
    availability: 'Active',
    scheduling: 'Active',
    warmingSinceMs: 0,
    lastSeenMs: state.queue.nowMs(),
    reportedShards: 0,
    shardCount: 0,
    attachedCount: 0,
    homeCount: 0,
    requestErrors: 0,
    unavailable: new Signal(),
  };
  state.nodes.set(id, node);
  return node;
}

function hold(state: State, shard: number, id: number, generation: number, warm: boolean): void {
  const node = state.nodes.get(id);
  if (node === undefined) throw new Error(`no pageserver ${id}`);
  const { shards } = state;
  const { locations } = shards;
  const at = shards.ensureLocation(shard, id);
  const mode = generation === none ? secondary : attachedSingle;
  locations.mode[at] = mode;
  locations.knownMode[at] = mode;
  locations.generation[at] = generation;
  locations.knownGeneration[at] = generation;
  locations.warmAt[at] = warm ? 0 : tenths(state) + Math.floor(state.config.heatmapPeriodMs / 50);
  node.locationCount += 1;
  node.reportedShards += 1;
  node.diskWantedKib += shards.sizeKib[shard] ?? 0;
}

interface Placed {
  readonly attached: number;
  readonly secondaries: readonly number[];
  readonly az: number;
  readonly generation: number;
  readonly warm: boolean;
}

function placeShard(state: State, shard: number, at: Placed): void {
  const { shards } = state;
  shards.preferredAz[shard] = at.az;
  shards.sizeKib[shard] = Math.ceil(state.config.shardBytes / 1_024);
  shards.sequence[shard] = 1;
  if (at.attached !== 0 || at.secondaries.length === 0) {
    shards.generation[shard] = at.generation;
    shards.databaseGeneration[shard] = at.generation;
  }
  if (at.attached !== 0) {
    shards.generationNode[shard] = at.attached;
    setAttached(state, shard, at.attached);
    hold(state, shard, at.attached, at.generation, true);
  }
  for (const node of at.secondaries) {
    addSecondary(state, shard, node);
    hold(state, shard, node, none, at.warm);
  }
}

export function addInitialTenant(state: State, initial: InitialTenant): TenantState {
  const tenant = addTenant(state, {
    id: initial.id,
    shardCount: initial.shardCount,
    stripeSize: initial.stripeSize ?? state.config.stripeSize,
    placement: placementCode(initial.placement ?? { Attached: 1 }),
  });
  tenant.scheduling = initial.scheduling ?? 'Active';
  shardsOf(tenant).forEach((shard, number) => {
    const given = initial.shards[number];
    placeShard(state, shard, {
      attached: given?.attached ?? 0,
      secondaries: given?.secondaries ?? [],
      az: Math.max(0, state.azNames.indexOf(given?.preferredAz ?? '')),
      generation: given?.generation ?? 1,
      warm: given?.coldSecondaries !== true,
    });
  });
  assumeNotified(state, tenant);
  return tenant;
}

/** Sharded ones begin with 2, others with 1; the rest of the id is the number of the tenant. */
function tenantId(index: number, shards: number): string {
  return (shards > 1 ? '2' : '1') + (index + 1).toString(16).padStart(31, '0');
}

/** Round and round the zones, and within one round its nodes: as the scheduler would have it, without asking it. */
export function addGeneratedTenants(state: State, config: WorldConfig): void {
  const zones = state.azNames.slice(1).map((_, at) => {
    return [...state.nodes.values()].filter((node) => node.az === at + 1).map((node) => node.id);
  });
  const used = zones.filter((nodes) => nodes.length > 0);
  const perTenant = config.shardsPerTenant;
  const counts = Array.from({ length: config.tenants }, (_, index) =>
    typeof perTenant === 'number' ? perTenant : perTenant(index),
  );
  const total = counts.reduce((sum, count) => sum + count, 0);
  state.shards.reserve(state.shards.count + total, 2);
  const entries = counts
    .map((shards, index) => ({ id: tenantId(index, shards), shards, index }))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  let turn = 0;
  for (const { id, shards, index } of entries) {
    const zone = index % Math.max(1, used.length);
    const tenant = addTenant(state, {
      id,
      shardCount: shards > 1 ? shards : 0,
      stripeSize: config.stripeSize,
      placement: state.nodes.size > 1 ? 1 : 0,
    });
    for (const shard of shardsOf(tenant)) {
      turn += 1;
      placeShard(state, shard, placeInTurn(state, used, zone, turn));
    }
    assumeNotified(state, tenant);
  }
}

/** Attached in the zone, the secondary in one of the others when there are any. */
function placeInTurn(state: State, zones: readonly number[][], zone: number, turn: number): Placed {
  const home = zones[zone] ?? [];
  const attached = home[turn % home.length] ?? 0;
  const next = (zone + 1 + (turn % Math.max(1, zones.length - 1))) % zones.length;
  const others = zones.length > 1 ? (zones[next] ?? []) : home;
  const away = others.filter((node) => node !== attached);
  const secondaries = away.length === 0 ? [] : [away[(turn >> 1) % away.length] ?? 0];
  return { attached, secondaries, az: state.nodes.get(attached)?.az ?? 0, generation: 1, warm: true };
}

/** A compute as its control plane made it: the file and the settings say where its tenant's shards are. */
export function addCompute(state: State, tenant: TenantState): void {
  const nodes = shardsOf(tenant).map((shard) => attachedOf(state, shard));
  const stripe = tenant.shardCount > 1 ? tenant.stripeSize : null;
  const { connstring } = rightSettings(tenant.id, nodes, stripe, {
    address: (id) => {
      const { host, pgPort } = addressOf(state, 'pageserver', id);
      return { host, port: pgPort };
    },
    computeOf: () => undefined,
    computes: () => [],
  });
  const stripeSize = stripe ?? 2_048;
  state.computes.set(tenant.id, {
    tenantId: tenant.id,
    timelineId: `a${tenant.id.slice(1)}`,
    state: 'up',
    status: 'running',
    startTimeMs: state.queue.nowMs(),
    connstring,
    stripeSize,
    fileConnstring: connstring,
    fileStripeSize: stripeSize,
    isAltered: false,
  });
}
