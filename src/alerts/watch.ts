import { type Breathe, breatheBy } from '../breathe.ts';
import type { Clock } from '../clock.ts';
import type { HostFacts } from '../collection/host-families.ts';
import type { Readings } from '../collection/store.ts';
import type { Detector, Json, Look } from './detector.ts';
import { evaluate } from './evaluate.ts';
import { type AlertState, advance, type Change, emptyState } from './lifecycle.ts';
import { encodePieces, type SavedState } from './saved-state.ts';
import { type FindingsSnapshot, showAlerts, unjudged } from './snapshot.ts';
import type { Thresholds } from './thresholds.ts';

export interface FindingsOptions {
  readonly detectors: readonly Detector[];
  readonly readings: Readings;
  readonly looks: () => readonly Look[];
  readonly thresholds: Thresholds;
  /** What the configuration says of the computes' hosts. */
  readonly hosts?: readonly HostFacts[];
  /** Between two evaluations. */
  readonly intervalMs: number;
  readonly clock: Clock;
  /** What a former process left. */
  readonly saved: SavedState | undefined;
  /** Keeps what the next process needs. A failure is the caller's to tell; the findings go on without. */
  readonly save: (text: string) => Promise<void>;
  /** A mistake of ours: the findings stay as they were, and the next evaluation is tried. */
  readonly onError: (error: unknown) => void;
  /** After every evaluation, with what it changed. */
  readonly onEvaluated: (changes: readonly Change[]) => void;
}

/** The loop over readings → findings → alerts. The only state of findings is in here. */
export interface FindingsWatch {
  readonly snapshot: () => FindingsSnapshot;
  /** Evaluates no more; resolves when what was last known is saved. */
  readonly stop: () => Promise<void>;
}

/** Evaluates all detectors at an interval, one evaluation at a time. The first is one interval after the start. */
export function watchFindings(options: FindingsOptions): FindingsWatch {
  const { clock, detectors, readings, thresholds, hosts = [] } = options;
  let state: AlertState = options.saved?.state ?? emptyState;
  let memories: ReadonlyMap<string, Json> = options.saved?.memories ?? new Map();
  let written = '';
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();
  let cancel: () => void = () => undefined;
  let snapshot: FindingsSnapshot = {
    version: 0,
    evaluatedAtMs: undefined,
    durationMs: 0,
    detectors,
    alerts: showAlerts(detectors, state.alerts.values()),
    unjudged: [],
  };

  async function keep(breathe: Breathe): Promise<void> {
    const pieces: string[] = [];
    for (const piece of encodePieces({ state: { ...state, evaluatedAtMs: undefined }, memories })) {
      pieces.push(piece);
      await breathe();
    }
    const text = pieces.join('');
    if (text === written) return;
    written = text;
    await options.save(text);
  }

  async function run(): Promise<void> {
    const startedMs = clock.monotonicMs();
    const nowMs = clock.wallMs();
    const input = { readings, looks: options.looks(), thresholds, hosts, nowMs, memories };
    const breathe = breatheBy(clock);
    const evaluations = await evaluate(detectors, { ...input, breathe });
    const next = advance(state, evaluations, nowMs);
    state = next.state;
    memories = new Map(
      evaluations.flatMap(({ detector, memory }) =>
        memory === undefined ? [] : [[detector.id, memory] as const],
      ),
    );
    await breathe();
    const alerts = showAlerts(detectors, state.alerts.values());
    snapshot = {
      version: snapshot.version + 1,
      evaluatedAtMs: nowMs,
      durationMs: clock.monotonicMs() - startedMs,
      detectors,
      alerts,
      unjudged: unjudged(evaluations),
      beyond: state.beyond,
    };
    options.onEvaluated(next.changes);
    await keep(breathe);
  }

  function schedule(): void {
    if (isStopped) return;
    cancel = clock.after(options.intervalMs, () => {
      running = run().catch(options.onError).finally(schedule);
    });
  }

  schedule();
  return {
    snapshot: () => snapshot,
    async stop() {
      isStopped = true;
      cancel();
      await running;
    },
  };
}
