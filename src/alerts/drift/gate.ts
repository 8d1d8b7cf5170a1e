import type { Breathe } from '../../breathe.ts';
import type { Readings } from '../../collection/store.ts';
import { formatDuration } from '../../settings/duration.ts';
import { frozen } from '../../views/drift/frozen.ts';
import { judgeAll } from '../../views/drift/judge-all.ts';
import { type DriftJudgement, isSettled, isWrong } from '../../views/drift/judgement.ts';
import type { Thresholds } from '../thresholds.ts';
import { causeText, stateText } from './words.ts';

/** What was seen of one compute and its tenant. */
type ComputeMemory = {
  /** Where the controller means the tenant to be, as text: equal texts are the same placement. */
  readonly placement: string;
  /** From when on it is known to be so. */
  readonly placedAtMs: number;
  readonly startedAtMs: number | null;
  /** When that start was first seen: the compute's clock may be off. */
  readonly startSeenAtMs: number;
  /** Its connection string was right once: so its addresses can be compared. */
  readonly wasRight: boolean;
};

/** What a detector of drift has to remember between two looks. */
export type GateMemory = {
  readonly computes: { readonly [name: string]: ComputeMemory };
  /** By node id: its availability, and since when; 0 when it was so at the first look. */
  readonly nodes: { readonly [nodeId: string]: { readonly availability: string; readonly sinceMs: number } };
  readonly controller: {
    /** Names of the instances that are ready and leader, joined. */
    readonly live: string;
    readonly sinceMs: number;
    readonly startedAtMs: number | null;
    readonly startSeenAtMs: number;
  };
};

/** One judgement, and why it does not count yet. */
export interface Gated {
  readonly judgement: DriftJudgement;
  /** Undefined: settled, framed by two equal looks at the controller, and outside every window. */
  readonly wait: string | undefined;
  /** The compute's addresses are those of no pageserver, and never were: it may only spell them otherwise. */
  readonly isAliasSuspect: boolean;
  /** When the compute's settings were read. */
  readonly liveReadAtMs: number | undefined;
}

interface GateInput {
  readonly readings: Readings;
  readonly thresholds: Pick<Thresholds, 'drift'>;
  readonly nowMs: number;
  readonly breathe: Breathe;
}

/** Everything of the controller's side that the comparison rests on. */
function placementText({ tenantId, rows, flags, stripe, state }: DriftJudgement): string {
  const shards = rows.filter(({ shardId }) => shardId !== undefined);
  const addresses = new Set(shards.map(({ intendedNodeId, intended }) => `${intendedNodeId}=${intended}`));
  const moving = [flags.isReconciling, flags.isPendingComputeNotification, flags.isSplitting].map(Number);
  return [
    tenantId ?? '',
    state === 'NOT_ATTACHED' ? state : '',
    shards.map(({ intendedNodeId }) => intendedNodeId ?? '-').join(','),
    [...addresses].sort().join(','),
    stripe.intendedBlocks ?? '',
    moving.join(''),
  ].join('|');
}

function rememberNodes(readings: Readings, memory: GateMemory | undefined): GateMemory['nodes'] {
  const seen = readings.one('nodes');
  if (seen === undefined) return memory?.nodes ?? {};
  return Object.fromEntries(
    seen.reading.nodes.map(({ nodeId, availability }) => {
      const before = memory?.nodes[nodeId];
      // One that is new since the last look has just registered.
      const sinceMs = memory === undefined ? 0 : seen.lastReadAtMs;
      return [nodeId, before?.availability === availability ? before : { availability, sinceMs }];
    }),
  );
}

function rememberController(
  readings: Readings,
  before: GateMemory['controller'] | undefined,
  nowMs: number,
): GateMemory['controller'] {
  const health = readings.all('controller_health');
  const leaders = health.filter(({ reading }) => reading.isReady && reading.isLive);
  const live =
    health.length === 0 ? (before?.live ?? '') : leaders.map(({ target }) => target.name).join(' ');
  const isSame = before === undefined || before.live === live;
  const metrics = readings.all('controller_metrics');
  // Without a look at its health every instance counts.
  const starts = metrics.flatMap(({ target, reading: { startedAtMs } }) =>
    startedAtMs !== undefined && (health.length === 0 || live.split(' ').includes(target.name))
      ? [startedAtMs]
      : [],
  );
  const startedAtMs = starts.length === 0 ? (before?.startedAtMs ?? null) : Math.max(...starts);
  return {
    live,
    sinceMs: isSame ? (before?.sinceMs ?? 0) : nowMs,
    startedAtMs,
    startSeenAtMs: before !== undefined && before.startedAtMs === startedAtMs ? before.startSeenAtMs : nowMs,
  };
}

/** When the placement that is seen now was first seen whole: later of the two lists that it is made of. */
function placementReadAtMs(readings: Readings): number {
  return Math.max(readings.one('tenants')?.lastReadAtMs ?? 0, readings.one('nodes')?.lastReadAtMs ?? 0);
}

function rememberCompute(
  judgement: DriftJudgement,
  readings: Readings,
  before: ComputeMemory | undefined,
  nowMs: number,
): ComputeMemory {
  const placement = placementText(judgement);
  const startedAtMs = judgement.postmasterStartedAtMs ?? null;
  const isSame = before?.placement === placement;
  const isSameStart = before !== undefined && before.startedAtMs === startedAtMs;
  return {
    placement,
    placedAtMs: isSame ? before.placedAtMs : placementReadAtMs(readings),
    startedAtMs,
    startSeenAtMs: isSameStart ? before.startSeenAtMs : nowMs,
    wasRight: (before?.wasRight ?? false) || (isSettled(judgement.state) && !isWrong(judgement.state)),
  };
}

