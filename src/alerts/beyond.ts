import type { Detector } from './detector.ts';
import type { Evaluation } from './evaluate.ts';
import { type Finding, type Severity, severities } from './finding.ts';

/** Alerts that are kept one by one, of all detectors together. Everything beyond is counted. */
export const maxAlerts = 5000;

/** Findings of one detector beyond those that are kept one by one. They have one life together. */
export interface Beyond {
  readonly count: Readonly<Record<Severity, number>>;
  /** As an alert's. */
  readonly knownMs: number;
  readonly samples: number;
  readonly lastSample: string;
  /** As an alert's: there were such findings for as long as the detector wants them to last. */
  readonly phase: 'pending' | 'firing';
}

/** By detector id; a detector that has none beyond is absent. */
export type BeyondByDetector = ReadonlyMap<string, Beyond>;

/**
 * Which alerts are too many: the least grave first, and of equally grave ones those that came last.
 *
 * @param before alerts of the evaluation before, which go before new ones
 */
export function tooMany(
  alerts: ReadonlyMap<string, { readonly finding: Pick<Finding, 'severity'> }>,
  before: ReadonlyMap<string, unknown>,
  most: number,
): readonly string[] {
  if (alerts.size <= most) return [];
  const bySeverity = Map.groupBy(alerts.keys(), (key) => alerts.get(key)?.finding.severity ?? 'info');
  const ordered = severities.flatMap((severity) => {
    const keys = bySeverity.get(severity) ?? [];
    return [...keys.filter((key) => before.has(key)), ...keys.filter((key) => !before.has(key))];
  });
  return ordered.slice(most);
}

/** Counts the findings that have no alert of their own, and takes their common life one evaluation further. */
export function advanceBeyond(
  before: Beyond | undefined,
  findings: readonly Finding[],
  { detector, sample, unknown }: Evaluation,
  elapsedMs: number,
): Beyond | undefined {
  if (findings.length === 0) {
    // What cannot be judged neither comes nor goes.
    const isBlind = unknown.some(({ subject }) => subject === undefined);
    return isBlind ? before : undefined;
  }
  const count = { critical: 0, warning: 0, info: 0 };
  for (const { severity } of findings) count[severity] += 1;
  const knownMs = before === undefined ? 0 : before.knownMs + elapsedMs;
  const samples = (before?.samples ?? 0) + (before?.lastSample === sample ? 0 : 1);
  const isMature = isLasting(detector, knownMs, samples);
  return { count, knownMs, samples, lastSample: sample, phase: isMature ? 'firing' : 'pending' };
}

/** Whether something was known to be there for long enough, and often enough, to be believed. */
export function isLasting({ hold }: Detector, knownMs: number, samples: number): boolean {
  return knownMs >= hold.forMs && samples >= (hold.samples ?? 1);
}
