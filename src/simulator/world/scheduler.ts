import { maySchedule, type NodeState, type State } from './state.ts';

/** Soft constraint: how many locations of the same tenant a node has already. */
export type Affinity = Map<number, number>;

export type Role = 'attached' | 'secondary';

const full = 1_000_000;
const maxShards = 2_500;

/** Neon's utilization of a node: 1,000,000 is full. */
export function utilizationScore(state: State, node: NodeState, shards: number): number {
  const usable = (state.diskKib * 80) / 100;
  return Math.floor(Math.max((node.diskWantedKib * full) / usable, (shards * full) / maxShards));
}

/** Lower is better, compared from left to right. */
type Score = readonly [az: number, affinity: number, utilization: number, load: number, node: number];

function azScore(node: NodeState, preferredAz: number, role: Role): number {
  if (preferredAz === 0) return 1;
  const matches = node.az === preferredAz;
  return matches === (role === 'attached') ? 0 : 2;
}

function scoreOf(state: State, node: NodeState, role: Role, preferredAz: number, affinity: Affinity): Score {
  const utilization = utilizationScore(state, node, node.reportedShards);
  const load = role === 'attached' ? node.attachedCount : node.shardCount - node.homeCount;
  return [azScore(node, preferredAz, role), affinity.get(node.id) ?? 0, utilization, load, node.id];
}

function isLower(one: Score, other: Score): boolean {
  for (let at = 0; at < one.length; at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The best node for a location, 0 when there is none. Overloaded nodes only when there is no other. */
export function pickNode(
  state: State,
  role: Role,
  exclude: readonly number[],
  preferredAz: number,
  affinity: Affinity,
): number {
  let best: Score | undefined;
  let bestOverloaded: Score | undefined;
  for (const node of state.nodes.values()) {
    if (!maySchedule(node) || exclude.includes(node.id)) continue;
    const score = scoreOf(state, node, role, preferredAz, affinity);
    if (score[2] >= 2 * full) {
      if (bestOverloaded === undefined || isLower(score, bestOverloaded)) bestOverloaded = score;
    } else if (best === undefined || isLower(score, best)) best = score;
  }
  return (best ?? bestOverloaded)?.[4] ?? 0;
}

/** Is the candidate better by what only moving can change: zone, then affinity? Undefined when one has no score. */
export function isBetterNode(
  state: State,
  role: Role,
  preferredAz: number,
  affinity: Affinity,
  nodes: { readonly current: number; readonly candidate: number },
): boolean | undefined {
  const current = state.nodes.get(nodes.current);
  const candidate = state.nodes.get(nodes.candidate);
  if (candidate === undefined || !maySchedule(candidate)) return undefined;
  if (current === undefined || !maySchedule(current)) return undefined;
  const difference = azScore(candidate, preferredAz, role) - azScore(current, preferredAz, role);
  if (difference !== 0) return difference < 0;
  return (affinity.get(candidate.id) ?? 0) < (affinity.get(current.id) ?? 0);
}

/** Worst first, for choosing a secondary to give up. */
export function worstSecondary(
  state: State,
  preferredAz: number,
  affinity: Affinity,
  secondaries: readonly number[],
): number | undefined {
  let worst: Score | undefined;
  for (const id of secondaries) {
    const node = state.nodes.get(id);
    if (node === undefined || !maySchedule(node)) return undefined;
    const score = scoreOf(state, node, 'secondary', preferredAz, affinity);
    if (worst === undefined || isLower(worst, score)) worst = score;
  }
  return worst?.[4];
}

/** The zone with the fewest shards at home, per node. */
export function azForNewTenant(state: State): number {
  const zones = new Map<number, { home: number; nodes: number; schedulable: boolean }>();
  for (const node of state.nodes.values()) {
    const zone = zones.get(node.az) ?? { home: 0, nodes: 0, schedulable: false };
    zone.home += node.homeCount;
    zone.nodes += 1;
    zone.schedulable ||= maySchedule(node);
    zones.set(node.az, zone);
  }
  const most = Math.max(0, ...[...zones.values()].map((zone) => zone.nodes));
  const some = [...zones.values()].some((zone) => zone.schedulable);
  let best = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (const [az, zone] of [...zones].sort(([one], [other]) => one - other)) {
    const score = Math.floor((zone.home * most) / zone.nodes);
    if ((zone.schedulable || !some) && score < lowest) {
      lowest = score;
      best = az;
    }
  }
  return best;
}
