import { family } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import type { MetricsAnswer, WantedMetrics } from '../../sources/json-reader.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';
import { metricByLabel, metricTotal } from '../metric-values.ts';
import { countSetAside } from '../set-aside.ts';
import { readNodeId } from './node-id.ts';

/** What a pageserver counts; all of it starts anew when it starts. Undefined: its page does not say. */
export interface PageserverMetricsReading extends ReadingBase {
  readonly nodeId: number;
  readonly startedAtMs?: number | undefined;
  /** Pages asked for at the wrong pageserver. Some are usual while a shard moves. */
  readonly misroutedRequests?: number | undefined;
  /** Whether it is still loading its tenants. */
  readonly startupIsLoading?: boolean | undefined;
  /** Updates dropped because another pageserver holds a newer generation. */
  readonly droppedLsnUpdates?: number | undefined;
  readonly localDataLossSuspected?: boolean | undefined;
  readonly circuitBreakersBroken?: number | undefined;
  readonly circuitBreakersUnbroken?: number | undefined;
  /** Attached shards in the state Broken. */
  readonly brokenTenants?: number | undefined;
  /** Errors it has logged since its start. */
  readonly errorEvents?: number | undefined;
  /** Requests that wait for WAL to arrive. */
  readonly waitLsnInProgress?: number | undefined;
  /** Uploads of layers and indexes begun and not ended. */
  readonly uploadsInProgress?: number | undefined;
}

/** Contract 3, end. Those by timeline are added up as they arrive: there are several lines for each. */
const wanted = {
  libmetrics_launch_timestamp: [],
  libmetrics_tracing_event_count: ['level'],
  pageserver_misrouted_pagestream_requests_total: [],
  pageserver_startup_is_loading: [],
  pageserver_deletion_queue_dropped_lsn_updates_total: [],
  pageserver_local_data_loss_suspected: [],
  pageserver_circuit_breaker_broken: [],
  pageserver_circuit_breaker_unbroken: [],
  pageserver_tenant_states_count: ['state'],
  pageserver_wait_lsn_started_count: [],
  pageserver_wait_lsn_finished_count: [],
  pageserver_remote_timeline_client_calls_started: ['op_kind'],
  pageserver_remote_timeline_client_calls_finished: ['op_kind'],
} as const satisfies WantedMetrics;

function truth(value: number | undefined): boolean | undefined {
  return value === undefined ? undefined : value !== 0;
}

/** Begun less ended. A line of one may be older than a line of the other: never below zero. */
function inProgress(started: number | undefined, finished: number | undefined): number | undefined {
  return started === undefined || finished === undefined ? undefined : Math.max(0, started - finished);
}

function uploads(answer: MetricsAnswer, name: 'started' | 'finished'): number | undefined {
  const family = `pageserver_remote_timeline_client_calls_${name}`;
  return metricByLabel(answer, family, 'op_kind').get('upload');
}

/** A value of the reading as one sample per node; none when the pageserver did not give it. */
function perNode(pick: (reading: PageserverMetricsReading) => number | boolean | undefined) {
  return ({ reading }: TargetReading<PageserverMetricsReading>) => {
    const value = pick(reading);
    if (value === undefined) return [];
    return [sample({ node_id: String(reading.nodeId) }, typeof value === 'boolean' ? flag(value) : value)];
  };
}

const shape = { labels: ['node_id'], cardinality: 'node' } as const;

const started = family({
  ...shape,
  name: 'neon_pageserver_start_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When a pageserver started.',
  samples: perNode(({ startedAtMs }) => (startedAtMs === undefined ? undefined : startedAtMs / 1000)),
});

const loading = family({
  ...shape,
  name: 'neon_pageserver_loading',
  type: 'gauge',
  help: 'Whether a pageserver is still loading its tenants after a start.',
  samples: perNode((reading) => reading.startupIsLoading),
});

const misrouted = family({
  ...shape,
  name: 'neon_pageserver_misrouted_requests_total',
  type: 'counter',
  help: 'Pages that computes asked for at the wrong pageserver; some are usual while a shard moves.',
  samples: perNode((reading) => reading.misroutedRequests),
});