/** When each witness but the controller was last read; looked up for each of many computes. */
interface ReadTimes {
  /** By compute name. */
  readonly settings: ReadonlyMap<string, { readonly firstReadAtMs: number; readonly lastReadAtMs: number }>;
  /** By node id; the earliest, when two targets lead to one node. */
  readonly locationsFirstReadAtMs: ReadonlyMap<number, number>;
}

function readTimes(readings: Readings): ReadTimes {
  const locations = new Map<number, number>();
  for (const { reading, firstReadAtMs } of readings.all('pageserver_locations')) {
    locations.set(reading.nodeId, Math.min(firstReadAtMs, locations.get(reading.nodeId) ?? firstReadAtMs));
  }
  const settings = new Map(readings.all('compute_settings').map((one) => [one.target.name, one]));
  return { settings, locationsFirstReadAtMs: locations };
}

/** Whether compute and pageservers were read after the placement that they are held against was first seen. */
function isFramed(
  { compute, rows }: DriftJudgement,
  times: ReadTimes,
  { placedAtMs }: ComputeMemory,
): boolean {
  if ((times.settings.get(compute)?.firstReadAtMs ?? 0) < placedAtMs) return false;
  return rows.every(({ intendedNodeId }) => {
    const atMs = intendedNodeId === undefined ? undefined : times.locationsFirstReadAtMs.get(intendedNodeId);
    return atMs === undefined || atMs >= placedAtMs;
  });
}

/** Which window is open in which even a healthy system disagrees with itself. */
function openWindow(
  judgement: DriftJudgement,
  memory: GateMemory,
  own: ComputeMemory,
  { nowMs, thresholds }: GateInput,
): string | undefined {
  const settleMs = thresholds.drift.settle;
  const isRecent = (sinceMs: number) => nowMs - sinceMs < settleMs;
  const ago = `less than ${formatDuration(settleMs)} ago`;
  const { controller } = memory;
  const isStartRecent = (startedAtMs: number | null, seenAtMs: number) =>
    startedAtMs !== null && isRecent(Math.min(startedAtMs, seenAtMs));
  if (isRecent(controller.sinceMs) || isStartRecent(controller.startedAtMs, controller.startSeenAtMs)) {
    return `the storage controller started ${ago}`;
  }
  if (isStartRecent(own.startedAtMs, own.startSeenAtMs)) return `compute ${judgement.compute} started ${ago}`;
  const nodeIds = new Set(judgement.rows.flatMap((row) => [row.intendedNodeId, ...row.liveNodeIds]));
  for (const nodeId of nodeIds) {
    const node = nodeId === undefined ? undefined : memory.nodes[nodeId];
    if (node !== undefined && isRecent(node.sinceMs))
      return `node ${nodeId} became ${node.availability} ${ago}`;
  }
  return undefined;
}

/** Why this look at one compute proves nothing; undefined when it does. */
function waitFor(
  judgement: DriftJudgement,
  memory: GateMemory,
  own: ComputeMemory,
  input: GateInput & { readonly times: ReadTimes },
): string | undefined {
  const { state, causes, compute } = judgement;
  if (causes.length > 0) return causes.map((cause) => causeText(compute, cause)).join('; ');
  if (!isSettled(state)) return stateText(judgement);
  if (!isFramed(judgement, input.times, own)) {
    return `placement of tenant ${judgement.tenantId}: it changed while it was looked at (TRANSITION)`;
  }
  return openWindow(judgement, memory, own, input);
}

/**
 * Judges every compute, and says for each whether the look counts: intent must have been the same before and after
 * compute and pageservers were read, and no restart may be too recent (drift algorithm, steps 0, 2 and 6).
 */
export async function gatedJudgements(
  live: GateInput,
  former: GateMemory | undefined,
): Promise<{ readonly gated: ReadonlyMap<string, Gated>; readonly memory: GateMemory }> {
  const input = { ...live, readings: frozen(live.readings) };
  const { readings, thresholds, nowMs, breathe } = input;
  const judgements = [...(await judgeAll(readings, thresholds.drift.aliases, breathe)).values()];
  // A look without intent says nothing of the placement: what was remembered of it stands.
  const remembered = judgements.map((judgement) => {
    const before = former?.computes[judgement.compute];
    const isBlind = judgement.state === 'UNKNOWN' && judgement.shardCount === undefined;
    const own = isBlind ? before : rememberCompute(judgement, readings, before, nowMs);
    return { judgement, own };
  });
  const memory: GateMemory = {
    computes: Object.fromEntries(
      remembered.flatMap(({ judgement, own }) => (own === undefined ? [] : [[judgement.compute, own]])),
    ),
    nodes: rememberNodes(readings, former),
    controller: rememberController(readings, former?.controller, nowMs),
  };
  const times = readTimes(readings);
  const usesKnown = judgements.some(({ rows }) => rows.some(({ liveNodeIds }) => liveNodeIds.length > 0));
  const gated = remembered.map(({ judgement, own }): [string, Gated] => {
    const wait =
      own === undefined
        ? judgement.causes.map((cause) => causeText(judgement.compute, cause)).join('; ')
        : waitFor(judgement, memory, own, { ...input, times });
    const isAliasSuspect = judgement.usesOnlyUnknownAddresses && !usesKnown && own?.wasRight !== true;
    const liveReadAtMs = times.settings.get(judgement.compute)?.lastReadAtMs;
    return [judgement.compute, { judgement, wait, isAliasSuspect, liveReadAtMs }];
  });
  return { gated: new Map(gated), memory };
}
