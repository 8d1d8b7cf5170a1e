import type { ReadingOf } from '../../src/collectors/registry.ts';
import { addTenant, emptyTotals } from '../../src/collectors/storage-controller/tenant-totals.ts';
import { parseConnstring } from '../../src/neon/connstring.ts';
import { locationModes } from '../../src/neon/location.ts';
import type { NodeFact } from '../../src/neon/node.ts';
import type {
  PlacementSource,
  ShardFlags,
  ShardPlacement,
  TenantPlacement,
} from '../../src/neon/placement.ts';
import { parseShardId } from '../../src/neon/shard-id.ts';
import { controller, node, nodes } from './controller-world.ts';
import { caseStartMs, failure, reading, type World } from './world.ts';

/** A tenant of two shards, and one that is unsharded. */
export const sharded = '20000000000000000000000000000002';
export const unsharded = '10000000000000000000000000000001';
export const mainCompute = 'main';

const calm: ShardFlags = {
  isReconciling: false,
  isPendingComputeNotification: false,
  isSplitting: false,
  isImporting: false,
  hasLastError: false,
  schedulingPolicy: 'Active',
  preferredAz: undefined,
};

const byte = (value: number) => value.toString(16).padStart(2, '0');

/** `2000…0002-0102`; the bare tenant id when it has one shard. */
export function shardIdOf(tenantId: string, number: number, count: number) {
  const text = count < 2 ? tenantId : `${tenantId}-${byte(number)}${byte(count)}`;
  const id = parseShardId(text);
  if (id === undefined) throw new Error(`the case's own shard id ${text} is none`);
  return id;
}

interface TenantOptions {
  readonly tenantId?: string;
  readonly stripeSizeBlocks?: number | undefined;
  readonly policy?: TenantPlacement['policy'];
  readonly flags?: Partial<ShardFlags>;
  /** Fewer shards than the ids say: a list with a gap. */
  readonly count?: number;
}

/** A tenant as the controller means it: shard i on the i-th of these nodes, its secondary on the next. */
export function tenantOn(
  nodeIds: readonly (number | undefined)[],
  options: TenantOptions = {},
): TenantPlacement {
  const { tenantId = nodeIds.length > 1 ? sharded : unsharded, flags = {}, count = nodeIds.length } = options;
  return {
    tenantId,
    policy: options.policy ?? { text: 'Attached(1)', secondariesWanted: 1, wantsAttached: true },
    stripeSizeBlocks: 'stripeSizeBlocks' in options ? options.stripeSizeBlocks : 2048,
    shards: nodeIds.map(
      (nodeAttached, number): ShardPlacement => ({
        id: shardIdOf(tenantId, number, count),
        nodeAttached,
        nodeSecondary: nodeAttached === undefined ? [] : [(nodeAttached % 3) + 1],
        flags: { ...calm, ...flags },
      }),
    ),
  };
}

export function tenants(placements: readonly TenantPlacement[], source: PlacementSource = 'list') {
  const totals = emptyTotals();
  for (const tenant of placements) addTenant(totals, tenant);
  return reading('tenants', controller, { source, tenants: placements, totals });
}

/** `[shard id, mode, generation]`. */
type LocationRow = readonly [string, string, number?];

export function locations(nodeId: number, rows: readonly LocationRow[]) {
  const found = rows.map(([text, mode, generation]) => {
    const id = parseShardId(text);
    if (id === undefined) throw new Error(`the case's own shard id ${text} is none`);
    return { id, mode, generation };
  });
  const locationsByMode = new Map<string, number>(locationModes.map((mode) => [mode, 0]));
  for (const { mode } of found) locationsByMode.set(mode, (locationsByMode.get(mode) ?? 0) + 1);
  return reading('pageserver_locations', `pageserver${nodeId}:9898`, {
    nodeId,
    locations: found,
    locationsByMode,
  });
}

