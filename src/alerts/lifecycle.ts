import { advanceBeyond, type BeyondByDetector, isLasting, maxAlerts, tooMany } from './beyond.ts';
import type { Detector } from './detector.ts';
import type { Evaluation } from './evaluate.ts';
import { type Finding, type Subject, subjectText } from './finding.ts';

/** `pending` is not yet believed; `firing` is said aloud. One that resolves is gone from the list. */
export type Phase = 'pending' | 'firing';

/** One finding over time. All instants are milliseconds since the epoch. */
export interface Alert {
  readonly detectorId: string;
  readonly finding: Finding;
  readonly phase: Phase;
  /** When it was first seen, without a known break since. */
  readonly sinceMs: number;
  readonly firedAtMs: number | undefined;
  /** How long it was known to be so; time in which nothing could be judged does not count. */
  readonly knownMs: number;
  /** In how many different readings. */
  readonly samples: number;
  readonly lastSample: string;
  /** How long it was known to be gone; 0 while it is there. */
  readonly goneMs: number;
  /** Could not be judged at the last evaluation: it neither fires nor resolves. */
  readonly isFrozen: boolean;
}

/** Why the list changed. */
export type Change =
  | { readonly kind: 'fired'; readonly alert: Alert }
  | { readonly kind: 'resolved'; readonly alert: Alert; readonly atMs: number }
  | { readonly kind: 'changed'; readonly alert: Alert; readonly before: Alert };

/** When a finding of a subject resolved of late: how often it flaps. */
export type Flaps = ReadonlyMap<string, readonly number[]>;

export interface AlertState {
  /** By key, see `alertKey`; no more than `maxAlerts`. */
  readonly alerts: ReadonlyMap<string, Alert>;
  /** What is counted only; not saved: a new process counts anew. */
  readonly beyond?: BeyondByDetector;
  readonly flaps: Flaps;
  readonly evaluatedAtMs: number | undefined;
}

export const emptyState: AlertState = { alerts: new Map(), flaps: new Map(), evaluatedAtMs: undefined };

/** Returns within this time count as flapping; each doubles the time it must stay gone, up to sixteen-fold. */
const flapWindowMs = 3_600_000;
const maxDoublings = 4;
/** Between two evaluations no more than this is counted as known: what happened during a long stop is not. */
const maxStepMs = 120_000;

export function alertKey(detectorId: string, subject: Subject): string {
  return `${detectorId} ${subjectText(subject)}`;
}

/** How long it must be gone before it resolves: longer for one that keeps coming back. */
function keepFiringMs({ hold }: Detector, returns: number): number {
  return hold.keepFiringMs * 2 ** Math.min(returns, maxDoublings);
}

interface Step {
  readonly nowMs: number;
  readonly elapsedMs: number;
  readonly state: AlertState;
  readonly alerts: Map<string, Alert>;
  readonly flaps: Map<string, readonly number[]>;
  readonly changes: Change[];
}

/** The same finding, seen again or for the first time. */
function seen(step: Step, key: string, evaluation: Evaluation, finding: Finding): void {
  const { detector, sample } = evaluation;
  const before = step.state.alerts.get(key);
  const isNewSample = before?.lastSample !== sample;
  const grown: Alert = {
    detectorId: detector.id,
    finding,
    phase: before?.phase ?? 'pending',
    sinceMs: before?.sinceMs ?? step.nowMs,
    firedAtMs: before?.firedAtMs,
    // What was unknown in between proves nothing.
    knownMs: (before?.knownMs ?? 0) + (before === undefined || before.isFrozen ? 0 : step.elapsedMs),
    samples: (before?.samples ?? 0) + (isNewSample ? 1 : 0),
    lastSample: sample,
    goneMs: 0,
    isFrozen: false,
  };
  const fires = grown.phase === 'pending' && isLasting(detector, grown.knownMs, grown.samples);
  const alert = fires ? { ...grown, phase: 'firing' as const, firedAtMs: step.nowMs } : grown;
  step.alerts.set(key, alert);
  if (fires) step.changes.push({ kind: 'fired', alert });
  else if (before?.phase === 'firing' && isOtherMeaning(before.finding, finding)) {
    step.changes.push({ kind: 'changed', alert, before });
  }
}

function isOtherMeaning(before: Finding, after: Finding): boolean {
  const meaning = ({ severity, className, facts }: Finding) => JSON.stringify([severity, className, facts]);
  return meaning(before) !== meaning(after);
}

/** It is known not to be there: a pending one is forgotten, a firing one waits for its time to resolve. */
function gone(step: Step, key: string, detector: Detector, before: Alert): void {
  if (before.phase === 'pending') return;
  const goneMs = before.goneMs + (before.isFrozen ? 0 : step.elapsedMs);
  const returns = (step.flaps.get(key) ?? []).length;
  if (goneMs < keepFiringMs(detector, returns)) {
    step.alerts.set(key, { ...before, goneMs, isFrozen: false });
    return;
  }
  step.flaps.set(key, [...(step.flaps.get(key) ?? []), step.nowMs]);
  step.changes.push({ kind: 'resolved', alert: before, atMs: step.nowMs });
}

