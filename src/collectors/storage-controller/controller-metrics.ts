import { SourceError } from '../../errors.ts';
import { family } from '../../metrics/family.ts';
import { flag, sample, stateValues } from '../../metrics/samples.ts';
import type { MetricsAnswer, WantedMetrics } from '../../sources/json-reader.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';
import { idOf, metricById, metricByLabel, metricInstantMs, metricTotal } from '../metric-values.ts';
import { countSetAside } from '../set-aside.ts';

/** A reconcile that has gone on for more than 120 s; the controller forgets the series when it ends. */
interface LongRunningReconcile {
  readonly tenantId: string;
  /** Undefined: the page gave none that is a number. */
  readonly shardNumber?: number | undefined;
  /** Tells the reconciles of one shard apart. */
  readonly sequence: string;
}

/**
 * What one process of the controller counts; all of it starts anew when it starts. Undefined: the page does not say. A
 * map has only what the page has: a counter that was never raised is mostly not there.
 */
export interface ControllerMetricsReading extends ReadingBase {
  readonly startedAtMs?: number | undefined;
  /** `leader`, `stepped_down` or `candidate`. */
  readonly leadership?: string | undefined;
  /** Reconciles that ended, by status: `ok`, `ok_no_notify` (the hook failed), `error`, `cancel`. */
  readonly reconcileComplete: ReadonlyMap<string, number>;
  readonly reconcileSpawned?: number | undefined;
  readonly longRunning: readonly LongRunningReconcile[];
  /** Shards that wait because too many others are reconciled. */
  readonly pendingReconciles?: number | undefined;
  /** Shards whose reconcile failed ten times or more in a row. */
  readonly stuckReconciles?: number | undefined;
  /** Shards attached outside the zone that they prefer. */
  readonly azViolations?: number | undefined;
  /** By `error_type`, over all operations: `query`, `connection`, `connection_pool`, `logical`, `migration`, `cas`. */
  readonly databaseQueryErrors: ReadonlyMap<string, number>;
  /** By node id. */
  readonly pageserverRequestErrors: ReadonlyMap<number, number>;
  /** By safekeeper id. */
  readonly safekeeperRequestErrors: ReadonlyMap<number, number>;
}

type Input = TargetReading<ControllerMetricsReading>;

const leaderships = ['leader', 'stepped_down', 'candidate'] as const;

/** A value of the reading as one sample; none when the page did not give it. */
function perInstance(pick: (reading: ControllerMetricsReading) => number | undefined) {
  return ({ target, reading }: Input) => {
    const value = pick(reading);
    return value === undefined ? [] : [sample({ target: target.name }, value)];
  };
}

/** One sample for each entry of a map, with its key as a label. */
function perKey<const Label extends string>(
  label: Label,
  pick: (reading: ControllerMetricsReading) => ReadonlyMap<string | number, number>,
) {
  return ({ target, reading }: Input) =>
    [...pick(reading)].map(([key, value]) => {
      const labels = { target: target.name, [label]: String(key) };
      // A computed key widens to string.
      return sample(labels as Record<'target' | Label, string>, value);
    });
}

const shape = { labels: ['target'], cardinality: 'cluster' } as const;

const started = family({
  ...shape,
  name: 'neon_storage_controller_start_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When this process of the storage controller started; what it keeps in memory alone is lost at a start.',
  samples: perInstance(({ startedAtMs }) => (startedAtMs === undefined ? undefined : startedAtMs / 1000)),
});

const leadership = family({
  name: 'neon_storage_controller_leadership',
  type: 'gauge',
  help: 'What this process of the storage controller believes to be: 1 for the present state, 0 for the others.',
  labels: ['target', 'status'],
  cardinality: 'cluster',
  samples: ({ target, reading: { leadership: present } }: Input) =>
    present === undefined
      ? []
      : stateValues(leaderships, present).map((status) =>
          sample({ target: target.name, status }, flag(status === present)),
        ),
});

const reconciles = family({
  name: 'neon_storage_controller_reconciles_total',
  type: 'counter',
  help: 'Reconciles that ended, by status; ok_no_notify moved the shard and could not tell its compute: the hook fails.',
  labels: ['target', 'status'],
  cardinality: 'cluster',
  samples: perKey('status', (reading) => reading.reconcileComplete),
});

const spawned = family({
  ...shape,
  name: 'neon_storage_controller_reconciles_spawned_total',
  type: 'counter',
  help: 'Reconciles that were begun.',
  samples: perInstance((reading) => reading.reconcileSpawned),
});

const longRunning = family({
  ...shape,
  name: 'neon_storage_controller_long_running_reconciles',
  type: 'gauge',
  help: 'Reconciles that have gone on for more than two minutes.',
  samples: perInstance((reading) => reading.longRunning.length),
});

const pending = family({
  ...shape,
  name: 'neon_storage_controller_pending_reconciles',
  type: 'gauge',
  help: 'Shards that wait for a reconcile because too many others have one.',
  samples: perInstance((reading) => reading.pendingReconciles),
});

