import { type Family, family } from '../metrics/family.ts';
import { sample } from '../metrics/samples.ts';
import type { Detector } from './detector.ts';
import { severities } from './finding.ts';
import type { FindingsSnapshot, ShownAlert } from './snapshot.ts';

/** Firing findings with a series of their own, per detector; the counts are of all. */
const maxNamed = 50;

function firing({ alerts }: FindingsSnapshot): readonly ShownAlert[] {
  return alerts.filter(({ alert }) => alert.phase === 'firing');
}

function perDetector(alerts: readonly ShownAlert[]): ReadonlyMap<Detector, readonly ShownAlert[]> {
  return Map.groupBy(alerts, ({ detector }) => detector);
}

/** Nothing of it could be judged: then no firing ones is no news. */
function isBlind({ unjudged }: FindingsSnapshot, detector: Detector): boolean {
  return unjudged.some(
    (one) => one.detector === detector && one.unknown.some(({ subject }) => subject === undefined),
  );
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

const counts = family({
  name: 'neonwatch_finding',
  type: 'gauge',
  help: 'Findings that are firing, by kind and severity; absent for a kind that cannot be judged and has none.',
  labels: ['finding', 'severity'],
  cardinality: 'cluster',
  *samples(snapshot: FindingsSnapshot) {
    if (snapshot.evaluatedAtMs === undefined) return;
    const byDetector = perDetector(firing(snapshot));
    for (const detector of snapshot.detectors) {
      const alerts = byDetector.get(detector) ?? [];
      const beyond = snapshot.beyond?.get(detector.id);
      const more = beyond?.phase === 'firing' ? beyond.count : undefined;
      if (alerts.length === 0 && more === undefined && isBlind(snapshot, detector)) continue;
      for (const severity of severities) {
        const listed = alerts.filter(({ alert }) => alert.finding.severity === severity).length;
        const count = listed + (more?.[severity] ?? 0);
        if (count > 0 || severity === detector.severity) {
          yield sample({ finding: detector.id, severity }, count);
        }
      }
    }
  },
});

const active = family({
  name: 'neonwatch_finding_active',
  type: 'gauge',
  help: `One series a firing finding, always 1, of at most ${maxNamed} of each kind; neonwatch_finding counts all.`,
  labels: ['finding', 'severity', 'class', 'subject_kind', 'subject'],
  cardinality: 'cluster',
  *samples(snapshot: FindingsSnapshot) {
    for (const alerts of perDetector(firing(snapshot)).values()) {
      for (const { detector, alert } of alerts.slice(0, maxNamed)) {
        const { severity, className = '', subject } = alert.finding;
        const names = { subject_kind: subject.kind, subject: subject.name };
        yield sample({ finding: detector.id, severity, class: className, ...names }, 1);
      }
    }
  },
});

const pending = family({
  name: 'neonwatch_finding_pending',
  type: 'gauge',
  help: 'Findings that are seen and not yet believed, by kind; only kinds that have any.',
  labels: ['finding'],
  cardinality: 'cluster',
  *samples({ alerts, beyond }: FindingsSnapshot) {
    const waiting = alerts.filter(({ alert }) => alert.phase === 'pending');
    const counts = new Map([...perDetector(waiting)].map(([{ id }, list]) => [id, list.length]));
    for (const [id, { phase, count }] of beyond ?? []) {
      if (phase === 'pending') counts.set(id, (counts.get(id) ?? 0) + sumOf(Object.values(count)));
    }
    for (const [finding, count] of counts) yield sample({ finding }, count);
  },
});

const unknown = family({
  name: 'neonwatch_finding_unknown',
  type: 'gauge',
  help: 'What could not be judged at the last evaluation, by kind of finding: subjects, or 1 for all of them.',
  labels: ['finding'],
  cardinality: 'cluster',
  *samples({ unjudged }: FindingsSnapshot) {
    for (const { detector, unknown: list } of unjudged) yield sample({ finding: detector.id }, list.length);
  },
});

const explained = family({
  name: 'neonwatch_finding_explained',
  type: 'gauge',
  help: 'Firing findings that another firing finding explains, by kind; only kinds that have any.',
  labels: ['finding'],
  cardinality: 'cluster',
  *samples(snapshot: FindingsSnapshot) {
    const symptoms = firing(snapshot).filter(({ explainedBy }) => explainedBy !== undefined);
    for (const [detector, list] of perDetector(symptoms)) yield sample({ finding: detector.id }, list.length);
  },
});

const evaluated = family({
  name: 'neonwatch_findings_evaluated_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When the findings were last evaluated.',
  labels: [],
  cardinality: 'process',
  samples: ({ evaluatedAtMs }: FindingsSnapshot) =>
    evaluatedAtMs === undefined ? [] : [sample({}, evaluatedAtMs / 1000)],
});

const duration = family({
  name: 'neonwatch_findings_evaluation_duration_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'How long the last evaluation of the findings took, pauses for other work included.',
  labels: [],
  cardinality: 'process',
  samples: ({ evaluatedAtMs, durationMs }: FindingsSnapshot) =>
    evaluatedAtMs === undefined ? [] : [sample({}, durationMs / 1000)],
});

/** What the exposition says of findings. */
export const findingFamilies: readonly Family<FindingsSnapshot>[] = [
  counts,
  active,
  pending,
  unknown,
  explained,
  evaluated,
  duration,
];
