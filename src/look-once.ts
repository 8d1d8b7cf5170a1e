import type { Clock } from './clock.ts';
import type { JobStatus } from './collection/job.ts';
import { createSchedule } from './collection/schedule.ts';
import { createStore, type Store } from './collection/store.ts';
import { collectorPlans } from './collector-plans.ts';
import type { CollectorName } from './collectors/registry.ts';
import type { Config } from './config/schema.ts';
import { openWatched, watchedTargets } from './watched-targets.ts';

/**
 * Read twice, some seconds apart: one look at what moves proves nothing (the controller's intent flips before a move
 * is done), and counters need two.
 */
const readTwice: readonly CollectorName[] = [
  'controller_health',
  'controller_metrics',
  'nodes',
  'tenants',
  'pageserver_locations',
  'pageserver_metrics',
  'compute_settings',
];
const usuallyBetweenMs = 3_000;
/** Longer than any look at everything takes: nothing is read a third time, and nothing goes stale meanwhile. */
const onceMs = 86_400_000;
/** No interval bounds a look that is not made again; what hangs is bounded by `limits` and `sql`. */
const leastTimeoutMs = 5_000;
const pollMs = 50;

export interface LookOnceOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: () => number;
  /** What has not been read by then is left unread. */
  readonly timeoutMs: number;
  /** Between two reads of what moves; 3 seconds unless the world goes faster than the clock. */
  readonly betweenLooksMs?: number | undefined;
  /** Aborts when nobody waits for the looks any more: what is not read by then is left unread. */
  readonly signal?: AbortSignal | undefined;
  /** Called whenever every target that is known so far was read as often as it will be: once, then again at the end. */
  readonly onLooked: (look: LookedAt) => Promise<void>;
}

/** What one look at everything gave. */
export interface LookedAt {
  readonly store: Store;
  readonly statuses: readonly JobStatus[];
}

function isDone({ collector, attempts, skipped }: JobStatus, times: number): boolean {
  const wanted = readTwice.includes(collector as CollectorName) ? times : 1;
  return attempts >= wanted || (skipped.get('suspended') ?? 0) > 0;
}

/** One that waits for the locations of pageservers, of its own or of all, waits for ever when those cannot be read. */
function isInVain({ skipped, target }: JobStatus, statuses: readonly JobStatus[]): boolean {
  if ((skipped.get('waiting_for_locations') ?? 0) === 0) return false;
  const awaited = statuses.filter(
    (one) =>
      one.collector === 'pageserver_locations' &&
      (target.kind !== 'pageserver' || one.target.name === target.name),
  );
  return awaited.every(({ up }) => up === false);
}

function areDone(statuses: readonly JobStatus[], times: number): boolean {
  return statuses.every((status) => isDone(status, times) || isInVain(status, statuses));
}

/**
 * Reads every target that is configured or discovered with the very collectors of the server, once, and what moves
 * twice. No port is opened and nothing is left running.
 */
export async function lookOnce(options: LookOnceOptions): Promise<void> {
  const { config, clock, betweenLooksMs = usuallyBetweenMs } = options;
  const store = createStore(clock);
  const plans = Object.fromEntries(
    Object.entries(collectorPlans(config)).map(([name, plan]) => [
      name,
      {
        ...plan,
        intervalMs: readTwice.includes(name as CollectorName) ? betweenLooksMs : onceMs,
        timeoutMs: Math.max(plan.timeoutMs, leastTimeoutMs),
      },
    ]),
  ) as ReturnType<typeof collectorPlans>;
  const areLocationsTried = (): boolean =>
    schedule
      .statuses()
      .every(({ collector, attempts }) => collector !== 'pageserver_locations' || attempts > 0);
  const follow = (): void => schedule.watch(watchedTargets(config, store).targets);
  const schedule = createSchedule({
    plans,
    keepIntervals: Math.ceil(onceMs / betweenLooksMs),
    store,
    clock,
    random: options.random,
    open: (target) => openWatched(target, config, clock, { locations: store.locations, areLocationsTried }),
    onTaken: (collector) => {
      if (collector === 'nodes' || collector === 'safekeepers') follow();
    },
    onEnd: () => undefined,
  });
  const deadlineMs = clock.monotonicMs() + options.timeoutMs;
  follow();
  try {
    for (const times of [1, 2]) {
      const isOver = (): boolean => options.signal?.aborted === true;
      await until(clock, deadlineMs, () => isOver() || areDone(schedule.statuses(), times));
      await options.onLooked({ store, statuses: schedule.statuses() });
    }
  } finally {
    await schedule.stop();
  }
}

async function until(clock: Clock, deadlineMs: number, isReached: () => boolean): Promise<void> {
  while (!isReached() && clock.monotonicMs() < deadlineMs) {
    await new Promise<void>((resolve) => void clock.after(pollMs, resolve));
  }
}
