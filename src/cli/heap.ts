import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap grow by a quarter over what is live before it is collected, not by the double and more that V8 takes
 * otherwise: at 100,000 series that is the difference between 250 and 180 MiB, for a few percent of CPU. V8 reads this
 * flag at every collection, so it may be set while the program runs, which the size of the young generation may not.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=25');
}
