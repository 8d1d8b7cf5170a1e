import type { NodeFact } from '../../../neon/node.ts';
import { controllerCommand } from '../../commands.ts';
import { type DetectInput, type Detector, type Json, whyMissing } from '../../detector.ts';
import type { Avoid, Finding, Step, Unknown } from '../../finding.ts';
import { leadingMetrics } from '../controller/instances.ts';
import { attachedByNode, nodeEvidence, nodeSubject } from './node-facts.ts';

/** Node id → what is being done to it, for nodes in the middle of something. */
interface StuckMemory {
  readonly [key: string]: Json;
  readonly atMs: number;
  readonly nodes: { readonly [nodeId: string]: NodeMemory };
}

interface NodeMemory {
  readonly [key: string]: Json;
  readonly stuckClass: StuckClass;
  /** How long it has been so, known to us, since something last moved. */
  readonly stillMs: number;
  /** Shards attached to it; -1 while not known. */
  readonly attached: number;
  /** When the controller started that was there when this began; 0: not known. */
  readonly controllerStartedAtMs: number;
  /** The controller has started since: it has forgotten the operation and kept the policy. */
  readonly isOrphaned: boolean;
}

type Input = DetectInput<StuckMemory>;

const stuckClasses = ['warming_up', 'draining', 'filling', 'deleting'] as const;
type StuckClass = (typeof stuckClasses)[number];

/** As in lifecycle.ts: what happened during a longer gap is not known. */
const maxStepMs = 120_000;
/** Two readings of one start differ by less than this. */
const sameStartMs = 1_500;
/** A pageserver that registers again frees itself: an orphan gets this long for that. */
const orphanGraceMs = 60_000;

function stuckClassOf({ availability, scheduling }: NodeFact): StuckClass | undefined {
  if (scheduling === 'Draining') return 'draining';
  if (scheduling === 'Filling') return 'filling';
  if (scheduling === 'Deleting') return 'deleting';
  return availability === 'WarmingUp' ? 'warming_up' : undefined;
}

interface Now {
  readonly elapsedMs: number;
  readonly attached: number;
  readonly controllerStartedAtMs: number;
}

function remember(stuckClass: StuckClass, before: NodeMemory | undefined, now: Now): NodeMemory {
  const { attached, controllerStartedAtMs } = now;
  if (before?.stuckClass !== stuckClass) {
    return { stuckClass, stillMs: 0, attached, controllerStartedAtMs, isOrphaned: false };
  }
  const startedAtMs = before.controllerStartedAtMs;
  const isRestarted =
    startedAtMs > 0 &&
    controllerStartedAtMs > 0 &&
    Math.abs(controllerStartedAtMs - startedAtMs) > sameStartMs &&
    stuckClass !== 'warming_up';
  const isMoving = attached !== -1 && attached !== before.attached && stuckClass !== 'warming_up';
  const begins = isMoving || (isRestarted && !before.isOrphaned);
  return {
    stuckClass,
    stillMs: begins ? 0 : before.stillMs + now.elapsedMs,
    attached: attached === -1 ? before.attached : attached,
    controllerStartedAtMs: startedAtMs > 0 ? startedAtMs : controllerStartedAtMs,
    isOrphaned: before.isOrphaned || isRestarted,
  };
}

/** The words of each operation; `DELETE …/fill` cancels a fill. */
const operations = {
  draining: { verb: 'drain', doing: 'Draining' },
  filling: { verb: 'fill', doing: 'Filling' },
  deleting: { verb: 'delete', doing: 'Deleting' },
} as const;

function remedyOf(node: NodeFact, { stuckClass, isOrphaned }: NodeMemory, { readings }: Input): Step[] {
  const path = `/control/v1/node/${node.nodeId}`;
  if (stuckClass === 'warming_up') {
    return [
      {
        text: 'See whether it answers: without an answer it is still loading, hangs, or waits for the controller.',
        command: `curl -sS -m 5 http://${node.httpAddress}/v1/status`,
      },
      {
        text: 'Read its log for what it waits for. A pageserver that was started while the controller was away takes connections and never answers.',
      },
      { text: 'Restart its process: it registers again, and the controller asks it anew.' },
      { text: 'Watch it become Active.', command: controllerCommand(readings, 'GET', path) },
    ];
  }
  const { verb } = operations[stuckClass];
  const cancel: Step = {
    text: `The controller knows the ${verb}: cancel it. What has moved stays; the policy becomes Active again within seconds. 412 says that nothing is under way: then take the next step.`,
    command: controllerCommand(readings, 'DELETE', `${path}/${verb}`),
  };
  const free: Step = {
    text: isOrphaned
      ? `The controller has started since and has forgotten the ${verb}, which it keeps only in memory; another one is refused with 409 and a cancel with 412. Setting the policy is the only way out.`
      : 'Only after a 412: set the policy, which frees a node whose operation is gone.',
    command: controllerCommand(readings, 'PUT', `${path}/config`, {
      node_id: node.nodeId,
      scheduling: 'Active',
    }),
  };
  const see: Step = {
    text: 'See that the policy is Active.',
    command: controllerCommand(readings, 'GET', path),
  };
  return isOrphaned ? [free, see] : [cancel, free, see];
}

