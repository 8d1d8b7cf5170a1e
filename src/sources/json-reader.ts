import type { ZodType } from 'zod';

/** Where and how to read a long JSON list without holding up the event loop. */
export interface ListOptions {
  /** Property of the top-level object that holds the array; absent when the answer itself is the array. */
  readonly property?: string;
}

/**
 * GET requests to one target, validated at the door. Every failure is a `SourceError`
 * whose message names the URL, what was wrong and the setting that fixes it.
 */
export interface JsonReader {
  /** Reads `path` (with query) and passes the answer through `shape`, which names only the fields we use. */
  getJson<Output>(path: string, shape: ZodType<Output>, signal: AbortSignal): Promise<Output>;
  /** As `getJson` for an answer that is one long array: parsed and checked element by element, yielding in between. */
  getJsonList<Output>(
    path: string,
    element: ZodType<Output>,
    signal: AbortSignal,
    options?: ListOptions,
  ): Promise<Output[]>;
  /** The status of a route whose body says nothing (`/ready`, `/live`). Only transport failures are errors. */
  getStatus(path: string, signal: AbortSignal): Promise<number>;
}
