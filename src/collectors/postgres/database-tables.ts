import { type StatColumn, type StatTable, selectable } from './stat-table.ts';

const labels = ['datid', 'datname'];
const since = (version: number, sql: string) => (serverVersion: number) =>
  serverVersion >= version ? sql : undefined;

/** A column of the view as postgres_exporter 0.11.1 gives it: prefix and column name are the name of the family. */
function plain(prefix: string, type: StatColumn['type'], fromVersion = 0) {
  return (column: string, help: string, sql = `s.${column}`): StatColumn => ({
    name: `${prefix}_${column}`,
    type,
    help,
    sql: since(fromVersion, sql),
    whenNull: 'nan',
    labels,
  });
}

const gauge = plain('pg_stat_database', 'gauge');
const counter = plain('pg_stat_database', 'counter');
/** Columns that 0.11.1 does not know and passes on as they are. */
const untyped = plain('pg_stat_database', 'unknown');
const untyped18 = plain('pg_stat_database', 'unknown', 180_000);
const conflict = plain('pg_stat_database_conflicts', 'counter');

const epoch = (column: string) => `pg_catalog.floor(extract(epoch FROM s.${column}))`;

/** Statistics of a database that was dropped halfway tell nothing. */
const validOnly = (datid: string) =>
  `WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database d WHERE d.oid = ${datid} AND d.datconnlimit = -2)`;

/** `pg_stat_database`; the row with datid 0 and no name is for what databases share. */
export const databaseStatistics: StatTable = {
  part: 'database_statistics',
  needs: () => [selectable('pg_stat_database')],
  texts: { datid: 's.datid', datname: 's.datname' },
  from: () => `pg_catalog.pg_stat_database s ${validOnly('s.datid')}`,
  cardinality: 'node',
  columns: [
    gauge('numbackends', 'Backends connected to this database.'),
    counter('xact_commit', 'Transactions of this database that were committed.'),
    counter('xact_rollback', 'Transactions of this database that were rolled back.'),
    counter('blks_read', 'Blocks of this database that were read from disk.'),
    counter('blks_hit', 'Blocks of this database that were found in the buffer cache.'),
    counter('tup_returned', 'Rows that scans of this database went over.'),
    counter('tup_fetched', 'Rows that index scans of this database fetched.'),
    counter('tup_inserted', 'Rows inserted in this database.'),
    counter('tup_updated', 'Rows updated in this database.'),
    counter('tup_deleted', 'Rows deleted in this database.'),
    counter(
      'conflicts',
      'Queries of this database cancelled because of a conflict with recovery; on replicas only.',
    ),
    counter('temp_files', 'Temporary files that queries of this database made.'),
    counter('temp_bytes', 'Bytes that queries of this database wrote to temporary files.'),
    counter('deadlocks', 'Deadlocks detected in this database.'),
    counter('blk_read_time', 'Milliseconds spent reading blocks, with track_io_timing.'),
    counter('blk_write_time', 'Milliseconds spent writing blocks, with track_io_timing.'),
    counter(
      'stats_reset',
      'When these statistics were last reset, seconds since 1970; NaN for never.',
      epoch('stats_reset'),
    ),
    untyped('checksum_failures', 'Blocks with a wrong checksum; NaN without checksums.'),
    untyped(
      'checksum_last_failure',
      'When a block with a wrong checksum was last found, seconds since 1970; NaN for never.',
      epoch('checksum_last_failure'),
    ),
    untyped('session_time', 'Milliseconds that sessions have spent in this database.'),
    untyped('active_time', 'Milliseconds that statements have run in this database.'),
    untyped('idle_in_transaction_time', 'Milliseconds that sessions have idled in a transaction.'),
    untyped('sessions', 'Sessions begun in this database.'),
    untyped('sessions_abandoned', 'Sessions that ended because the client was lost.'),
    untyped('sessions_fatal', 'Sessions that ended in a fatal error.'),
    untyped('sessions_killed', 'Sessions that an operator ended.'),
    untyped18('parallel_workers_to_launch', 'Parallel workers that queries planned to launch.'),
    untyped18('parallel_workers_launched', 'Parallel workers that queries launched.'),
    {
      name: 'pg_stat_database_active_time_seconds_total',
      type: 'counter',
      help: 'Time that statements have run in this database.',
      sql: () => 's.active_time / 1000',
      whenNull: 'absent',
      labels,
    },
  ],
};

/** `pg_stat_database_conflicts`. */
export const databaseConflicts: StatTable = {
  part: 'database_conflicts',
  needs: () => [selectable('pg_stat_database_conflicts')],
  texts: { datid: 's.datid', datname: 's.datname' },
  from: () => `pg_catalog.pg_stat_database_conflicts s ${validOnly('s.datid')}`,
  cardinality: 'node',
  columns: [
    conflict('confl_tablespace', 'Queries cancelled because a tablespace was dropped.'),
    conflict('confl_lock', 'Queries cancelled because of a lock timeout.'),
    conflict('confl_snapshot', 'Queries cancelled because of an old snapshot.'),
    conflict('confl_bufferpin', 'Queries cancelled because of a pinned buffer.'),
    conflict('confl_deadlock', 'Queries cancelled because of a deadlock.'),
    plain(
      'pg_stat_database_conflicts',
      'unknown',
      160_000,
    )(
      'confl_active_logicalslot',
      'Uses of logical slots cancelled because of an old snapshot or a too low wal_level.',
    ),
  ],
};

/**
 * How far each database is from running out of ids. The names are postgres_exporter's (0.14 and later, off by default
 * there); the figures are counts, not seconds.
 */
export const databaseWraparound: StatTable = {
  part: 'wraparound',
  needs: () => [selectable('pg_database')],
  texts: { datname: 'd.datname' },
  // A database that was dropped halfway cannot be vacuumed and holds nothing back.
  from: () => 'pg_catalog.pg_database d WHERE d.datconnlimit <> -2',
  cardinality: 'node',
  columns: [
    {
      name: 'pg_database_wraparound_age_datfrozenxid_seconds',
      type: 'gauge',
      help: 'Age of the oldest transaction id of this database that is not frozen, in transactions.',
      sql: () => 'pg_catalog.age(d.datfrozenxid)',
      whenNull: 'absent',
      labels: ['datname'],
    },
    {
      name: 'pg_database_wraparound_age_datminmxid_seconds',
      type: 'gauge',
      help: 'Age of the oldest multixact id of this database that is not replaced, in multixacts.',
      sql: () => 'pg_catalog.mxid_age(d.datminmxid)',
      whenNull: 'absent',
      labels: ['datname'],
    },
  ],
};
