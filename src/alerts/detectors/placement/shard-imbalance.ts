import type { Readings } from '../../../collection/store.ts';
import type { ShardPlacement } from '../../../neon/placement.ts';
import { controllerCommand } from '../../commands.ts';
import { type Detector, type Verdict, whyMissing } from '../../detector.ts';
import type { Avoid, Evidence, Finding, Step } from '../../finding.ts';
import { type IntentFacts, intentFacts, withoutIntent } from '../../placement/intent.ts';
import { capacityWeights, gapOf, type NodeSpread, spread } from '../../placement/spread.ts';
import { counted, nodeSubject } from '../../placement/words.ts';
import type { Thresholds } from '../../thresholds.ts';

/** What must stand still for the optimizer to have had its turn. */
export interface ImbalanceMemory {
  readonly [key: string]: string | { readonly [nodeId: string]: number };
  /** Pageservers that could be given shards. */
  readonly schedulable: string;
  /** Node id → how far it was from its share. */
  readonly gaps: { readonly [nodeId: string]: number };
}

const operations = ['Filling', 'Draining', 'Deleting'];
const listRoute = 'GET /control/v1/tenant';
const commandsGiven = 2;

/** Where shards of one preferred zone would go. */
interface Move {
  readonly az: string;
  readonly from: number;
  readonly to: number;
  readonly shards: number;
  readonly movable: readonly ShardPlacement[];
  readonly pinned: number;
}

/** The best place for what one has too much of, most shards first. */
function movesFrom(facts: IntentFacts, over: NodeSpread, spreads: readonly NodeSpread[]): Move[] {
  const moves: Move[] = [];
  for (const [az, gap] of over.gaps) {
    if (gap < 1) continue;
    const need = (one: NodeSpread) => -(one.gaps.get(az) ?? 0);
    const [to] = [...spreads].sort((left, right) => need(right) - need(left) || left.nodeId - right.nodeId);
    const pool = facts.pools.get(az)?.get(over.nodeId);
    if (to === undefined || pool === undefined || need(to) <= 0) continue;
    const { movable, pinned } = pool;
    const shards = Math.max(1, Math.round(Math.min(gap, need(to))));
    moves.push({ az, from: over.nodeId, to: to.nodeId, shards, movable, pinned });
  }
  return moves.sort((left, right) => right.shards - left.shards);
}

function migrateSteps(readings: Readings, { from, to, movable }: Move): Step[] {
  return movable.slice(0, commandsGiven).map(({ id }) => ({
    text: `Ask for shard ${id.text} to move; 200 says begun, not moved. The controller makes a secondary on node ${to} first and warms it.`,
    command: controllerCommand(readings, 'PUT', `/control/v1/tenant/${id.text}/migrate`, {
      node_id: to,
      origin_node_id: from,
      migration_config: { prewarm: true },
    }),
  }));
}

/** A fill brings shards to a pageserver only where it has their secondary already. */
function stepsOf(readings: Readings, facts: IntentFacts, move: Move): Step[] {
  const promotable = facts.promotable.get(move.to) ?? 0;
  const pins: Step[] =
    move.pinned === 0
      ? []
      : [
          {
            text: `${counted(move.pinned, 'shard')} of these on node ${move.from} ${move.pinned === 1 ? 'has' : 'have'} a scheduling policy other than Active: somebody keeps them there. Ask why before moving them.`,
          },
        ];
  if (promotable > 0) {
    return [
      ...pins,
      {
        text: `Fill node ${move.to}: ${counted(promotable, 'shard')} that may go there ${promotable === 1 ? 'has its' : 'have their'} secondary there; a fill brings these, up to the average.`,
        command: controllerCommand(readings, 'PUT', `/control/v1/node/${move.to}/fill`),
      },
      {
        text: 'Watch it: Filling, then Active again when it is over.',
        command: controllerCommand(readings, 'GET', `/control/v1/node/${move.to}`),
      },
    ];
  }
  const isEmpty = (facts.secondaries.get(move.to) ?? 0) === 0;
  const why = isEmpty
    ? 'it has no secondaries'
    : 'none of the shards that may go there has a secondary there';
  const home = move.az === '' ? '' : ` of zone ${move.az}`;
  return [
    ...pins,
    {
      text: `Node ${move.to} should have ${counted(move.shards, 'more shard')}${home} from node ${move.from}. A fill of it moves nothing: ${why}. A migration makes the secondary first.`,
    },
    ...migrateSteps(readings, move),
  ];
}