function avoidOf({ nodeId }: NodeFact): Avoid[] {
  return [
    {
      what: 'fill, drain or delete of any node meanwhile',
      why: 'one background operation is allowed in the whole cluster: while one runs, all others get 412, and two at once can end the controller',
    },
    {
      what: `DELETE /control/v1/node/${nodeId}`,
      why: 'it removes the node at once without draining it, and leaves a tombstone',
    },
  ];
}

function summaryOf({ nodeId, az }: NodeFact, memory: NodeMemory, minutes: number): string {
  if (memory.stuckClass === 'warming_up') {
    return `Pageserver ${nodeId} in ${az} has been WarmingUp for ${minutes} minutes: it gets no shards and does not come back.`;
  }
  const { verb, doing } = operations[memory.stuckClass];
  const why = memory.isOrphaned
    ? `the controller has started since and has forgotten the ${verb}`
    : `no shard has moved for ${minutes} minutes`;
  return `Pageserver ${nodeId} in ${az} is ${doing} and ${why}: every other fill, drain and removal in the cluster is held up until it is freed.`;
}

function stuck(node: NodeFact, memory: NodeMemory, input: Input): Finding {
  const { readings, nowMs } = input;
  const minutes = Math.max(1, Math.round(memory.stillMs / 60_000));
  const { stuckClass, attached, isOrphaned, stillMs } = memory;
  const isOperation = stuckClass !== 'warming_up';
  return {
    subject: nodeSubject(node),
    severity: 'warning',
    className: stuckClass,
    facts: { orphaned: isOrphaned ? 'yes' : 'no' },
    summary: summaryOf(node, memory, minutes),
    evidence: [
      ...nodeEvidence(node, readings.one('nodes')?.lastReadAtMs ?? nowMs),
      {
        what: isOperation ? 'nothing has moved for' : 'seen so for',
        value: Math.round(stillMs / 1000),
        unit: 'seconds',
        source: isOperation ? 'GET /control/v1/tenant' : 'GET /control/v1/node',
        atMs: nowMs,
      },
      ...(isOperation && attached >= 0
        ? [{ what: 'attached shards', value: attached, unit: 'shards', source: 'GET /control/v1/tenant' }]
        : []),
      ...(isOrphaned
        ? [
            {
              what: 'the controller has started since',
              value: 'yes',
              source: 'process_start_time_seconds of GET /metrics',
            },
          ]
        : []),
    ],
    remedy: remedyOf(node, memory, input),
    avoid: avoidOf(node),
  };
}

/** Stuck, not so, or unknown for want of the tenant list. */
function judge(node: NodeFact, memory: NodeMemory, input: Input): Finding | Unknown | undefined {
  const { stillMs, isOrphaned, stuckClass } = memory;
  if (isOrphaned) return stillMs >= orphanGraceMs ? stuck(node, memory, input) : undefined;
  if (stillMs < input.thresholds.nodes.transitionMax) return undefined;
  if (stuckClass !== 'warming_up' && input.readings.one('tenants') === undefined) {
    return { subject: nodeSubject(node), missing: [whyMissing(input.looks, 'tenants')] };
  }
  return stuck(node, memory, input);
}

/** A pageserver in the middle of something that does not end. */
export const nodeStuck: Detector<StuckMemory> = {
  id: 'node_stuck',
  alert: 'NeonNodeStuck',
  layer: 'pageserver',
  severity: 'warning',
  summary:
    'A pageserver stays WarmingUp, or is Draining, Filling or Deleting and nothing moves, or the controller has forgotten the operation.',
  classes: stuckClasses,
  needs: ['nodes'],
  hold: { forMs: 0, keepFiringMs: 60_000 },
  explainedBy: ['node_offline', 'controller_database_away'],
  async detect(input) {
    const { readings, nowMs } = input;
    const busy = (readings.one('nodes')?.reading.nodes ?? []).flatMap((node) => {
      const stuckClass = stuckClassOf(node);
      return stuckClass === undefined ? [] : [{ node, stuckClass }];
    });
    const counts = busy.length === 0 ? undefined : await attachedByNode(readings, input.breathe);
    const elapsedMs = Math.min(Math.max(nowMs - (input.memory?.atMs ?? nowMs), 0), maxStepMs);
    const controllerStartedAtMs = leadingMetrics(readings)?.reading.startedAtMs ?? 0;
    const nodes: Record<string, NodeMemory> = {};
    const findings: Finding[] = [];
    const unknown: Unknown[] = [];
    for (const { node, stuckClass } of busy) {
      const attached = counts === undefined ? -1 : (counts.get(node.nodeId) ?? 0);
      const now = { elapsedMs, attached, controllerStartedAtMs };
      const memory = remember(stuckClass, input.memory?.nodes[node.nodeId], now);
      nodes[node.nodeId] = memory;
      const verdict = judge(node, memory, input);
      if (verdict === undefined) continue;
      if ('missing' in verdict) unknown.push(verdict);
      else findings.push(verdict);
    }
    return { findings, unknown, memory: { atMs: nowMs, nodes } };
  },
};
