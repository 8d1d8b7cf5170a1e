/** Bounds of `io_wait_bucket_thresholds` (pgxn/neon/neon_perf_counters.h) in seconds, as Postgres prints a float8. */
const bounds = [2, 3, 6, 10, 20, 30, 60, 100, 200, 300, 600, 1000, 2000, 3000, 6000, 10_000, 20_000, 30_000]
  .concat([
    60_000, 100_000, 200_000, 300_000, 600_000, 1_000_000, 2_000_000, 3_000_000, 6_000_000, 10_000_000,
  ])
  .map((micros) => `${micros}::float8 / 1000000`)
  .concat("'Infinity'::float8");

/** Rows of one histogram: one observation in each of the first three buckets, then none. */
function histogram(name: string): string[] {
  return [
    `('${name}_count', NULL, 3)`,
    `('${name}_sum', NULL, 0.000007)`,
    ...bounds.map((bound, index) => `('${name}_bucket', ${bound}, ${Math.min(index + 1, 3)})`),
  ];
}

const perfRows = [
  ...['getpage_wait_seconds', 'file_cache_read_wait_seconds', 'file_cache_write_wait_seconds'].flatMap(
    histogram,
  ),
  ...histogram('query_time_seconds'),
  "('getpage_prefetch_requests_total', NULL, 11)",
  "('getpage_sync_requests_total', NULL, 12)",
  "('compute_getpage_stuck_requests_total', NULL, 1)",
  "('compute_getpage_max_inflight_stuck_time_ms', NULL, 2500)",
  "('getpage_prefetch_misses_total', NULL, 13)",
  "('getpage_prefetch_discards_total', NULL, 14)",
  "('pageserver_requests_sent_total', NULL, 15)",
  "('pageserver_disconnects_total', NULL, 16)",
  "('pageserver_send_flushes_total', NULL, 17)",
  "('pageserver_open_requests', NULL, 2)",
  "('getpage_prefetches_buffered', NULL, 3)",
  "('file_cache_hits_total', NULL, 18)",
];

/**
 * SQL that makes extension `neon` 1.6 out of functions with the signatures of its own scripts (pgxn/neon/neon--*.sql),
 * answering fixed figures, and enters it in `pg_extension`. Needs a superuser; of the extension itself nothing is here.
 */
export function neonExtensionSql(schema = 'neon'): string {
  const name = `"${schema}"`;
  return `
SET allow_system_table_mods = on;
CREATE SCHEMA ${name};
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
VALUES (987654, 'neon', 10, '${name}'::regnamespace, true, '1.6');
CREATE FUNCTION ${name}.neon_get_lfc_stats() RETURNS SETOF record LANGUAGE sql AS $$
  VALUES ('file_cache_chunk_size_pages', 128::bigint), ('file_cache_misses', 3::bigint),
    ('file_cache_hits', 9007199254740993::bigint), ('file_cache_used', 2::bigint), ('file_cache_writes', 5::bigint),
    ('file_cache_size', 3::bigint), ('file_cache_used_pages', 200::bigint), ('file_cache_evicted_pages', 7::bigint),
    ('file_cache_limit', 4::bigint), ('file_cache_chunks_pinned', NULL::bigint) $$;
CREATE VIEW ${name}.neon_lfc_stats AS
  SELECT p.* FROM ${name}.neon_get_lfc_stats() AS p (lfc_key text, lfc_value bigint);
CREATE FUNCTION ${name}.get_perf_counters() RETURNS SETOF record LANGUAGE sql AS $$
  SELECT v.metric, v.bucket_le::float8, v.value::float8 FROM (VALUES ${perfRows.join(', ')}) AS v (metric, bucket_le, value) $$;
CREATE VIEW ${name}.neon_perf_counters AS
  SELECT p.metric, p.bucket_le, p.value
  FROM ${name}.get_perf_counters() AS p (metric text, bucket_le float8, value float8);
CREATE FUNCTION ${name}.backpressure_throttling_time() RETURNS bigint LANGUAGE sql STRICT AS 'SELECT 2500000::bigint';
CREATE FUNCTION ${name}.backpressure_lsns(OUT received_lsn pg_lsn, OUT disk_consistent_lsn pg_lsn,
  OUT remote_consistent_lsn pg_lsn) LANGUAGE sql STRICT AS
  $$ SELECT pg_current_wal_flush_lsn() - 16::numeric, pg_current_wal_flush_lsn() - 4096::numeric, '0/0'::pg_lsn $$;
CREATE FUNCTION ${name}.approximate_working_set_size_seconds(duration integer DEFAULT NULL) RETURNS integer
  LANGUAGE sql AS 'SELECT CASE WHEN duration > 900 THEN NULL ELSE duration END';
CREATE FUNCTION ${name}.get_prewarm_info(OUT total_pages integer, OUT prewarmed_pages integer,
  OUT skipped_pages integer, OUT active_workers integer) LANGUAGE sql STRICT AS 'SELECT 100, 60, 10, 2';
CREATE FUNCTION ${name}.pg_cluster_size() RETURNS bigint LANGUAGE sql STRICT AS 'SELECT 123456789012::bigint';
GRANT USAGE ON SCHEMA ${name} TO PUBLIC;
GRANT SELECT ON ${name}.neon_lfc_stats TO pg_monitor;`;
}
