import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { JsonSplitter, type SplitterOptions } from './json-splitter.ts';

/** Longest stretch of work between two turns of the event loop. */
const maxStretchMs = 8;
/** Keeps the search for one element's end short, whatever the size of the chunk it is in. */
const maxScanBytes = 64 * 1024;

interface JsonListOptions extends SplitterOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Lets timers and sockets have their turn. */
  readonly yieldToLoop?: () => Promise<unknown>;
}

/**
 * The elements of one long JSON array, parsed one at a time as the bytes arrive. Lets the event loop turn after
 * every 8 ms of work, the consumer's work on each element included; so no other collector, and no scrape, waits for it.
 * Throws `SourceError` (`malformed`, `too_large`) when the text is not one whole JSON value with an array in the named place.
 */
export async function* jsonListElements(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: JsonListOptions,
): AsyncGenerator<unknown, void, undefined> {
  const { clock, yieldToLoop = () => nextTurn() } = options;
  const splitter = new JsonSplitter(options);
  let stretchStartMs = clock.monotonicMs();
  const rest = async () => {
    if (clock.monotonicMs() - stretchStartMs < maxStretchMs) return;
    await yieldToLoop();
    stretchStartMs = clock.monotonicMs();
  };
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += maxScanBytes) {
      for (const element of splitter.push(chunk.subarray(from, from + maxScanBytes))) {
        yield element;
        await rest();
      }
      await rest();
    }
  }
  splitter.finish();
}
