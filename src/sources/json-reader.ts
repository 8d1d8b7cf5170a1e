import type { ZodType } from 'zod';

/** Where and how to read a long JSON list without holding up the event loop. */
export interface ListOptions {
  /** Property of the top-level object that holds the array; absent when the answer itself is the array. */
  readonly property?: string;
}

/**
 * Which families of a metrics page to read, by their names on the wire (a histogram's `_count` and `_sum` are names of
 * their own), each with the labels to keep. Samples that agree in those are added up as they arrive.
 */
export type WantedMetrics = Readonly<Record<string, readonly string[]>>;

/** One sample, or the sum of those that agree in the labels that were kept. Always a finite number. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a metrics page said of the wanted families. */
export interface MetricsAnswer {
  /** By name, in the order of their first appearance; a family that is not there, or has no sample, has no entry. */
  readonly families: ReadonlyMap<string, readonly MetricSample[]>;
  /** Lines that are no exposition, or whose value is no number: left out. */
  readonly badLines: number;
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
  /**
   * Reads a metrics page (text format 0.0.4) as it arrives and keeps only the `wanted` families: a pageserver's page
   * has several lines for each timeline.
   */
  getMetrics(path: string, wanted: WantedMetrics, signal: AbortSignal): Promise<MetricsAnswer>;
}
