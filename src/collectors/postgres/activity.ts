import { z } from 'zod';
import { compatFamily } from '../../metrics/compat.ts';
import { sample } from '../../metrics/samples.ts';
import { count, float8, text } from '../../sources/pg-values.ts';
import type { ActivityFact, LockFact } from './postgres-reading.ts';
import { serverLabel } from './server-label.ts';
import { type Input, readsAllStats, selectable } from './stat-table.ts';

/** States and modes that are always given, with 0 for what does not occur, and none besides: as postgres_exporter does. */
const states = [
  'active',
  'idle',
  'idle in transaction',
  'idle in transaction (aborted)',
  'fastpath function call',
  'disabled',
];
const modes = [
  'accesssharelock',
  'rowsharelock',
  'rowexclusivelock',
  'shareupdateexclusivelock',
  'sharelock',
  'sharerowexclusivelock',
  'exclusivelock',
  'accessexclusivelock',
  'sireadlock',
];

/** Without pg_read_all_stats others' backends have no state: counts would be too low. */
export const activityNeeds = [selectable('pg_stat_activity'), readsAllStats];
export const locksNeeds = [selectable('pg_locks'), selectable('pg_database')];

export const activitySql = `SELECT 'activity' AS kind, datname, state AS what, pg_catalog.count(*) AS occurrences,
  coalesce(pg_catalog.max(extract(epoch FROM pg_catalog.now() - xact_start)), 0)::float8 AS longest_seconds
FROM pg_catalog.pg_stat_activity WHERE datname IS NOT NULL AND state IS NOT NULL GROUP BY datname, state`;

export const locksSql = `SELECT 'locks' AS kind, d.datname, pg_catalog.lower(l.mode) AS what,
  pg_catalog.count(*) AS occurrences, NULL::float8 AS longest_seconds
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database GROUP BY d.datname, l.mode`;

/** A row of either statement, or of both with UNION ALL. */
export const OccurrenceRow = z.object({
  kind: z.enum(['activity', 'locks']),
  datname: text,
  what: text,
  occurrences: count,
  longest_seconds: float8.nullable(),
});
type Occurrence = z.infer<typeof OccurrenceRow>;

export function activityFacts(rows: readonly Occurrence[]): readonly ActivityFact[] {
  return rows
    .filter(({ kind }) => kind === 'activity')
    .map((row) => ({
      datname: row.datname,
      state: row.what,
      count: row.occurrences,
      maxTransactionSeconds: row.longest_seconds ?? 0,
    }));
}

export function lockFacts(rows: readonly Occurrence[]): readonly LockFact[] {
  return rows
    .filter(({ kind }) => kind === 'locks')
    .map(({ datname, what, occurrences }) => ({ datname, mode: what, count: occurrences }));
}

const keyOf = (datname: string, kind: string) => `${kind}\n${datname}`;

/** A figure of every database and state; 0 for those of which no backend was seen. */
function perState(pick: (fact: ActivityFact) => number) {
  return function* samples({ target, reading: { activity, databases } }: Input) {
    if (activity === undefined || databases === undefined) return;
    const server = serverLabel(target);
    const facts = new Map(activity.map((fact) => [keyOf(fact.datname, fact.state), fact]));
    for (const datname of databases) {
      for (const state of states) {
        const fact = facts.get(keyOf(datname, state));
        yield sample({ server, datname, state }, fact === undefined ? 0 : pick(fact));
      }
    }
  };
}

const activityCount = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_stat_activity_count',
  type: 'gauge',
  help: 'Connections of a database in a state, our own included.',
  labels: ['server', 'datname', 'state'],
  cardinality: 'node',
  samples: perState((fact) => fact.count),
});

const maxTransactionDuration = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_stat_activity_max_tx_duration',
  type: 'gauge',
  help: 'Age in seconds of the oldest transaction among the connections of a database in a state; 0 without any.',
  labels: ['server', 'datname', 'state'],
  cardinality: 'node',
  samples: perState((fact) => fact.maxTransactionSeconds),
});

const lockCount = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_locks_count',
  type: 'gauge',
  help: 'Locks of a mode held or awaited in a database.',
  labels: ['datname', 'mode', 'server'],
  cardinality: 'node',
  *samples({ target, reading: { locks, databases } }: Input) {
    if (locks === undefined || databases === undefined) return;
    const server = serverLabel(target);
    const counts = new Map(locks.map((fact) => [keyOf(fact.datname, fact.mode), fact.count]));
    for (const datname of databases) {
      for (const mode of modes)
        yield sample({ datname, mode, server }, counts.get(keyOf(datname, mode)) ?? 0);
    }
  },
});

export const activityFamilies = [activityCount, maxTransactionDuration, lockCount];