/** Kinds whose names begin with the name of what they are in: `main`, `main/app`, `main/app/public.items_idx`. */
const nested: readonly string[] = ['compute', 'database', 'relation', 'statement'];

/**
 * Whether what is not known leaves a subject unknown: it is the same one, or the compute or database that the subject
 * is in. Looked up, as there may be thousands of either.
 */
function unknownSubjects({ unknown }: Evaluation): (subject: Subject) => boolean {
  const subjects = unknown.flatMap(({ subject }) => subject ?? []);
  if (subjects.length < unknown.length) return () => true;
  const same = new Set(subjects.map(subjectText));
  const around = new Set(subjects.filter(({ kind }) => nested.includes(kind)).map(({ name }) => name));
  const isAround = (name: string) => {
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
      if (around.has(name.slice(0, at))) return true;
    }
    return false;
  };
  return (subject) =>
    same.has(subjectText(subject)) || (nested.includes(subject.kind) && isAround(subject.name));
}

function advanceOne(step: Step, evaluation: Evaluation, former: readonly (readonly [string, Alert])[]): void {
  const { detector } = evaluation;
  const present = new Map(
    evaluation.findings.map((finding) => [alertKey(detector.id, finding.subject), finding]),
  );
  for (const [key, finding] of present) seen(step, key, evaluation, finding);
  const isUnknown = unknownSubjects(evaluation);
  for (const [key, before] of former) {
    if (present.has(key)) continue;
    if (isUnknown(before.finding.subject)) step.alerts.set(key, { ...before, isFrozen: true });
    else gone(step, key, detector, before);
  }
}

/** Takes out what is too much, and counts what of it is there now. */
function bound(step: Step, evaluations: readonly Evaluation[]): BeyondByDetector {
  const dropped = new Set(tooMany(step.alerts, step.state.alerts, maxAlerts));
  for (const key of dropped) step.alerts.delete(key);
  const kept = step.changes.filter(
    ({ alert }) => !dropped.has(alertKey(alert.detectorId, alert.finding.subject)),
  );
  step.changes.splice(0, step.changes.length, ...kept);
  const beyond: [string, NonNullable<ReturnType<typeof advanceBeyond>>][] = [];
  for (const evaluation of evaluations) {
    const { detector, findings } = evaluation;
    const before = step.state.beyond?.get(detector.id);
    if (dropped.size === 0 && before === undefined) continue;
    const uncounted = findings.filter(({ subject }) => dropped.has(alertKey(detector.id, subject)));
    const now = advanceBeyond(before, uncounted, evaluation, step.elapsedMs);
    if (now !== undefined) beyond.push([detector.id, now]);
  }
  return new Map(beyond);
}

function recentFlaps(flaps: Flaps, nowMs: number): Map<string, readonly number[]> {
  const recent = [...flaps].map(([key, times]) => [key, times.filter((ms) => nowMs - ms <= flapWindowMs)]);
  return new Map(recent.filter(([, times]) => (times as number[]).length > 0) as [string, number[]][]);
}

/**
 * Takes every alert one evaluation further: pending → firing → resolved. What is unknown freezes. Pure: equal
 * arguments give equal results, and nothing is changed in them. Alerts of a detector that is not among the
 * evaluations are dropped without a word: it was switched off. No more than `maxAlerts` are kept one by one; what is
 * beyond is counted, by detector.
 */
export function advance(
  state: AlertState,
  evaluations: readonly Evaluation[],
  nowMs: number,
): { readonly state: AlertState; readonly changes: readonly Change[] } {
  const elapsedMs = Math.min(Math.max(nowMs - (state.evaluatedAtMs ?? nowMs), 0), maxStepMs);
  const alerts = new Map<string, Alert>();
  const flaps = recentFlaps(state.flaps, nowMs);
  const changes: Change[] = [];
  const step = { nowMs, elapsedMs, state, alerts, flaps, changes };
  const byDetector = Map.groupBy(state.alerts, ([, { detectorId }]) => detectorId);
  for (const evaluation of evaluations) {
    advanceOne(step, evaluation, byDetector.get(evaluation.detector.id) ?? []);
  }
  const beyond = bound(step, evaluations);
  // The oldest go: Maps are in the order in which their keys came.
  for (const key of [...flaps.keys()].slice(0, Math.max(0, flaps.size - maxAlerts))) flaps.delete(key);
  return { state: { alerts, beyond, flaps, evaluatedAtMs: nowMs }, changes };
}
