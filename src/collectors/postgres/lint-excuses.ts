const noTotal = 'counter metrics should have "_total" suffix';
const endsInCount = 'non-histogram and non-summary metrics should not have "_count" suffix';

/**
 * What `promtool check metrics` may say of our exposition: these words of these names and nothing else, because
 * postgres_exporter named them so. An entry that promtool no longer complains of is a fault, too.
 */
const lintExcuses: Readonly<Record<string, readonly string[]>> = {
  pg_locks_count: [endsInCount],
  pg_settings_tcp_keepalives_count: [endsInCount],
  pg_settings_wal_summary_keep_time_seconds: ["metric name should not include type 'summary'"],
  pg_stat_activity_count: [endsInCount],
  pg_stat_archiver_archived_count: [noTotal, endsInCount],
  pg_stat_archiver_failed_count: [noTotal, endsInCount],
  pg_stat_database_blk_read_time: [noTotal],
  pg_stat_database_blk_write_time: [noTotal],
  pg_stat_database_blks_hit: [noTotal],
  pg_stat_database_blks_read: [noTotal],
  pg_stat_database_conflicts: [noTotal],
  pg_stat_database_conflicts_confl_bufferpin: [noTotal],
  pg_stat_database_conflicts_confl_deadlock: [noTotal],
  pg_stat_database_conflicts_confl_lock: [noTotal],
  pg_stat_database_conflicts_confl_snapshot: [noTotal],
  pg_stat_database_conflicts_confl_tablespace: [noTotal],
  pg_stat_database_deadlocks: [noTotal],
  pg_stat_database_stats_reset: [noTotal],
  pg_stat_database_temp_bytes: [noTotal],
  pg_stat_database_temp_files: [noTotal],
  pg_stat_database_tup_deleted: [noTotal],
  pg_stat_database_tup_fetched: [noTotal],
  pg_stat_database_tup_inserted: [noTotal],
  pg_stat_database_tup_returned: [noTotal],
  pg_stat_database_tup_updated: [noTotal],
  pg_stat_database_xact_commit: [noTotal],
  pg_stat_database_xact_rollback: [noTotal],
};

/** What promtool said that is not excused, and what is excused though it was not said. */
export interface LintVerdict {
  readonly notExcused: readonly string[];
  readonly notNeeded: readonly string[];
}

/** @param complaints lines of `promtool check metrics`: a name, a blank and the words */
export function judgeLint(complaints: readonly string[]): LintVerdict {
  const excused = Object.entries(lintExcuses).flatMap(([name, words]) =>
    words.map((word) => `${name} ${word}`),
  );
  return {
    notExcused: complaints.filter((complaint) => !excused.includes(complaint)),
    notNeeded: excused.filter((excuse) => !complaints.includes(excuse)),
  };
}
