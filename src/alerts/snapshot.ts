import type { BeyondByDetector } from './beyond.ts';
import type { Detector } from './detector.ts';
import type { Evaluation } from './evaluate.ts';
import { layers, severities, subjectText, type Unknown } from './finding.ts';
import { fold } from './fold.ts';
import { type Alert, alertKey } from './lifecycle.ts';

/** One alert with its place among the others. */
export interface ShownAlert {
  /** Unique: `node_offline node 3`. */
  readonly key: string;
  readonly detector: Detector;
  readonly alert: Alert;
  /** Key of the alert that has to be mended first and takes this one with it; undefined when it stands alone. */
  readonly explainedBy: string | undefined;
}

/** What one detector could not judge. */
export interface Unjudged {
  readonly detector: Detector;
  readonly unknown: readonly Unknown[];
}

/** All findings after one evaluation, as they are shown. */
export interface FindingsSnapshot {
  /** Rises with every evaluation. */
  readonly version: number;
  /** Milliseconds since the epoch; undefined before the first evaluation. */
  readonly evaluatedAtMs: number | undefined;
  /** How long the evaluation took. */
  readonly durationMs: number;
  readonly detectors: readonly Detector[];
  /** Pending and firing ones: what is only worth knowing last, else in the order of `layers`, severity, the list. */
  readonly alerts: readonly ShownAlert[];
  readonly unjudged: readonly Unjudged[];
  /** Counted, and not among `alerts`; absent when there are none. */
  readonly beyond?: BeyondByDetector | undefined;
}

/**
 * Orders findings by what depends on what: what has to be mended first comes first. What is merely worth knowing
 * (`info`) comes after all that is wrong. Later numbers count when the former are equal.
 */
function weightsOf({ layer }: Detector, rank: number, { finding }: Alert): readonly number[] {
  const { severity } = finding;
  return [severity === 'info' ? 1 : 0, layers.indexOf(layer), severities.indexOf(severity), rank];
}

interface Weighed {
  readonly shown: ShownAlert;
  readonly weights: readonly number[];
}

function compareWeighed(left: Weighed, right: Weighed): number {
  const differs = left.weights.findIndex((value, at) => value !== right.weights[at]);
  if (differs < 0) return left.shown.key < right.shown.key ? -1 : 1;
  return (left.weights[differs] ?? 0) - (right.weights[differs] ?? 0);
}

/** Puts the alerts in order and says which explains which. */
export function showAlerts(detectors: readonly Detector[], alerts: Iterable<Alert>): readonly ShownAlert[] {
  const byId = new Map(detectors.map((detector) => [detector.id, detector]));
  const ranks = new Map(detectors.map(({ id }, rank) => [id, rank]));
  const list = [...alerts];
  const folded = fold(list, byId);
  return list
    .flatMap((alert): Weighed[] => {
      const detector = byId.get(alert.detectorId);
      if (detector === undefined) return [];
      const key = alertKey(alert.detectorId, alert.finding.subject);
      const weights = weightsOf(detector, ranks.get(detector.id) ?? 0, alert);
      return [{ shown: { key, detector, alert, explainedBy: folded.get(key) }, weights }];
    })
    .sort(compareWeighed)
    .map(({ shown }) => shown);
}

/** What the evaluations could not judge, detector by detector. */
export function unjudged(evaluations: readonly Evaluation[]): readonly Unjudged[] {
  return evaluations.flatMap(({ detector, unknown }) =>
    unknown.length === 0 ? [] : [{ detector, unknown }],
  );
}

function instant(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** Where the page of a finding is, from the root of the project. */
export function runbookPath(detectorId: string): string {
  return `docs/runbooks/${detectorId}.md`;
}

/** The finding as `/api/v1/findings` and `doctor --json` have it. Instants are ISO 8601. */
export function findingJson({ key, detector, alert, explainedBy }: ShownAlert) {
  const { finding } = alert;
  return {
    key,
    finding: detector.id,
    alert: detector.alert,
    severity: finding.severity,
    phase: alert.phase,
    frozen: alert.isFrozen,
    since: instant(alert.sinceMs),
    firedAt: instant(alert.firedAtMs),
    layer: detector.layer,
    subject: finding.subject,
    class: finding.className,
    facts: finding.facts ?? {},
    summary: finding.summary,
    evidence: finding.evidence.map(({ atMs, ...rest }) => ({ ...rest, at: instant(atMs) })),
    remedy: finding.remedy,
    avoid: finding.avoid,
    runbook: runbookPath(detector.id),
    explainedBy,
  };
}

/** What could not be judged, as the API and `doctor --json` have it. */
export function unknownJson({ detector, unknown }: Unjudged) {
  return unknown.map(({ subject, missing }) => ({
    finding: detector.id,
    subject: subject === undefined ? 'all' : subjectText(subject),
    missing,
  }));
}

/** What is counted and not listed, as the API has it. */
function beyondJson(beyond: BeyondByDetector) {
  return [...beyond].flatMap(([finding, { count, phase }]) =>
    severities
      .filter((severity) => count[severity] > 0)
      .map((severity) => ({ finding, severity, phase, count: count[severity] })),
  );
}

/** The answer of `GET /api/v1/findings`. */
export function findingsJson(snapshot: FindingsSnapshot) {
  return {
    evaluatedAt: instant(snapshot.evaluatedAtMs),
    findings: snapshot.alerts.map(findingJson),
    unlisted: beyondJson(snapshot.beyond ?? new Map()),
    unknown: snapshot.unjudged.flatMap(unknownJson),
  };
}