function avoidOf(facts: IntentFacts, one: NodeSpread, moves: readonly Move[]): Avoid[] {
  const futile = moves.find(({ to }) => (facts.promotable.get(to) ?? 0) === 0);
  const avoid: Avoid[] = [
    {
      what: 'migration_config.override_scheduler',
      why: 'the optimizer moves the shard back within a minute, unless it is pinned, and then nobody balances it any more',
    },
    {
      what: 'two fills or drains at once',
      why: 'the controller allows one in the cluster, and a race of two can crash it',
    },
  ];
  if (gapOf(one) > 0) {
    avoid.unshift({
      what: `PUT /control/v1/node/${one.nodeId}/drain`,
      why: 'it moves everything away, skips shards whose secondaries are cold, and leaves the pageserver in PauseForRestart',
    });
  }
  if (futile !== undefined) {
    avoid.unshift({
      what: `PUT /control/v1/node/${futile.to}/fill`,
      why: 'it answers 202 and moves nothing: a fill only promotes secondaries that are there',
    });
  }
  return avoid;
}

function evidenceOf(readings: Readings, facts: IntentFacts, one: NodeSpread): Evidence[] {
  const atMs = readings.one('tenants')?.lastReadAtMs;
  const at = atMs === undefined ? {} : { atMs };
  const beyond = [...one.gaps].filter(([, gap]) => Math.abs(gap) >= 1);
  const utilization = readings
    .all('pageserver_utilization')
    .find(({ reading }) => reading.nodeId === one.nodeId);
  return [
    { what: `attached to node ${one.nodeId}`, value: one.attached, unit: 'shards', source: listRoute, ...at },
    {
      what: 'its share by capacity',
      value: Math.round(one.share * 10) / 10,
      unit: 'shards',
      source: listRoute,
      ...at,
    },
    ...beyond.map(([az, gap]) => ({
      what: `${gap > 0 ? 'beyond' : 'short of'} the share among shards that prefer ${az === '' ? 'no zone' : az}`,
      value: Math.round(Math.abs(gap) * 10) / 10,
      unit: 'shards',
      source: listRoute,
      ...at,
    })),
    {
      what: 'pageservers that may be given shards',
      value: facts.schedulable.size,
      source: 'GET /control/v1/node',
    },
    ...(utilization === undefined
      ? []
      : [
          {
            what: 'shard slots of the pageserver',
            value: utilization.reading.maxShardCount,
            unit: 'shards',
            source: 'GET /v1/utilization',
            atMs: utilization.lastReadAtMs,
          },
        ]),
  ];
}

function finding(readings: Readings, facts: IntentFacts, one: NodeSpread, moves: readonly Move[]): Finding {
  const gap = gapOf(one);
  const isOver = gap > 0;
  const az = facts.nodes.get(one.nodeId)?.az ?? '';
  const off = counted(Math.round(Math.abs(gap)), 'shard');
  const share = Math.round(one.share * 10) / 10;
  return {
    subject: nodeSubject(one.nodeId),
    severity: 'warning',
    className: isOver ? 'too_many' : 'too_few',
    summary: isOver
      ? `Pageserver ${one.nodeId} in ${az} serves ${counted(one.attached, 'shard')}, ${off} more than its share of ${share}, and the optimizer does not move them: their computes share one machine that others could relieve.`
      : `Pageserver ${one.nodeId} in ${az} serves ${counted(one.attached, 'shard')}, ${off} fewer than its share of ${share}, and the optimizer brings it none: its capacity is not used.`,
    evidence: evidenceOf(readings, facts, one),
    remedy: moves.slice(0, 2).flatMap((move) => stepsOf(readings, facts, move)),
    avoid: avoidOf(facts, one, moves),
    related: moves.flatMap(({ from, to }) => [nodeSubject(from), nodeSubject(to)]),
  };
}

