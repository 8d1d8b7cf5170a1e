import { addTenant, emptyTotals } from '../../src/collectors/storage-controller/tenant-totals.ts';
import type { LocationFact } from '../../src/neon/location.ts';
import { locationModes } from '../../src/neon/location.ts';
import type { NodeFact } from '../../src/neon/node.ts';
import type {
  PlacementPolicy,
  PlacementSource,
  ShardFlags,
  TenantPlacement,
} from '../../src/neon/placement.ts';
import { parseShardId } from '../../src/neon/shard-id.ts';
import { controller, node, nodes } from './controller-world.ts';
import { failure, reading, type World } from './world.ts';

/** `2` → `2000…0002`, and shard 1 of 2 of it → `2000…0002-0102`. */
export function shardText(tenant: string, number = 0, count = 0): string {
  const tenantId = `${tenant}${'0'.repeat(32 - 2 * tenant.length)}${tenant}`;
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return count === 0 ? tenantId : `${tenantId}-${hex(number)}${hex(count)}`;
}

const attached1: PlacementPolicy = { text: 'Attached(1)', secondariesWanted: 1, wantsAttached: true };

/** One shard as the controller means it, and as the pageservers hold it unless a case says otherwise. */
export interface Placed {
  readonly tenant: string;
  readonly number?: number;
  readonly count?: number;
  readonly at: number | undefined;
  readonly with: readonly number[];
  /** Preferred zone. */
  readonly az?: string;
  readonly flags?: Partial<ShardFlags>;
}

/** What a pageserver holds other than intended; mode undefined: nothing. */
export interface Held {
  readonly node: number;
  readonly shard: string;
  readonly mode: string | undefined;
  readonly generation?: number;
}

export interface PlacementWorld {
  readonly nodes?: readonly NodeFact[];
  readonly shards: readonly Placed[];
  readonly held?: readonly Held[];
  /** Pageservers whose locations cannot be read. */
  readonly unread?: readonly number[];
  readonly source?: PlacementSource;
}

const calm: ShardFlags = {
  isReconciling: false,
  isPendingComputeNotification: false,
  isSplitting: false,
  isImporting: false,
  hasLastError: false,
  schedulingPolicy: 'Active',
  preferredAz: undefined,
};

const textOf = ({ tenant, number = 0, count = 0 }: Placed) => shardText(tenant, number, count);

function idOf(text: string) {
  const id = parseShardId(text);
  if (id === undefined) throw new Error(`the case's own shard id ${text} is none`);
  return id;
}

export function tenants(shards: readonly Placed[], source: PlacementSource = 'list') {
  const byTenant = Map.groupBy(shards, ({ tenant }) => shardText(tenant));
  const totals = emptyTotals();
  const list = [...byTenant].map(([tenantId, of]): TenantPlacement => {
    const policy = source === 'locations' ? undefined : attached1;
    const placements = of.map((one) => ({
      id: idOf(textOf(one)),
      nodeAttached: one.at,
      nodeSecondary: one.with,
      flags: source === 'locations' ? undefined : { ...calm, preferredAz: one.az, ...one.flags },
    }));
    return { tenantId, policy, stripeSizeBlocks: 2048, shards: placements };
  });
  for (const tenant of list) addTenant(totals, tenant);
  return reading('tenants', controller, { source, tenants: list, totals });
}

/** Generation of everything that is attached, unless a case says otherwise. */
export const generation = 5;

function locationsOf(nodeId: number, { shards, held = [] }: PlacementWorld) {
  const facts = new Map<string, LocationFact>();
  for (const one of shards) {
    const text = textOf(one);
    if (one.at === nodeId) facts.set(text, { id: idOf(text), mode: 'AttachedSingle', generation });
    if (one.with.includes(nodeId))
      facts.set(text, { id: idOf(text), mode: 'Secondary', generation: undefined });
  }
  for (const { node: at, shard, mode, generation: own } of held) {
    if (at !== nodeId) continue;
    if (mode === undefined) facts.delete(shard);
    else facts.set(shard, { id: idOf(shard), mode, generation: own });
  }
  const locations = [...facts.values()];
  const locationsByMode = new Map<string, number>(
    locationModes.map((mode) => [mode, locations.filter((one) => one.mode === mode).length]),
  );
  return reading('pageserver_locations', `pageserver${nodeId}:9898`, { nodeId, locations, locationsByMode });
}

const threeNodes = [node(1), node(2), node(3)];

/** Controller and pageservers as one world: what is not said is well. */
export function placed(world: PlacementWorld): World {
  const facts = world.nodes ?? threeNodes;
  return [
    nodes(facts),
    tenants(world.shards, world.source),
    ...facts.map(({ nodeId }) =>
      world.unread?.includes(nodeId) === true
        ? failure('pageserver_locations', `pageserver${nodeId}:9898`, 'timeout')
        : locationsOf(nodeId, world),
    ),
  ];
}

/** `count` unsharded tenants alike, with ids of their own. */
export function alike(count: number, first: number, shard: Omit<Placed, 'tenant'>): readonly Placed[] {
  return Array.from({ length: count }, (_, at) => {
    return { ...shard, tenant: (first + at).toString(16).padStart(4, '0') };
  });
}

/** Shards of one tenant. */
export function sharded(tenant: string, count: number, shard: Omit<Placed, 'tenant'>): readonly Placed[] {
  return Array.from({ length: count }, (_, number) => ({ ...shard, tenant, number, count }));
}

/** How large a pageserver is. */
export function utilization(nodeId: number, maxShardCount = 2500, diskBytes = 1_000_000) {
  return reading('pageserver_utilization', `pageserver${nodeId}:9898`, {
    nodeId,
    diskUsageBytes: 0,
    diskFreeBytes: diskBytes,
    diskWantedBytes: 0,
    diskUsableRatio: 0.8,
    shardCount: 0,
    maxShardCount,
    utilizationRatio: 0,
  });
}

/** Secondaries of a pageserver by what they said. */
export function secondaries(
  nodeId: number,
  sampled: Readonly<Record<string, 'warm' | 'warming' | 'cold' | 'unknown'>>,
) {
  const entries = Object.entries(sampled);
  return reading('pageserver_secondaries', `pageserver${nodeId}:9898`, {
    nodeId,
    secondaries: entries.length,
    sampled: new Map(entries.map(([shardId, warmth]) => [shardId, { warmth, missingBytes: 0 }])),
  });
}