/** What every node holds when it does just what the controller means; `replaced` by node id. */
export function heldAsMeant(
  placements: readonly TenantPlacement[],
  nodeIds: readonly number[],
  replaced: Readonly<Record<number, readonly LocationRow[]>> = {},
): World {
  return nodeIds.map((nodeId) => {
    const rows = placements.flatMap(({ shards }) =>
      shards.flatMap(({ id, nodeAttached, nodeSecondary }): LocationRow[] => {
        if (nodeAttached === nodeId) return [[id.text, 'AttachedSingle', 1]];
        return nodeSecondary.includes(nodeId) ? [[id.text, 'Secondary']] : [];
      }),
    );
    return locations(nodeId, replaced[nodeId] ?? rows);
  });
}

export type Live = NonNullable<ReadingOf<'compute_settings'>['live']>;
type Files = NonNullable<Live['files']>;
type NextStart = NonNullable<Live['nextStart']>;

/** `host=pageserver1 port=6400,…`: each node as it announces itself, or an address of its own. */
export function connstringTo(entries: readonly (number | string)[]): string {
  return entries
    .map((entry) => (typeof entry === 'number' ? `host=pageserver${entry} port=6400` : entry))
    .join(',');
}

export function files(changed: Partial<Files> = {}): Files {
  return { hasStripeOrderHazard: false, isConnstringShadowed: false, pendingReload: [], ...changed };
}

export function nextStart(
  entries: readonly (number | string)[],
  changed: Partial<NextStart> = {},
): NextStart {
  return {
    connstring: parseConnstring(connstringTo(entries)),
    stripeSizeBlocks: 2048,
    isConsistent: true,
    matchesLive: new Map(),
    ...changed,
  };
}

/** A compute that asks these nodes, in this order; it has run for a day. */
export function computeOn(
  entries: readonly (number | string)[],
  changed: Partial<Live> = {},
  name = mainCompute,
) {
  return reading('compute_settings', name, {
    live: {
      readVia: 'pg_settings',
      connstring: parseConnstring(connstringTo(entries)),
      stripeSizeBlocks: 2048,
      tenantId: entries.length > 1 ? sharded : unsharded,
      timelineId: undefined,
      computeMode: 'primary',
      safekeepers: undefined,
      sources: [],
      files: files(),
      blockBytes: 8192,
      confLoadedAtMs: caseStartMs - 3_600_000,
      postmasterStartedAtMs: caseStartMs - 86_400_000,
      isInRecovery: false,
      nextStart: undefined,
      ...changed,
    },
  });
}

export function health(isLive = true, name = controller) {
  return reading('controller_health', name, { isReady: isLive, isLive });
}

interface ClusterOptions {
  readonly placements?: readonly TenantPlacement[];
  readonly nodeFacts?: readonly NodeFact[];
  readonly replaced?: Readonly<Record<number, readonly LocationRow[]>>;
  readonly without?: readonly string[];
}

/** Three pageservers and what the controller says; by default one tenant on nodes 1 and 2, and one on node 3. */
export function clusterWorld(options: ClusterOptions = {}): World {
  const { placements = [tenantOn([1, 2]), tenantOn([3])], nodeFacts = [node(1), node(2), node(3)] } = options;
  const nodeIds = nodeFacts
    .filter(({ availability }) => availability !== 'Offline')
    .map(({ nodeId }) => nodeId);
  const world: World = [
    health(),
    nodes(nodeFacts),
    tenants(placements),
    ...heldAsMeant(placements, nodeIds, options.replaced),
  ];
  return world.filter(({ collector, target }) => !options.without?.includes(`${collector} ${target.name}`));
}

/** Where only one tenant is of interest. */
export function placed(tenant: TenantPlacement, options: Omit<ClusterOptions, 'placements'> = {}): World {
  return clusterWorld({
    placements: [tenant, tenantOn([3], { tenantId: '30000000000000000000000000000003' })],
    ...options,
  });
}

export const controllerAway: World = [
  failure('controller_health', controller, 'refused'),
  failure('nodes', controller, 'refused'),
  failure('tenants', controller, 'refused'),
];
