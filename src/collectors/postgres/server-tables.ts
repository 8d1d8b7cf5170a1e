import { type StatColumn, type StatTable, selectable } from './stat-table.ts';

/** From this version on checkpoints have their own view. */
const ownCheckpointer = 170_000;

function column(
  type: StatColumn['type'],
  name: string,
  help: string,
  sql: StatColumn['sql'],
  whenNull: StatColumn['whenNull'] = 'nan',
): StatColumn {
  return { name, type, help, sql, whenNull, labels: [] };
}

const epoch = (expression: string) => `pg_catalog.floor(extract(epoch FROM ${expression}))`;

/** `pg_stat_archiver`. */
export const archiver: StatTable = {
  part: 'archiver',
  needs: () => [selectable('pg_stat_archiver')],
  texts: {},
  from: () => 'pg_catalog.pg_stat_archiver',
  cardinality: 'cluster',
  columns: [
    column('counter', 'pg_stat_archiver_archived_count', 'WAL files archived.', () => 'archived_count'),
    column(
      'counter',
      'pg_stat_archiver_failed_count',
      'Failed attempts to archive a WAL file.',
      () => 'failed_count',
    ),
    column(
      'gauge',
      'pg_stat_archiver_last_archive_age',
      'Seconds since a WAL file was last archived; NaN for never.',
      () => 'extract(epoch FROM pg_catalog.now() - last_archived_time)',
    ),
  ],
};

/** A figure of `pg_stat_bgwriter`; `movedTo` is where `pg_stat_checkpointer` has it since 17. */
function background(name: string, help: string, before: string, movedTo?: string): StatColumn {
  return column('counter', `pg_stat_bgwriter_${name}_total`, help, (serverVersion) =>
    serverVersion < ownCheckpointer ? `b.${before}` : movedTo,
  );
}

/**
 * `pg_stat_bgwriter`. Since 17 what it said of checkpoints is in `pg_stat_checkpointer` and is given under the old names
 * as well; what it said of backends is in `pg_stat_io` in other units and is absent.
 */
export const backgroundWriter: StatTable = {
  part: 'background_writer',
  needs: (serverVersion) => [
    selectable('pg_stat_bgwriter'),
    ...(serverVersion < ownCheckpointer ? [] : [selectable('pg_stat_checkpointer')]),
  ],
  texts: {},
  from: (serverVersion) =>
    serverVersion < ownCheckpointer
      ? 'pg_catalog.pg_stat_bgwriter b'
      : 'pg_catalog.pg_stat_bgwriter b CROSS JOIN pg_catalog.pg_stat_checkpointer c',
  cardinality: 'cluster',
  columns: [
    background('checkpoints_timed', 'Checkpoints that were due.', 'checkpoints_timed', 'c.num_timed'),
    background('checkpoints_req', 'Checkpoints that were asked for.', 'checkpoints_req', 'c.num_requested'),
    background(
      'checkpoint_write_time',
      'Milliseconds that checkpoints spent writing files.',
      'checkpoint_write_time',
      'c.write_time',
    ),
    background(
      'checkpoint_sync_time',
      'Milliseconds that checkpoints spent syncing files.',
      'checkpoint_sync_time',
      'c.sync_time',
    ),
    background(
      'buffers_checkpoint',
      'Buffers that checkpoints wrote.',
      'buffers_checkpoint',
      'c.buffers_written',
    ),
    background(
      'buffers_clean',
      'Buffers that the background writer wrote.',
      'buffers_clean',
      'b.buffers_clean',
    ),
    background(
      'maxwritten_clean',
      'Scans that the background writer broke off because it had written enough.',
      'maxwritten_clean',
      'b.maxwritten_clean',
    ),
    background('buffers_backend', 'Buffers that backends wrote themselves.', 'buffers_backend'),
    background('buffers_backend_fsync', 'Syncs that backends had to do themselves.', 'buffers_backend_fsync'),
    background('buffers_alloc', 'Buffers allocated.', 'buffers_alloc', 'b.buffers_alloc'),
    column(
      'counter',
      'pg_stat_bgwriter_stats_reset_total',
      'When these statistics were last reset, seconds since 1970.',
      () => epoch('b.stats_reset'),
    ),
  ],
};

function checkpoint(name: string, help: string, sql: string): StatColumn {
  return column('counter', `pg_stat_checkpointer_${name}_total`, help, () => sql, 'absent');
}

/** `pg_stat_checkpointer`, since 17. */
export const checkpointer: StatTable = {
  part: 'checkpointer',
  needs: () => [selectable('pg_stat_checkpointer')],
  texts: {},
  from: (serverVersion) => (serverVersion < ownCheckpointer ? undefined : 'pg_catalog.pg_stat_checkpointer'),
  cardinality: 'cluster',
  columns: [
    checkpoint('num_timed', 'Checkpoints that were due.', 'num_timed'),
    checkpoint('num_requested', 'Checkpoints that were asked for.', 'num_requested'),
    checkpoint('restartpoints_timed', 'Restartpoints that were due.', 'restartpoints_timed'),
    checkpoint('restartpoints_req', 'Restartpoints that were asked for.', 'restartpoints_req'),
    checkpoint('restartpoints_done', 'Restartpoints that were made.', 'restartpoints_done'),
    checkpoint('write_time', 'Milliseconds spent writing files.', 'write_time'),
    checkpoint('sync_time', 'Milliseconds spent syncing files.', 'sync_time'),
    checkpoint('buffers_written', 'Buffers written.', 'buffers_written'),
    checkpoint(
      'stats_reset',
      'When these statistics were last reset, seconds since 1970.',
      epoch('stats_reset'),
    ),
  ],
};

/** The WAL folder. Only pg_monitor may look into it. */
export const wal: StatTable = {
  part: 'wal',
  needs: () => ["pg_catalog.has_function_privilege('pg_catalog.pg_ls_waldir()', 'EXECUTE')"],
  texts: {},
  from: () => "pg_catalog.pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'",
  cardinality: 'cluster',
  columns: [
    column('gauge', 'pg_wal_segments', 'WAL files in the WAL folder.', () => 'pg_catalog.count(*)', 'absent'),
    column(
      'gauge',
      'pg_wal_size_bytes',
      'Size of the WAL files in the WAL folder.',
      () => 'pg_catalog.sum(size)',
      'absent',
    ),
  ],
};
