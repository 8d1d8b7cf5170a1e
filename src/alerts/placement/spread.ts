import type { Readings } from '../../collection/store.ts';
import type { IntentFacts } from './intent.ts';

/** How a pageserver's attached shards stand to its share of them. */
export interface NodeSpread {
  readonly nodeId: number;
  /** Attached shards that are compared. */
  attached: number;
  /** What would be its share, by capacity. */
  share: number;
  /** Preferred zone, empty for none → shards of it beyond (or, below zero, short of) the share. */
  readonly gaps: Map<string, number>;
}

/** `attached − share`. */
export function gapOf({ attached, share }: NodeSpread): number {
  return attached - share;
}

/**
 * The share of each pageserver: shards that prefer a zone are shared by the pageservers of that zone, those that
 * prefer none by all, in the proportion of the weights. So a tenant wholly in its zone is no imbalance however few
 * pageservers the zone has. Only pageservers that may be given shards are compared, and only what is attached to
 * them; shards whose zone has no such pageserver have no share anywhere and are left out.
 */
export function spread(
  facts: Pick<IntentFacts, 'nodes' | 'schedulable' | 'pools'>,
  weights: ReadonlyMap<number, number>,
): ReadonlyMap<number, NodeSpread> {
  const { nodes, schedulable, pools } = facts;
  const spreads = new Map<number, NodeSpread>();
  for (const nodeId of schedulable) spreads.set(nodeId, { nodeId, attached: 0, share: 0, gaps: new Map() });
  for (const [az, byNode] of pools) {
    const isHome = (nodeId: number) => az === '' || nodes.get(nodeId)?.az === az;
    const homes = [...schedulable].filter(isHome);
    const whole = homes.reduce((sum, nodeId) => sum + (weights.get(nodeId) ?? 1), 0);
    if (whole === 0) continue;
    const total = [...schedulable].reduce((sum, nodeId) => sum + (byNode.get(nodeId)?.attached ?? 0), 0);
    for (const one of spreads.values()) {
      const attached = byNode.get(one.nodeId)?.attached ?? 0;
      const share = isHome(one.nodeId) ? (total * (weights.get(one.nodeId) ?? 1)) / whole : 0;
      one.attached += attached;
      one.share += share;
      one.gaps.set(az, attached - share);
    }
  }
  return spreads;
}

/** Capacities this close are alike. */
const alikeRatio = 0.1;

/**
 * How much each pageserver can hold, the largest being 1: by shard slots and by the disk that it may use, whichever
 * is scarcer, as the controller's own score has it. Equal when nobody says; undefined when those that say differ and
 * one does not say.
 */
export function capacityWeights(
  readings: Readings,
  schedulable: ReadonlySet<number>,
): ReadonlyMap<number, number> | undefined {
  const known = readings
    .all('pageserver_utilization')
    .map(({ reading }) => reading)
    .filter(({ nodeId }) => schedulable.has(nodeId))
    .map(({ nodeId, maxShardCount, diskUsageBytes, diskFreeBytes, diskUsableRatio }) => {
      return { nodeId, slots: maxShardCount, bytes: (diskUsageBytes + diskFreeBytes) * diskUsableRatio };
    });
  const slots = Math.max(1, ...known.map((one) => one.slots));
  const bytes = Math.max(1, ...known.map((one) => one.bytes));
  const weights = new Map(
    known
      .filter((one) => one.slots > 0 && one.bytes > 0)
      .map((one) => [one.nodeId, Math.min(one.slots / slots, one.bytes / bytes)]),
  );
  const areAlike = [...weights.values()].every((weight) => weight >= 1 - alikeRatio);
  if (areAlike) return new Map([...schedulable].map((nodeId) => [nodeId, 1]));
  return weights.size === schedulable.size ? weights : undefined;
}
