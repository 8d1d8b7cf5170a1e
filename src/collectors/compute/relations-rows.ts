import { z } from 'zod';
import { bool, count, epochMs, int8, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';

/** Counters of a table in the order of `TableRow.counters`. */
export const tableColumns = [
  'seq_scan',
  'seq_tup_read',
  'idx_scan',
  'idx_tup_fetch',
  'n_tup_ins',
  'n_tup_upd',
  'n_tup_del',
  'n_tup_hot_upd',
  'vacuum_count',
  'autovacuum_count',
  'analyze_count',
  'autoanalyze_count',
  'blks_read',
  'blks_hit',
] as const;
export type TableColumn = (typeof tableColumns)[number];

/** Counters of an index in the order of `IndexRow.counters`. */
export const indexColumns = ['idx_scan', 'idx_tup_read', 'idx_tup_fetch', 'blks_read', 'blks_hit'] as const;
export type IndexColumn = (typeof indexColumns)[number];

/** One number per column: `concat_ws` leaves a null out, and every number behind it would stand for another column. */
const countersOf = (columns: readonly string[]) =>
  text
    .regex(/^-?\d+(?: -?\d+)*$/, 'expected whole numbers')
    .transform((values) => values.split(' ').map((value) => BigInt(value)))
    .refine((values) => values.length === columns.length, 'expected one number per counter');

const TableRow = z.object({
  schemaname: text,
  relname: text,
  counters: countersOf(tableColumns),
  live: int8,
  dead: int8,
  changed: int8,
  /** Null: never vacuumed or analyzed, so that nobody has looked. */
  bytes: int8.nullable(),
  vacuum: epochMs.nullable(),
  autovacuum: epochMs.nullable(),
  analyze: epochMs.nullable(),
  autoanalyze: epochMs.nullable(),
});
export type TableRow = z.infer<typeof TableRow>;

const IndexRow = z.object({
  schemaname: text,
  relname: text,
  indexrelname: text,
  counters: countersOf(indexColumns),
  bytes: int8.nullable(),
  valid: bool,
  scanned: epochMs.nullable(),
});
export type IndexRow = z.infer<typeof IndexRow>;

const DatabaseRow = z.object({ block_bytes: count, reset: text });
export type DatabaseRow = z.infer<typeof DatabaseRow>;

/** `stats_reset` is null until the first reset, which is an answer as well. */
const databaseSql = `
SELECT pg_catalog.current_setting('block_size') AS block_bytes,
  coalesce(extract(epoch FROM d.stats_reset)::text, 'never') AS reset
FROM pg_catalog.pg_stat_database d WHERE d.datname = pg_catalog.current_database()`;

/**
 * A table without indexes was never scanned by one: zero. `relpages` of a table that was never vacuumed or analyzed is
 * no size; `reltuples` says so by -1. Temporary tables are left out: they come and go with their sessions.
 */
const tablesSql = `
SELECT s.schemaname, s.relname,
  pg_catalog.concat_ws(' ', s.seq_scan, s.seq_tup_read, coalesce(s.idx_scan, 0), coalesce(s.idx_tup_fetch, 0),
    s.n_tup_ins, s.n_tup_upd, s.n_tup_del, s.n_tup_hot_upd,
    s.vacuum_count, s.autovacuum_count, s.analyze_count, s.autoanalyze_count,
    pg_catalog.pg_stat_get_blocks_fetched(c.oid) - pg_catalog.pg_stat_get_blocks_hit(c.oid),
    pg_catalog.pg_stat_get_blocks_hit(c.oid)) AS counters,
  s.n_live_tup AS live, s.n_dead_tup AS dead, s.n_mod_since_analyze AS changed,
  CASE WHEN c.relkind <> 'p' AND c.reltuples >= 0 THEN
    (c.relpages::int8 + coalesce(t.relpages, 0)) * pg_catalog.current_setting('block_size')::int8 END AS bytes,
  extract(epoch FROM s.last_vacuum) AS vacuum, extract(epoch FROM s.last_autovacuum) AS autovacuum,
  extract(epoch FROM s.last_analyze) AS analyze, extract(epoch FROM s.last_autoanalyze) AS autoanalyze
FROM pg_catalog.pg_stat_user_tables s
JOIN pg_catalog.pg_class c ON c.oid = s.relid
LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
WHERE c.relpersistence <> 't' AND c.relkind <> 'p'`;

/** `last_idx_scan` came with 16. */
const indexesSql = (serverVersion: number) => `
SELECT s.schemaname, s.relname, s.indexrelname,
  pg_catalog.concat_ws(' ', s.idx_scan, s.idx_tup_read, s.idx_tup_fetch,
    pg_catalog.pg_stat_get_blocks_fetched(c.oid) - pg_catalog.pg_stat_get_blocks_hit(c.oid),
    pg_catalog.pg_stat_get_blocks_hit(c.oid)) AS counters,
  CASE WHEN c.reltuples >= 0 THEN
    c.relpages::int8 * pg_catalog.current_setting('block_size')::int8 END AS bytes,
  i.indisvalid AS valid,
  ${serverVersion >= 160_000 ? 'extract(epoch FROM s.last_idx_scan)' : 'NULL'} AS scanned
FROM pg_catalog.pg_stat_user_indexes s
JOIN pg_catalog.pg_class c ON c.oid = s.indexrelid
JOIN pg_catalog.pg_index i ON i.indexrelid = s.indexrelid
WHERE c.relpersistence <> 't'`;

/** Undefined when statistics know nothing of the database, as in the moment after it was made. */
export async function readDatabase(session: SqlSession): Promise<DatabaseRow | undefined> {
  return (await session.rows(databaseSql, DatabaseRow))[0];
}

/** Ordinary tables and materialized views of users. Takes no lock on them. */
export function readTables(session: SqlSession): Promise<TableRow[]> {
  return session.rows(tablesSql, TableRow);
}

/** Indexes of user tables. Takes no lock on them. */
export function readIndexes(session: SqlSession): Promise<IndexRow[]> {
  return session.rows(indexesSql(session.serverVersion), IndexRow);
}
