/** A made-up cluster as the collectors would leave it in the store, well or broken in one way from end to end. */
import type { Look } from '../src/alerts/detector.ts';
import type { Clock } from '../src/clock.ts';
import { createStore, type Store } from '../src/collection/store.ts';
import type { ReadingBase } from '../src/collectors/collector.ts';
import type { CollectorName, ReadingOf } from '../src/collectors/registry.ts';
import { addTenant, emptyTotals } from '../src/collectors/storage-controller/tenant-totals.ts';
import type { Target, TargetKind } from '../src/collectors/target.ts';
import type { LocationFact } from '../src/neon/location.ts';
import type { TenantPlacement } from '../src/neon/placement.ts';
import { parseShardId, type ShardId } from '../src/neon/shard-id.ts';
import { attachedTo, type Layout, secondaryOn, shardIdAt, tenantIdAt, zoneOf } from './synthetic-layout.ts';

/** How the whole cluster is; a real one is broken in one way at a time, here every shard of it is. */
export const conditions = ['well', 'elsewhere', 'split', 'orphans', 'flags', 'one_away'] as const;
export type Condition = (typeof conditions)[number];

export interface FindingsWorld {
  readonly store: Store;
  readonly looks: readonly Look[];
}

const keepMs = 3_600_000;
const computes = 5;

