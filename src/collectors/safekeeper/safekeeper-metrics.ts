import { family } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import type { WantedMetrics } from '../../sources/json-reader.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';
import { metricByLabel, metricInstantMs, metricTotal } from '../metric-values.ts';
import { countSetAside } from '../set-aside.ts';
import { readSafekeeperId } from './safekeeper-id.ts';

/** Undefined: its page does not say. How far its backup lags is in no metric: that takes a request for each timeline. */
export interface SafekeeperMetricsReading extends ReadingBase {
  readonly safekeeperId: number;
  readonly startedAtMs?: number | undefined;
  /** Timelines in its memory. */
  readonly timelines?: number | undefined;
  /** Errors it has logged since its start. */
  readonly errorEvents?: number | undefined;
}

const wanted = {
  process_start_time_seconds: [],
  libmetrics_tracing_event_count: ['level'],
  safekeeper_timelines: [],
} as const satisfies WantedMetrics;

function perSafekeeper(pick: (reading: SafekeeperMetricsReading) => number | undefined) {
  return ({ reading }: TargetReading<SafekeeperMetricsReading>) => {
    const value = pick(reading);
    return value === undefined ? [] : [sample({ safekeeper_id: String(reading.safekeeperId) }, value)];
  };
}

const shape = { labels: ['safekeeper_id'], cardinality: 'node' } as const;

const timelines = family({
  ...shape,
  name: 'neon_safekeeper_timelines',
  type: 'gauge',
  help: 'Timelines that a safekeeper has in memory.',
  samples: perSafekeeper((reading) => reading.timelines),
});

const errorEvents = family({
  ...shape,
  name: 'neon_safekeeper_error_events_total',
  type: 'counter',
  help: 'Errors that a safekeeper has logged since its start.',
  samples: perSafekeeper((reading) => reading.errorEvents),
});

/** What a safekeeper counts itself, from its metrics page, which needs no token. */
export const safekeeperMetrics = {
  name: 'safekeeper_metrics',
  summary: 'Timelines and logged errors of each safekeeper.',
  kind: 'safekeeper',
  families: [timelines, errorEvents],
  async collect({ http, target, signal }): Promise<SafekeeperMetricsReading> {
    const safekeeperId = await readSafekeeperId(http, target, signal);
    const metrics = await http.getMetrics('/metrics', wanted, signal);
    const setAside = countSetAside();
    setAside.add('bad_line', metrics.badLines);
    return {
      safekeeperId,
      startedAtMs: metricInstantMs(metrics, 'process_start_time_seconds'),
      timelines: metricTotal(metrics, 'safekeeper_timelines'),
      errorEvents: metricByLabel(metrics, 'libmetrics_tracing_event_count', 'level').get('error'),
      setAside: setAside.total(),
    };
  },
} as const satisfies Collector<SafekeeperMetricsReading>;
