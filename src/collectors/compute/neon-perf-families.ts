import { type Family, family, type Sample } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import type { TargetReading } from '../collector.ts';
import type { ComputeHealthReading } from './compute-health-reading.ts';

type Input = TargetReading<ComputeHealthReading>;

/** A row of `neon_perf_counters` by Neon's name for it; none when this compute does not have it. */
function perf(metric: string, perUnit = 1) {
  return ({ target, reading }: Input) => {
    const value = reading.neon?.perf?.values.get(metric);
    return value === undefined ? [] : [sample({ compute: target.name }, value / perUnit)];
  };
}

const shape = { labels: ['compute'], cardinality: 'node' } as const;

const counters: Family<Input, 'compute'>[] = [
  family({
    ...shape,
    name: 'neon_compute_getpage_prefetch_requests_total',
    type: 'counter',
    help: 'Pages that backends of a compute asked a pageserver for ahead of need.',
    samples: perf('getpage_prefetch_requests_total'),
  }),
  family({
    ...shape,
    name: 'neon_compute_getpage_sync_requests_total',
    type: 'counter',
    help: 'Pages that backends of a compute asked a pageserver for and waited.',
    samples: perf('getpage_sync_requests_total'),
  }),
  family({
    ...shape,
    name: 'neon_compute_getpage_prefetch_misses_total',
    type: 'counter',
    help: 'Page reads for which no prefetch was there, or one that could not be used.',
    samples: perf('getpage_prefetch_misses_total'),
  }),
  family({
    ...shape,
    name: 'neon_compute_getpage_prefetch_discards_total',
    type: 'counter',
    help: 'Prefetched pages that were thrown away unused.',
    samples: perf('getpage_prefetch_discards_total'),
  }),
  family({
    ...shape,
    name: 'neon_compute_getpage_stuck_requests_total',
    type: 'counter',
    help: 'Page requests that a pageserver left without an answer for longer than neon.pageserver_response_log_timeout.',
    samples: perf('compute_getpage_stuck_requests_total'),
  }),
  family({
    ...shape,
    name: 'neon_compute_pageserver_requests_sent_total',
    type: 'counter',
    help: 'Requests of every kind that a compute sent to its pageservers.',
    samples: perf('pageserver_requests_sent_total'),
  }),
  family({
    ...shape,
    name: 'neon_compute_pageserver_disconnects_total',
    type: 'counter',
    help: 'Times that a backend lost its connection to a pageserver and had to connect again.',
    samples: perf('pageserver_disconnects_total'),
  }),
  family({
    ...shape,
    name: 'neon_compute_pageserver_send_flushes_total',
    type: 'counter',
    help: 'Times that requests were flushed to a pageserver; several prefetches share one.',
    samples: perf('pageserver_send_flushes_total'),
  }),
];

const gauges: Family<Input, 'compute'>[] = [
  family({
    ...shape,
    name: 'neon_compute_getpage_max_stuck_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'For how long the oldest page request that is still without an answer has been waiting.',
    samples: perf('compute_getpage_max_inflight_stuck_time_ms', 1000),
  }),
  family({
    ...shape,
    name: 'neon_compute_pageserver_open_requests',
    type: 'gauge',
    help: 'Requests of a compute that its pageservers have not answered yet.',
    samples: perf('pageserver_open_requests'),
  }),
  family({
    ...shape,
    name: 'neon_compute_getpage_prefetches_buffered',
    type: 'gauge',
    help: 'Prefetched pages that lie unused in the backends of a compute.',
    samples: perf('getpage_prefetches_buffered'),
  }),
  family({
    ...shape,
    name: 'neon_compute_safekeepers_configured',
    type: 'gauge',
    help: 'Safekeepers that the WAL proposer of a compute was given; only in lakebase mode.',
    samples: perf('num_configured_safekeepers'),
  }),
  family({
    ...shape,
    name: 'neon_compute_safekeepers_active',
    type: 'gauge',
    help: 'Safekeepers that the WAL proposer of a compute streams to; only in lakebase mode.',
    samples: perf('num_active_safekeepers'),
  }),
];

/** Rows that a compute has in lakebase mode only, by the `kind` they get. */
const corruptionRows = {
  index: 'sql_index_corruption_count',
  data: 'sql_data_corruption_count',
  internal_error: 'sql_internal_error_count',
} as const;

const corruptions = family({
  name: 'neon_compute_corruption_errors_total',
  type: 'counter',
  help: 'Errors of a compute that tell of corruption, by kind; only in lakebase mode.',
  labels: ['compute', 'kind'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const [kind, metric] of Object.entries(corruptionRows)) {
      const value = reading.neon?.perf?.values.get(metric);
      if (value !== undefined) yield sample({ compute: target.name, kind }, value);
    }
  },
});

/** The samples of a histogram: its buckets, its sum, its count, which is that of the last bucket. */
function histogram(metric: string) {
  return function* ({ target, reading }: Input): Generator<Sample<'compute' | 'le'>> {
    const known = reading.neon?.perf?.histograms.get(metric);
    const last = known?.buckets.at(-1);
    if (known === undefined || last === undefined) return;
    const compute = target.name;
    for (const { le, count } of known.buckets) {
      yield { labels: { compute, le }, value: count, suffix: '_bucket' };
    }
    yield { labels: { compute, le: '' }, value: known.sum, suffix: '_sum' };
    yield { labels: { compute, le: '' }, value: last.count, suffix: '_count' };
  };
}

const histogramShape = {
  type: 'histogram',
  unit: 'seconds',
  labels: ['compute', 'le'],
  cardinality: 'node',
} as const;

const histograms: Family<Input, 'compute' | 'le'>[] = [
  family({
    ...histogramShape,
    name: 'neon_compute_getpage_wait_seconds',
    help: 'For how long a read of a page waited for a pageserver.',
    samples: histogram('getpage_wait_seconds'),
  }),
  family({
    ...histogramShape,
    name: 'neon_compute_lfc_read_wait_seconds',
    help: 'For how long a read from the local file cache took.',
    samples: histogram('file_cache_read_wait_seconds'),
  }),
  family({
    ...histogramShape,
    name: 'neon_compute_lfc_write_wait_seconds',
    help: 'For how long a write to the local file cache took.',
    samples: histogram('file_cache_write_wait_seconds'),
  }),
  family({
    ...histogramShape,
    name: 'neon_compute_query_time_seconds',
    help: 'For how long a query was executed.',
    samples: histogram('query_time_seconds'),
  }),
];

export const perfFamilies = [...counters, ...gauges, corruptions, ...histograms];
