import type { Clock } from '../../../src/clock.ts';

/** A clock that moves only when told to, and whatever moves with it. */
export interface SimulatedClock extends Clock {
  /** Lets time pass. Waits fire in order, each with everything it set off done before the next. */
  advance(ms: number): Promise<void>;
}

interface Wait {
  readonly atMs: number;
  readonly run: () => void;
}

/** One turn of the event loop: every promise that could be settled is. There is no I/O to wait for. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** @param moved is called with each step forward, before what is due then */
export function simulatedClock(startWallMs: number, moved: (byMs: number) => void): SimulatedClock {
  let nowMs = 0;
  const waits = new Set<Wait>();

  function firstUntil(endMs: number): Wait | undefined {
    let first: Wait | undefined;
    for (const wait of waits) {
      // Of equal ones the one that was set first.
      if (wait.atMs <= endMs && (first === undefined || wait.atMs < first.atMs)) first = wait;
    }
    return first;
  }

  async function goTo(ms: number): Promise<void> {
    if (ms <= nowMs) return;
    moved(ms - nowMs);
    nowMs = ms;
    // What the world did may have answered somebody.
    await turn();
  }

  return {
    wallMs: () => startWallMs + nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      const wait = { atMs: nowMs + Math.max(0, Math.ceil(delayMs)), run };
      waits.add(wait);
      return () => void waits.delete(wait);
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      for (let wait = firstUntil(endMs); wait !== undefined; wait = firstUntil(endMs)) {
        await goTo(wait.atMs);
        if (!waits.delete(wait)) continue;
        wait.run();
        await turn();
      }
      await goTo(endMs);
    },
  };
}
