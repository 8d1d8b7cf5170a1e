import { z } from 'zod';
import { float8, text } from '../../sources/pg-values.ts';

/** `neon_perf_counters` (pgxn/neon/neon_perf_counters.c): sums over all backends since the compute started. */
export const PerfRow = z.object({ metric: text, bucket_le: float8.nullable(), value: float8 });
export type PerfRow = z.infer<typeof PerfRow>;

/** A histogram as Prometheus has it: cumulative buckets, the last one `+Inf`. */
export interface Histogram {
  readonly buckets: readonly { readonly le: string; readonly count: number }[];
  readonly sum: number;
}

export interface PerfCounters {
  /** Plain rows by the name that Neon gave them. */
  readonly values: ReadonlyMap<string, number>;
  /** By the name before `_bucket`. */
  readonly histograms: ReadonlyMap<string, Histogram>;
  /** Histograms left out because their buckets do not add up. */
  readonly malformed: number;
}

const bucketSuffix = '_bucket';

/**
 * Puts the rows together. Neon's buckets are cumulative already (each row counts everything up to its bound), which is
 * checked and not trusted. The count of a histogram is that of its last bucket: backends count on while Neon reads, and
 * a count of its own would now and then disagree.
 */
export function perfCounters(rows: readonly PerfRow[]): PerfCounters {
  const values = new Map<string, number>();
  const buckets = new Map<string, { bound: number; count: number }[]>();
  for (const { metric, bucket_le, value } of rows) {
    if (bucket_le === null) {
      values.set(metric, value);
    } else if (metric.endsWith(bucketSuffix)) {
      const name = metric.slice(0, -bucketSuffix.length);
      const known = buckets.get(name) ?? [];
      known.push({ bound: bucket_le, count: value });
      buckets.set(name, known);
    }
  }
  const histograms = new Map<string, Histogram>();
  for (const [name, bounds] of buckets) {
    const histogram = histogramOf(bounds, values.get(`${name}_sum`), values.get(`${name}_count`));
    if (histogram !== undefined) histograms.set(name, histogram);
    values.delete(`${name}_sum`);
    values.delete(`${name}_count`);
  }
  return { values, histograms, malformed: buckets.size - histograms.size };
}

function histogramOf(
  bounds: readonly { bound: number; count: number }[],
  sum: number | undefined,
  count: number | undefined,
): Histogram | undefined {
  const sorted = [...bounds].sort((left, right) => left.bound - right.bound);
  if (sorted.at(-1)?.bound !== Number.POSITIVE_INFINITY) {
    if (count === undefined) return undefined;
    sorted.push({ bound: Number.POSITIVE_INFINITY, count });
  }
  const isCumulative = sorted.every(({ bound, count: here }, index) => {
    const before = sorted[index - 1];
    return !Number.isNaN(bound) && here >= (before?.count ?? 0) && bound !== before?.bound;
  });
  if (sum === undefined || !isCumulative) return undefined;
  return { buckets: sorted.map(({ bound, count: here }) => ({ le: canonicalLe(bound), count: here })), sum };
}

/**
 * A bucket's bound as Go and Prometheus 3 spell it, so that one bound is never two series: a whole number ends in `.0`,
 * below 0.0001 it has an exponent of two digits.
 */
export function canonicalLe(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return '+Inf';
  const [mantissa = '0', exponentText = '0'] = bound.toExponential().split('e');
  const exponent = Number(exponentText);
  if (bound !== 0 && (exponent < -4 || exponent >= 21)) {
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const plain = String(bound);
  return plain.includes('.') ? plain : `${plain}.0`;
}