/** A string of its own, flat, as a parser of answers makes it: no two witnesses share one. */
function own(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function idOf(text: string): ShardId {
  const id = parseShardId(own(text));
  if (id === undefined) throw new Error(`${text} is no shard id`);
  return id;
}

function tenantAt(layout: Layout, index: number, condition: Condition): TenantPlacement {
  const isFlagged = condition === 'flags';
  const shards = Array.from({ length: layout.shardsPerTenant }, (_, shard) => {
    const nodeAttached = attachedTo(layout, index, shard);
    const away = 1 + ((nodeAttached + 4) % layout.pageservers);
    return {
      id: idOf(shardIdAt(layout, index, shard)),
      nodeAttached: condition === 'elsewhere' ? away : nodeAttached,
      nodeSecondary: [
        isFlagged ? 1 + ((nodeAttached + 2) % layout.pageservers) : secondaryOn(layout, index, shard),
      ],
      flags: {
        isReconciling: false,
        isPendingComputeNotification: isFlagged,
        isSplitting: false,
        isImporting: false,
        hasLastError: false,
        schedulingPolicy: 'Active',
        preferredAz: zoneOf(isFlagged ? nodeAttached + 1 : nodeAttached),
      },
    };
  });
  const policy = { text: 'Attached(1)', secondariesWanted: 1, wantsAttached: true };
  const bare = { text: 'Attached(0)', secondariesWanted: 0, wantsAttached: true };
  return {
    tenantId: own(tenantIdAt(index)),
    policy: isFlagged ? bare : policy,
    stripeSizeBlocks: isFlagged ? 2049 : 2048,
    shards,
  };
}

function locationsAt(layout: Layout, nodeId: number, condition: Condition): LocationFact[] {
  const found: LocationFact[] = [];
  for (let index = 0; index < layout.tenants; index += 1) {
    for (let shard = 0; shard < layout.shardsPerTenant; shard += 1) {
      const isAttached = attachedTo(layout, index, shard) === nodeId;
      if (!isAttached && secondaryOn(layout, index, shard) !== nodeId) continue;
      const isSingle = isAttached || condition === 'split';
      const id = idOf(shardIdAt(layout, index, shard));
      found.push({
        id,
        mode: isSingle ? 'AttachedSingle' : 'Secondary',
        generation: isSingle ? 1 : undefined,
      });
    }
  }
  return found;
}

const portOf = (nodeId: number) => 6400 + nodeId;

function nodeFact(nodeId: number, condition: Condition) {
  return {
    nodeId,
    availability: condition === 'one_away' && nodeId === 3 ? 'Offline' : 'Active',
    scheduling: 'Active',
    az: zoneOf(nodeId),
    httpAddress: `pageserver${nodeId}:9898`,
    httpsAddress: undefined,
    pgAddress: `pageserver${nodeId}:${portOf(nodeId)}`,
  };
}

function settingsOf(layout: Layout, index: number): ReadingOf<'compute_settings'> {
  const endpoints = Array.from({ length: layout.shardsPerTenant }, (_, shard) => {
    const nodeId = attachedTo(layout, index, shard);
    return { host: `pageserver${nodeId}`, port: portOf(nodeId) };
  });
  return {
    skippedParts: [],
    live: {
      readVia: 'pg_settings',
      connstring: { endpoints },
      stripeSizeBlocks: 2048,
      tenantId: tenantIdAt(index),
      timelineId: undefined,
      computeMode: 'primary',
      safekeepers: undefined,
      sources: [],
      files: { hasStripeOrderHazard: false, isConnstringShadowed: false, pendingReload: [] },
      blockBytes: 8192,
      confLoadedAtMs: 0,
      postmasterStartedAtMs: 0,
      isInRecovery: false,
      nextStart: undefined,
    },
  };
}

function databaseOf(layout: Layout, condition: Condition): ReadingOf<'controller_database'> {
  const count = layout.tenants * layout.shardsPerTenant;
  const shards = Array.from({ length: condition === 'orphans' ? 1 : count }, (_, at) => {
    const shard = at % layout.shardsPerTenant;
    const index = Math.floor(at / layout.shardsPerTenant) + (condition === 'flags' ? layout.tenants : 0);
    const id = idOf(shardIdAt(layout, index, shard));
    return { id, generation: 1, generationPageserver: 1, isSplitting: false, isDetached: false };
  });
  const unknown = {
    sizeBytes: undefined,
    shardStates: undefined,
    nodes: undefined,
    deletedNodes: undefined,
    timelines: undefined,
    pendingOps: undefined,
    safekeepers: undefined,
    unhealthyShards: undefined,
    oldestScrubAtMs: undefined,
    leaders: undefined,
  };
  const server = { isInRecovery: false, postmasterStartedAtMs: 0, maxConnections: 100, connections: [] };
  return { ...unknown, ...server, tableRows: new Map(), shards, setAside: {}, skippedParts: [] };
}

/** Every reading is read anew: new objects, new strings, new versions. */
export function readAnew(layout: Layout, condition: Condition, clock: Clock): FindingsWorld {
  const store = createStore(clock);
  const looks: Look[] = [];
  const nowMs = clock.wallMs();
  function put<Name extends CollectorName>(collector: Name, target: Target, reading?: ReadingOf<Name>): void {
    const shared = { collector, target, lastError: undefined, skippedParts: [], skipped: new Map() };
    looks.push({ ...shared, up: reading !== undefined, lastSuccessAtMs: nowMs });
    if (reading === undefined) return;
    const taken = {
      target,
      reading: reading as ReadingBase,
      firstReadAtMs: nowMs - 200,
      lastReadAtMs: nowMs - 100,
    };
    store.put(collector, taken, keepMs);
  }
  const targetOf = (kind: TargetKind, name: string): Target => ({ kind, name, url: `http://${name}` });
  const controller = targetOf('storage_controller', 'controller');
  const nodeIds = Array.from({ length: layout.pageservers }, (_, index) => index + 1);
  const listed = condition === 'orphans' ? 1 : layout.tenants;
  const tenants = Array.from({ length: listed }, (_, index) => tenantAt(layout, index, condition));
  const totals = emptyTotals();
  for (const tenant of tenants) addTenant(totals, tenant);
  put('controller_health', controller, { isReady: true, isLive: true });
  put('nodes', controller, { nodes: nodeIds.map((nodeId) => nodeFact(nodeId, condition)), setAside: {} });
  put('tenants', controller, { source: 'list', tenants, totals });
  for (const nodeId of nodeIds) {
    const target = { ...targetOf('pageserver', `pageserver${nodeId}:9898`), nodeId };
    const isAway = condition === 'one_away' && nodeId === 3;
    const locations = isAway ? [] : locationsAt(layout, nodeId, condition);
    const reading = { nodeId, locations, locationsByMode: new Map(), setAside: {} };
    put('pageserver_locations', target, isAway ? undefined : reading);
  }
  for (let index = 0; index < computes; index += 1) {
    put('compute_settings', targetOf('compute', `compute${index}`), settingsOf(layout, index));
  }
  put('controller_database', targetOf('controller_database', 'database'), databaseOf(layout, condition));
  return { store, looks };
}