const dataLoss = family({
  ...shape,
  name: 'neon_pageserver_data_loss_suspected',
  type: 'gauge',
  help: 'Whether a pageserver suspects that it has lost local data.',
  samples: perNode((reading) => reading.localDataLossSuspected),
});

const breakersBroken = family({
  ...shape,
  name: 'neon_pageserver_circuit_breakers_broken_total',
  type: 'counter',
  help: 'How often a circuit breaker of a pageserver broke: compaction of a shard failed again and again.',
  samples: perNode((reading) => reading.circuitBreakersBroken),
});

const breakersMended = family({
  ...shape,
  name: 'neon_pageserver_circuit_breakers_unbroken_total',
  type: 'counter',
  help: 'How often a broken circuit breaker of a pageserver recovered.',
  samples: perNode((reading) => reading.circuitBreakersUnbroken),
});

const droppedUpdates = family({
  ...shape,
  name: 'neon_pageserver_dropped_lsn_updates_total',
  type: 'counter',
  help: 'Updates that a pageserver dropped because its generation of the shard is not the newest.',
  samples: perNode((reading) => reading.droppedLsnUpdates),
});

const broken = family({
  ...shape,
  name: 'neon_pageserver_broken_tenants',
  type: 'gauge',
  help: 'Attached shards of a pageserver in the state Broken.',
  samples: perNode((reading) => reading.brokenTenants),
});

const errorEvents = family({
  ...shape,
  name: 'neon_pageserver_error_events_total',
  type: 'counter',
  help: 'Errors that a pageserver has logged since its start.',
  samples: perNode((reading) => reading.errorEvents),
});

const waiting = family({
  ...shape,
  name: 'neon_pageserver_wait_lsn_in_progress',
  type: 'gauge',
  help: 'Requests at a pageserver that wait for WAL to arrive.',
  samples: perNode((reading) => reading.waitLsnInProgress),
});

const uploading = family({
  ...shape,
  name: 'neon_pageserver_uploads_in_progress',
  type: 'gauge',
  help: 'Uploads of a pageserver to remote storage that were begun or queued and have not ended.',
  samples: perNode((reading) => reading.uploadsInProgress),
});

function readingOf(nodeId: number, answer: MetricsAnswer): PageserverMetricsReading {
  const setAside = countSetAside();
  setAside.add('bad_line', answer.badLines);
  const total = (name: keyof typeof wanted) => metricTotal(answer, name);
  return {
    nodeId,
    startedAtMs: total('libmetrics_launch_timestamp'),
    misroutedRequests: total('pageserver_misrouted_pagestream_requests_total'),
    startupIsLoading: truth(total('pageserver_startup_is_loading')),
    droppedLsnUpdates: total('pageserver_deletion_queue_dropped_lsn_updates_total'),
    localDataLossSuspected: truth(total('pageserver_local_data_loss_suspected')),
    circuitBreakersBroken: total('pageserver_circuit_breaker_broken'),
    circuitBreakersUnbroken: total('pageserver_circuit_breaker_unbroken'),
    brokenTenants: metricByLabel(answer, 'pageserver_tenant_states_count', 'state').get('Broken'),
    errorEvents: metricByLabel(answer, 'libmetrics_tracing_event_count', 'level').get('error'),
    waitLsnInProgress: inProgress(
      total('pageserver_wait_lsn_started_count'),
      total('pageserver_wait_lsn_finished_count'),
    ),
    uploadsInProgress: inProgress(uploads(answer, 'started'), uploads(answer, 'finished')),
    setAside: setAside.total(),
  };
}

/** What a pageserver counts itself, from its metrics page, which needs no token and may be megabytes long. */
export const pageserverMetrics = {
  name: 'pageserver_metrics',
  summary: 'What each pageserver counts: misrouted requests, loading, broken shards, logged errors.',
  kind: 'pageserver',
  families: [
    started,
    loading,
    misrouted,
    dataLoss,
    breakersBroken,
    breakersMended,
    droppedUpdates,
    broken,
    errorEvents,
    waiting,
    uploading,
  ],
  async collect({ http, target, signal }): Promise<PageserverMetricsReading> {
    const nodeId = await readNodeId(http, target, signal);
    return readingOf(nodeId, await http.getMetrics('/metrics', wanted, signal));
  },
} as const satisfies Collector<PageserverMetricsReading>;
