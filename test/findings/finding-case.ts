import type { Detector, Json } from '../../src/alerts/detector.ts';
import { type Evaluation, evaluate } from '../../src/alerts/evaluate.ts';
import { subjectText } from '../../src/alerts/finding.ts';
import { type AlertState, advance, type Change, emptyState } from '../../src/alerts/lifecycle.ts';
import { Thresholds } from '../../src/alerts/thresholds.ts';
import type { HostFacts } from '../../src/collection/host-families.ts';
import { caseStartMs, looksOf, readingsOf, type World } from './world.ts';

/** Between two looks, as in the default configuration. */
export const tickMs = 15_000;

/** Something that stays so for a while. */
export interface CaseStep {
  /** A multiple of `tickMs`. */
  readonly forMs: number;
  readonly world: World;
}

/**
 * One row of a finding's table. It is run through the detector and the life cycle, and, rendered to series, through
 * `promtool test rules`: both must say the same at the end.
 */
export interface FindingCase {
  /** A sentence: `fires when a node has been Offline for half a minute`. */
  readonly name: string;
  readonly steps: readonly CaseStep[];
  /** What is firing at the end: `node 3`, or with its class `compute main [WRONG_ORDER]`. Sorted. */
  readonly firing: readonly string[];
  /** Subjects that cannot be judged at the end; `*` for all. Not compared when absent. */
  readonly unknown?: readonly string[];
  /** Changed thresholds, as the configuration file has them. */
  readonly thresholds?: Readonly<Record<string, unknown>>;
  /** What the configuration says of the computes' hosts. */
  readonly hosts?: readonly HostFacts[];
  /** Why the Prometheus rule cannot see this case, when it cannot. A test limits how many have one. */
  readonly onlyDetector?: string;
}

export interface FindingCases {
  readonly detector: Detector;
  readonly cases: readonly FindingCase[];
}

/** What a case came to, look by look. */
export interface Played {
  readonly state: AlertState;
  readonly last: Evaluation;
  readonly changes: readonly Change[];
}

/** Every look of a case: its world and its instant. */
function* looks({ steps }: FindingCase): Generator<{ world: World; tick: number; nowMs: number }> {
  let tick = 0;
  for (const { forMs, world } of steps) {
    for (let at = 0; at < forMs; at += tickMs) {
      yield { world, tick, nowMs: caseStartMs + tick * tickMs };
      tick += 1;
    }
  }
}

/** One look of a case, and what the detector and the life cycle made of it. */
export interface PlayedLook {
  readonly world: World;
  readonly tick: number;
  readonly nowMs: number;
  readonly evaluation: Evaluation;
  readonly state: AlertState;
  readonly changes: readonly Change[];
}

/** Runs one detector over all looks of a case, with its memory and the life cycle. */
export async function* playEachLook(detector: Detector, row: FindingCase): AsyncGenerator<PlayedLook> {
  let state = emptyState;
  let memories = new Map<string, Json>();
  const shared = { thresholds: Thresholds.parse(row.thresholds ?? {}), hosts: row.hosts ?? [] };
  for (const { world, tick, nowMs } of looks(row)) {
    const read = { readings: readingsOf(world, tick, nowMs), looks: looksOf(world, nowMs), nowMs };
    const input = { ...shared, ...read, memories, breathe: () => undefined };
    const [evaluation] = await evaluate([detector], input);
    if (evaluation === undefined) throw new Error('one detector gives one evaluation');
    // As they come back from a file after a restart.
    const memory =
      evaluation.memory === undefined ? undefined : JSON.parse(JSON.stringify(evaluation.memory));
    memories = memory === undefined ? new Map() : new Map([[detector.id, memory]]);
    const next = advance(state, [evaluation], nowMs);
    state = next.state;
    yield { world, tick, nowMs, evaluation, state, changes: next.changes };
  }
}

/** What a case came to in the end. */
export async function playCase(detector: Detector, row: FindingCase): Promise<Played> {
  let last: PlayedLook | undefined;
  const changes: Change[] = [];
  for await (const look of playEachLook(detector, row)) {
    last = look;
    changes.push(...look.changes);
  }
  if (last === undefined) throw new Error(`the case "${row.name}" has no looks`);
  return { state: last.state, last: last.evaluation, changes };
}

/** What is firing, as a case spells it. */
export function firingOf({ state }: Played): readonly string[] {
  return [...state.alerts.values()]
    .filter(({ phase }) => phase === 'firing')
    .map(
      ({ finding }) =>
        `${subjectText(finding.subject)}${finding.className === undefined ? '' : ` [${finding.className}]`}`,
    )
    .sort();
}

export function unknownOf({ last }: Played): readonly string[] {
  return last.unknown.map(({ subject }) => (subject === undefined ? '*' : subjectText(subject))).sort();
}
