import type { Format } from './exposition.ts';
import type { Snapshot } from './snapshot.ts';
import { createSnapshotBuilder, type SnapshotBuilderOptions } from './snapshot-builder.ts';

/** Builds may take this share of the time: after one of 100 ms the next waits 2 s. */
const spacingPerCost = 20;

export interface PublisherOptions extends SnapshotBuilderOptions {
  /** Least time from the end of a build to the next. Default 1 s. */
  readonly minSpacingMs?: number;
  /** A build happens this often even when nothing changed, so that the process's own metrics move. Default 15 s. */
  readonly refreshMs?: number;
  /** A snapshot older than this is not served: builds must have been failing all that time. Default 5 min. */
  readonly maxAgeMs?: number;
}

/** Owns the current snapshot. Builds are single, spaced, and off every scrape's path; the swap is one assignment. */
export interface Publisher {
  /** Something to render has changed. Cheap; many calls make one build. */
  markDirty(): void;
  /** The newest snapshot; undefined before the first, and when the newest is older than `maxAgeMs`. */
  current(): Snapshot | undefined;
  /** Somebody would take this format compressed: snapshots from the next on have it. */
  wantGzip(format: Format): void;
  /** Builds at once, from what the sources say after this call. Resolves even when the build fails. */
  publishNow(): Promise<void>;
  /** No further build begins. */
  stop(): void;
}

export function createPublisher(options: PublisherOptions): Publisher {
  const { clock, minSpacingMs = 1_000, refreshMs = 15_000, maxAgeMs = 300_000 } = options;
  const builder = createSnapshotBuilder(options);
  let current: Snapshot | undefined;
  let publishedMs = Number.NEGATIVE_INFINITY;
  let finishedMs = Number.NEGATIVE_INFINITY;
  let building: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  let isDirty = false;
  let isStopped = false;
  let armedForMs = Number.POSITIVE_INFINITY;
  let disarm = (): void => undefined;

  async function build(): Promise<void> {
    const built = await builder.build();
    finishedMs = clock.monotonicMs();
    building = undefined;
    if (built !== undefined) {
      current = built;
      publishedMs = finishedMs;
    }
    schedule();
  }

  function start(): Promise<void> {
    cancelTimer();
    isDirty = false;
    building = build();
    return building;
  }

  async function follow(former: Promise<void>): Promise<void> {
    await former;
    following = undefined;
    // Somebody else may have started one in the meantime, which is then late enough for this call too.
    if (!isStopped) await (building ?? start());
  }

  /** Arms the timer, or moves it forward; a build under way schedules when it ends. */
  function schedule(): void {
    if (isStopped || building !== undefined) return;
    const spacingMs = Math.max(minSpacingMs, spacingPerCost * builder.lastBuildMs());
    const dueMs = finishedMs + (isDirty ? spacingMs : Math.max(spacingMs, refreshMs));
    if (dueMs >= armedForMs) return;
    cancelTimer();
    armedForMs = dueMs;
    disarm = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => void start());
  }

  function cancelTimer(): void {
    disarm();
    armedForMs = Number.POSITIVE_INFINITY;
  }

  return {
    markDirty() {
      isDirty = true;
      schedule();
    },
    current: () => (clock.monotonicMs() - publishedMs <= maxAgeMs ? current : undefined),
    wantGzip: (format) => builder.wantGzip(format),
    async publishNow() {
      if (isStopped) return;
      if (building === undefined) return start();
      // What is being built now may have been read before this call.
      following ??= follow(building);
      return following;
    },
    stop() {
      isStopped = true;
      cancelTimer();
    },
  };
}