const stuck = family({
  ...shape,
  name: 'neon_storage_controller_stuck_reconciles',
  type: 'gauge',
  help: 'Shards whose reconcile failed ten times or more in a row; the optimizer leaves them out.',
  samples: perInstance((reading) => reading.stuckReconciles),
});

const azViolations = family({
  ...shape,
  name: 'neon_storage_controller_az_violations',
  type: 'gauge',
  help: 'Shards that the storage controller counts as not scheduled into the zone that they prefer.',
  samples: perInstance((reading) => reading.azViolations),
});

const databaseErrors = family({
  name: 'neon_storage_controller_database_query_errors_total',
  type: 'counter',
  help: 'Failed queries of the storage controller to its database by kind of error, over all operations; absent until the first.',
  labels: ['target', 'error_type'],
  cardinality: 'cluster',
  samples: perKey('error_type', (reading) => reading.databaseQueryErrors),
});

const pageserverErrors = family({
  name: 'neon_storage_controller_pageserver_request_errors_total',
  type: 'counter',
  help: 'Failed requests of the storage controller to a pageserver, over all routes; absent until the first.',
  labels: ['target', 'node_id'],
  cardinality: 'node',
  samples: perKey('node_id', (reading) => reading.pageserverRequestErrors),
});

const safekeeperErrors = family({
  name: 'neon_storage_controller_safekeeper_request_errors_total',
  type: 'counter',
  help: 'Failed requests of the storage controller to a safekeeper, over all routes; absent until the first.',
  labels: ['target', 'safekeeper_id'],
  cardinality: 'node',
  samples: perKey('safekeeper_id', (reading) => reading.safekeeperRequestErrors),
});

/** Contract 1.5. On the wire the counters have no `_total`. */
const wanted = {
  process_start_time_seconds: [],
  storage_controller_reconcile_complete: ['status'],
  storage_controller_reconcile_spawn: [],
  storage_controller_reconcile_long_running: ['tenant_id', 'shard_number', 'sequence'],
  storage_controller_pending_reconciles: [],
  storage_controller_stuck_reconciles: [],
  storage_controller_schedule_az_violation: [],
  storage_controller_database_query_error: ['error_type'],
  storage_controller_pageserver_request_error: ['pageserver_id'],
  storage_controller_safekeeper_request_error: ['safekeeper_id'],
  storage_controller_leadership_status: ['status'],
} as const satisfies WantedMetrics;

function longRunningOf({ families }: MetricsAnswer): LongRunningReconcile[] {
  const samples = families.get('storage_controller_reconcile_long_running') ?? [];
  return samples.map(({ labels }) => ({
    tenantId: labels['tenant_id'] ?? '',
    shardNumber: idOf(labels['shard_number'] ?? ''),
    sequence: labels['sequence'] ?? '',
  }));
}

/** Exactly one of the states is 1; otherwise it is unknown. */
function leadershipOf(answer: MetricsAnswer): string | undefined {
  const states = [...metricByLabel(answer, 'storage_controller_leadership_status', 'status')];
  const present = states.filter(([, value]) => value === 1).map(([state]) => state);
  return present.length === 1 ? present[0] : undefined;
}

/** `GET /metrics` needs no token and is never forwarded to the leader, so each process of the controller is asked. */
export const controllerMetrics = {
  name: 'controller_metrics',
  summary: 'What each process of the storage controller counts: reconciles, failed requests, leadership.',
  kind: 'controller_instance',
  families: [
    started,
    leadership,
    reconciles,
    spawned,
    longRunning,
    pending,
    stuck,
    azViolations,
    databaseErrors,
    pageserverErrors,
    safekeeperErrors,
  ],
  async collect({ http, target, signal }): Promise<ControllerMetricsReading> {
    const answer = await http.getMetrics('/metrics', wanted, signal);
    if (![...answer.families.keys()].some((name) => name.startsWith('storage_controller_'))) {
      const problem = `GET /metrics on ${target.name} has no metric of a storage controller`;
      throw new SourceError('unexpected', `${problem}; is its address right?`);
    }
    const setAside = countSetAside();
    setAside.add('bad_line', answer.badLines);
    const errorsOf = (name: string, label: string) => metricById(answer, name, label, setAside);
    return {
      startedAtMs: metricInstantMs(answer, 'process_start_time_seconds'),
      leadership: leadershipOf(answer),
      reconcileComplete: metricByLabel(answer, 'storage_controller_reconcile_complete', 'status'),
      reconcileSpawned: metricTotal(answer, 'storage_controller_reconcile_spawn'),
      longRunning: longRunningOf(answer),
      pendingReconciles: metricTotal(answer, 'storage_controller_pending_reconciles'),
      stuckReconciles: metricTotal(answer, 'storage_controller_stuck_reconciles'),
      azViolations: metricTotal(answer, 'storage_controller_schedule_az_violation'),
      databaseQueryErrors: metricByLabel(answer, 'storage_controller_database_query_error', 'error_type'),
      pageserverRequestErrors: errorsOf('storage_controller_pageserver_request_error', 'pageserver_id'),
      safekeeperRequestErrors: errorsOf('storage_controller_safekeeper_request_error', 'safekeeper_id'),
      setAside: setAside.total(),
    };
  },
} as const satisfies Collector<ControllerMetricsReading>;
