import type { Clock } from '../clock.ts';
import type { ReadingBase, SetAside, Skipped, SkippedPart, SkipReason } from '../collectors/collector.ts';
import type { Target } from '../collectors/target.ts';
import { asSourceError, type FailureReason, SourceError } from '../errors.ts';

/** A run waits this long when it only has to wait for another collector's first reading. */
const waitMs = 1_000;
/** The first runs are spread over this long, so that a start is no burst. */
const firstSpreadMs = 250;
/** Later runs move by up to this part of the interval, so that many neonwatches do not fall into step. */
const jitterRatio = 0.05;

/** Which collector reads which target, and when. */
export interface JobPlan {
  readonly collector: string;
  readonly target: Target;
  readonly intervalMs: number;
  /** Deadline of one run. */
  readonly timeoutMs: number;
}

/** What is known of a job from outside; all instants are milliseconds since the epoch. */
export interface JobStatus {
  readonly collector: string;
  readonly target: Target;
  /** Whether the last run succeeded; undefined before the first has ended. */
  readonly up: boolean | undefined;
  readonly attempts: number;
  readonly failures: ReadonlyMap<FailureReason, number>;
  readonly skipped: ReadonlyMap<SkipReason, number>;
  readonly lastAttemptAtMs: number | undefined;
  readonly lastSuccessAtMs: number | undefined;
  /** Duration of the last run that was not skipped. */
  readonly durationMs: number | undefined;
  /** Rows that the last successful run left out. */
  readonly setAside: SetAside;
  /** Parts that the last successful run could not have. */
  readonly skippedParts: readonly SkippedPart[];
  /** Of the last run, when it failed. */
  readonly lastError: SourceError | undefined;
}

/** A reading and the instants between which it was taken, milliseconds since the epoch. */
export interface Taken {
  readonly reading: ReadingBase;
  readonly firstReadAtMs: number;
  readonly lastReadAtMs: number;
}

export interface JobPorts {
  /** One run; rejects when the signal aborts. */
  readonly collect: (signal: AbortSignal) => Promise<Taken | Skipped>;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly onTaken: (taken: Taken) => void;
  /** Called after every run, with its failure if it failed. */
  readonly onEnd: (status: JobStatus) => void;
}

export interface Job {
  readonly status: () => JobStatus;
  /** Makes no further run and aborts the one under way. */
  readonly stop: () => void;
}

/** Rejects when the signal aborts: the run ends at its deadline even if a collector should fail to notice. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function isSkipped(result: Taken | Skipped): result is Skipped {
  return 'skipped' in result;
}

interface Counts {
  attempts: number;
  readonly failures: Map<FailureReason, number>;
  readonly skipped: Map<SkipReason, number>;
  up: boolean | undefined;
  lastAttemptAtMs: number | undefined;
  lastSuccessAtMs: number | undefined;
  durationMs: number | undefined;
  setAside: SetAside;
  skippedParts: readonly SkippedPart[];
  lastError: SourceError | undefined;
}

function emptyCounts(): Counts {
  return {
    attempts: 0,
    failures: new Map(),
    skipped: new Map(),
    up: undefined,
    lastAttemptAtMs: undefined,
    lastSuccessAtMs: undefined,
    durationMs: undefined,
    setAside: {},
    skippedParts: [],
    lastError: undefined,
  };
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/**
 * Runs one collector against one target at its interval, one run at a time and each under its deadline. A tick that
 * finds the former run under way is counted, never queued.
 */
export function startJob(plan: JobPlan, ports: JobPorts): Job {
  const { collector, target, intervalMs, timeoutMs } = plan;
  const { clock, random } = ports;
  const counts = emptyCounts();
  let running: AbortController | undefined;
  let isStopped = false;
  let cancelTick: () => void = () => undefined;

  const status = (): JobStatus => ({ collector, target, ...counts });

  const tickAfter = (delayMs: number): void => {
    cancelTick();
    if (!isStopped) cancelTick = clock.after(delayMs, tick);
  };

  const run = async (): Promise<void> => {
    const deadline = new AbortController();
    running = deadline;
    const message = `${collector} at ${target.name}: no complete answer within its deadline of ${timeoutMs} ms`;
    const cancelDeadline = clock.after(timeoutMs, () => deadline.abort(new SourceError('timeout', message)));
    const startedMs = clock.monotonicMs();
    counts.lastAttemptAtMs = clock.wallMs();
    const ended = (): void => {
      counts.attempts += 1;
      counts.durationMs = clock.monotonicMs() - startedMs;
    };
    try {
      const result = await Promise.race([ports.collect(deadline.signal), aborted(deadline.signal)]);
      if (isStopped) return;
      if (isSkipped(result)) {
        increment(counts.skipped, result.skipped);
        tickAfter(Math.min(waitMs, intervalMs));
      } else {
        ports.onTaken(result);
        ended();
        const { setAside = {}, skippedParts = [] } = result.reading;
        Object.assign(counts, { up: true, lastError: undefined, setAside, skippedParts });
        counts.lastSuccessAtMs = clock.wallMs();
      }
    } catch (thrown) {
      ended();
      // Requests that ran beside the one that failed would go on without a deadline.
      deadline.abort(thrown);
      counts.lastError = asSourceError(thrown);
      counts.up = false;
      increment(counts.failures, counts.lastError.reason);
    } finally {
      cancelDeadline();
      running = undefined;
      if (!isStopped) ports.onEnd(status());
    }
  };

  function tick(): void {
    tickAfter(intervalMs * (1 + jitterRatio * (2 * random() - 1)));
    if (running === undefined) void run();
    else increment(counts.skipped, 'still_running');
  }

  tickAfter(random() * Math.min(firstSpreadMs, intervalMs));
  return {
    status,
    stop: () => {
      isStopped = true;
      cancelTick();
      running?.abort(new SourceError('timeout', `${collector} at ${target.name}: stopped`));
    },
  };
}
