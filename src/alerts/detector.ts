import type { Breathe } from '../breathe.ts';
import type { HostFacts } from '../collection/host-families.ts';
import type { JobStatus } from '../collection/job.ts';
import type { Observation, Readings } from '../collection/store.ts';
import type { CollectorName, ReadingOf } from '../collectors/registry.ts';
import type { Finding, Layer, Severity, Subject, Unknown } from './finding.ts';
import type { Thresholds } from './thresholds.ts';

/** Anything that survives JSON: what a detector remembers is kept over restarts. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Whether and why a target was or was not read: the newest run of one collector. */
export type Look = Pick<
  JobStatus,
  'collector' | 'target' | 'up' | 'lastSuccessAtMs' | 'lastError' | 'skippedParts' | 'skipped'
> & {
  /** How long it took. */
  readonly durationMs?: number | undefined;
};

/** Everything a detector may look at. It has no clock: `nowMs` is when the evaluation began. */
export interface DetectInput<Memory> {
  /** Fresh readings only. */
  readonly readings: Readings;
  /** One a collector and target that is watched. */
  readonly looks: readonly Look[];
  readonly thresholds: Thresholds;
  /** What the configuration says of the computes' hosts, which no reading can tell. */
  readonly hosts?: readonly HostFacts[];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** What the detector remembered at the last evaluation; undefined at the first. */
  readonly memory: Memory | undefined;
  /** To be called every few hundred rows; see breathe.ts. */
  readonly breathe: Breathe;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  /** Subjects that could not be judged: their alerts freeze. */
  readonly unknown: readonly Unknown[];
  /** What to remember until the next evaluation. */
  readonly memory?: Json;
}

/** How long a finding must last, and how long it must have been gone. */
export interface Hold {
  /** Known to be so for this long before it fires. */
  readonly forMs: number;
  /** And seen in so many different readings; 1 unless one look can mislead. */
  readonly samples?: number;
  /** Known to be gone for this long before it resolves. */
  readonly keepFiringMs: number;
}

/**
 * One kind of thing that can be wrong. `detect` is a pure function: equal inputs, equal verdicts. Adding one: this
 * value in a file of its own, a line in registry.ts, a case table in test/findings/cases, a rule in prometheus/rules,
 * a page in docs/runbooks.
 */
export interface Detector<Memory extends Json = Json> {
  /** The `finding` label and the name of the runbook page: `node_offline`. */
  readonly id: string;
  /** Name of the Prometheus alert: `NeonNodeOffline`. */
  readonly alert: string;
  readonly layer: Layer;
  /** The gravest that it gives. */
  readonly severity: Severity;
  /** For docs/detectors.md: when it fires, in one sentence. */
  readonly summary: string;
  /** Closed set of `className`; empty when there is only one. */
  readonly classes: readonly string[];
  /** Collectors without one fresh reading of which nothing can be judged. */
  readonly needs: readonly CollectorName[];
  readonly hold: Hold;
  /** Findings that explain this one when they are about one of its related subjects, or about the cluster or controller. */
  readonly explainedBy: readonly string[];
  // A method, so that one that remembers something narrower may stand in the list: it is handed only its own memory.
  detect(input: DetectInput<Memory>): Verdict | Promise<Verdict>;
}

/** `compute_settings of main: refused`, for what is missing. Error texts stay out of it: they may be long. */
export function whyMissing(looks: readonly Look[], collector: CollectorName, targetName?: string): string {
  const of = targetName === undefined ? collector : `${collector} of ${targetName}`;
  const look = looks.find(
    (one) => one.collector === collector && (targetName === undefined || one.target.name === targetName),
  );
  if (look === undefined) return `${of}: not configured or not enabled`;
  if (look.lastError !== undefined) return `${of}: ${look.lastError.reason}`;
  const [skipped] = look.skipped.keys();
  if (look.up === undefined) return `${of}: ${skipped ?? 'has not run yet'}`;
  return `${of}: too old`;
}

/** The findings about one target, or that it could not be judged. */
export interface TargetVerdict {
  readonly findings?: readonly Finding[];
  readonly unknown?: readonly Unknown[];
}

/**
 * Judges every watched target of a collector by itself: one without a fresh reading is unknown as `subjectOf` names it
 * and costs the others nothing.
 */
export function perTarget<Name extends CollectorName>(
  { readings, looks }: Pick<DetectInput<Json>, 'readings' | 'looks'>,
  collector: Name,
  subjectOf: (targetName: string) => Subject,
  judge: (observation: Observation<ReadingOf<Name>>) => TargetVerdict,
): { findings: Finding[]; unknown: Unknown[] } {
  const findings: Finding[] = [];
  const unknown: Unknown[] = [];
  const fresh = new Map(readings.all(collector).map((one) => [one.target.name, one]));
  const names = new Set(fresh.keys());
  for (const look of looks) if (look.collector === collector) names.add(look.target.name);
  for (const name of [...names].sort()) {
    const observation = fresh.get(name);
    if (observation === undefined) {
      unknown.push({ subject: subjectOf(name), missing: [whyMissing(looks, collector, name)] });
      continue;
    }
    const verdict = judge(observation);
    findings.push(...(verdict.findings ?? []));
    unknown.push(...(verdict.unknown ?? []));
  }
  return { findings, unknown };
}
