import { setImmediate } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** Work may hold the event loop this long before it lets others run. */
const breathAfterMs = 8;
/** Rows handled between two chances to breathe. */
export const rowsPerBreath = 512;

/** Lets other work run when this one has held the event loop for long enough; call it every few hundred rows. */
export type Breathe = () => Promise<void> | undefined;

/** For one piece of work, which begins now. */
export function breatheBy(clock: Pick<Clock, 'monotonicMs'>): Breathe {
  let sinceMs = clock.monotonicMs();
  return () => {
    if (clock.monotonicMs() - sinceMs < breathAfterMs) return undefined;
    return setImmediate().then(() => {
      sinceMs = clock.monotonicMs();
    });
  };
}

/** Does `work` with one item after the other, breathing in between. */
export async function eachBreathing<Item>(
  items: Iterable<Item>,
  breathe: Breathe,
  work: (item: Item) => void,
): Promise<void> {
  let done = 0;
  for (const item of items) {
    work(item);
    done += 1;
    if (done % rowsPerBreath === 0) await breathe();
  }
}