/** The few that have too many; those that have too few only where nobody's surplus explains it. */
function uneven(
  spreads: readonly NodeSpread[],
  { imbalanceShards, imbalanceRatio }: Thresholds['placement'],
) {
  const reaches = (one: NodeSpread) =>
    Math.abs(gapOf(one)) >= Math.max(imbalanceShards, imbalanceRatio * one.share);
  const over = spreads.filter((one) => gapOf(one) > 0 && reaches(one));
  const isExplained = (one: NodeSpread) =>
    over.some((big) => [...big.gaps].some(([az, gap]) => gap >= 1 && (one.gaps.get(az) ?? 0) <= -1));
  const under = spreads.filter((one) => gapOf(one) < 0 && reaches(one) && !isExplained(one));
  return [...over, ...under];
}

function judge(
  readings: Readings,
  facts: IntentFacts,
  spreads: readonly NodeSpread[],
  one: NodeSpread,
): Finding {
  if (gapOf(one) > 0) return finding(readings, facts, one, movesFrom(facts, one, spreads));
  const moves = spreads
    .flatMap((other) => movesFrom(facts, other, [one]))
    .sort((left, right) => right.shards - left.shards);
  return finding(readings, facts, one, moves);
}

/**
 * Attached shards far from their fair spread, absolutely and relatively, while nothing moves. It waits for the
 * controller: an operation under way, another set of pageservers, or a gap that shrinks starts the waiting anew.
 */
export const shardImbalance: Detector<ImbalanceMemory> = {
  id: 'shard_imbalance',
  alert: 'NeonShardImbalance',
  layer: 'pageserver',
  severity: 'warning',
  summary:
    'A pageserver serves far more or fewer shards than its share, by zone and capacity, and the optimizer has had its turn.',
  classes: ['too_many', 'too_few'],
  needs: ['nodes', 'tenants'],
  hold: { forMs: 600_000, samples: 3, keepFiringMs: 300_000 },
  explainedBy: [
    'nothing_schedulable',
    'node_stuck',
    'pause_for_restart_forgotten',
    'reconcile_stuck',
    'missing_secondaries',
    'node_flapping',
  ],
  async detect(input): Promise<Verdict> {
    const { readings, looks, thresholds, memory } = input;
    const facts = await intentFacts(input);
    if (facts === undefined) return withoutIntent(input);
    const weights = capacityWeights(readings, facts.schedulable);
    if (weights === undefined) {
      const missing = [
        `${whyMissing(looks, 'pageserver_utilization')} (capacities differ, and one is not known)`,
      ];
      return { findings: [], unknown: [{ missing }], ...(memory === undefined ? {} : { memory }) };
    }
    const spreads = [...spread(facts, weights).values()].sort((left, right) => left.nodeId - right.nodeId);
    const list = uneven(spreads, thresholds.placement);
    const gaps = Object.fromEntries(list.map((one) => [String(one.nodeId), Math.abs(gapOf(one))]));
    const schedulable = [...facts.schedulable].sort((left, right) => left - right).join(' ');
    const isOperating = [...facts.nodes.values()].some(({ scheduling }) => operations.includes(scheduling));
    const isOther = memory !== undefined && memory.schedulable !== schedulable;
    const isShrinking = ({ nodeId }: NodeSpread) => (memory?.gaps[nodeId] ?? 0) >= (gaps[nodeId] ?? 0) + 1;
    const still = isOperating || isOther ? [] : list.filter((one) => !isShrinking(one));
    const findings = still.map((one) => judge(readings, facts, spreads, one));
    return { findings, unknown: [], memory: { schedulable, gaps } };
  },
};
