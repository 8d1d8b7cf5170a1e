import type { Clock } from '../../src/clock.ts';

/** A clock that moves only when told to. Waits fire in order, each with the promises it set off settled. */
export interface ManualClock extends Clock {
  /** Moves both clocks by `ms`. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock alone, as setting the system time does. */
  jump(ms: number): void;
  /** Waits that are set and have not fired. */
  pending(): number;
}

/** Lets promise chains run out; real I/O is not waited for. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

export function manualClock(startWallMs = Date.UTC(2026, 10, 22)): ManualClock {
  let nowMs = 0;
  let offsetMs = startWallMs;
  const waits = new Set<{ atMs: number; run: () => void }>();

  const nextBefore = (endMs: number) =>
    [...waits].filter((wait) => wait.atMs <= endMs).sort((left, right) => left.atMs - right.atMs)[0];

  return {
    wallMs: () => offsetMs + nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      const wait = { atMs: nowMs + delayMs, run };
      waits.add(wait);
      return () => waits.delete(wait);
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      for (let wait = nextBefore(endMs); wait !== undefined; wait = nextBefore(endMs)) {
        waits.delete(wait);
        nowMs = Math.max(nowMs, wait.atMs);
        wait.run();
        await settle();
      }
      nowMs = endMs;
      await settle();
    },
    jump(ms) {
      offsetMs += ms;
    },
    pending: () => waits.size,
  };
}
