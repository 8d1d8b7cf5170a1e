import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';

/** Rows of one step. At 1.5 µs a row far below `stepMs`; the clock only matters when `samples` itself is slow. */
const stepRows = 1_000;
const stepMs = 8;
/** Reading the clock for every row would cost as much as the row. */
const rowsPerLook = 100;

/** Cuts a long build into steps so that scrapes and timers run in between. One pace serves many small slices. */
export interface Pace {
  /** Counts one row; true when the step is spent and the caller should `await rest()`. */
  spent(): boolean;
  /** Gives the event loop a turn and starts the next step. */
  rest(): Promise<void>;
}

export function createPace(clock: Clock): Pace {
  let rows = 0;
  let startedMs = clock.monotonicMs();
  return {
    spent() {
      rows += 1;
      if (rows >= stepRows) return true;
      return rows % rowsPerLook === 0 && clock.monotonicMs() - startedMs >= stepMs;
    },
    async rest() {
      await setImmediate();
      rows = 0;
      startedMs = clock.monotonicMs();
    },
  };
}
