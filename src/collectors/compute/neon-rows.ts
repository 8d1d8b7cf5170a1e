import { z } from 'zod';
import { bool, int4, int8, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import { PerfRow } from './neon-perf.ts';

/** Objects of extension `neon` that are read, each only when it is there and allowed. */
const relationNames = ['neon_lfc_stats', 'neon_perf_counters'] as const;
const functionNames = [
  'backpressure_throttling_time',
  'backpressure_lsns',
  'approximate_working_set_size_seconds',
  'get_prewarm_info',
  'pg_cluster_size',
] as const;
export type NeonObject = (typeof relationNames)[number] | (typeof functionNames)[number];

const literals = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');

/** One look says what the extension has here, in which schema, and what we may use; the extension is relocatable. */
const probeSql = `
SELECT e.extversion AS version, pg_catalog.quote_ident(n.nspname) AS schema, o.name, o.columns,
  o.is_allowed AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS is_allowed
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
LEFT JOIN (
  SELECT c.relnamespace AS namespace, c.relname::text AS name,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AS is_allowed,
    (SELECT pg_catalog.string_agg(a.attname, ',' ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
  FROM pg_catalog.pg_class AS c
  WHERE c.relname IN (${literals(relationNames)})
  UNION ALL
  SELECT p.pronamespace, p.proname::text, pg_catalog.has_function_privilege(p.oid, 'EXECUTE'),
    pg_catalog.array_to_string(p.proargnames, ',')
  FROM pg_catalog.pg_proc AS p
  WHERE p.proname IN (${literals(functionNames)})
) AS o ON o.namespace = n.oid
WHERE e.extname = 'neon'`;

const ProbeRow = z.object({
  version: text,
  schema: text,
  name: text.nullable(),
  columns: text.nullable(),
  is_allowed: bool.nullable(),
});

/** Extension `neon` of one database. */
export interface NeonExtension {
  readonly version: string;
  /** Quoted as an identifier where it must be. */
  readonly schema: string;
  readonly objects: ReadonlyMap<string, { readonly columns: readonly string[]; readonly isAllowed: boolean }>;
}

export async function probeNeon(session: SqlSession): Promise<NeonExtension | undefined> {
  const rows = await session.rows(probeSql, ProbeRow);
  const [first] = rows;
  if (first === undefined) return undefined;
  const objects = rows.flatMap(({ name, columns, is_allowed }) =>
    name === null
      ? []
      : [[name, { columns: columns?.split(',') ?? [], isAllowed: is_allowed === true }] as const],
  );
  return { version: first.version, schema: first.schema, objects: new Map(objects) };
}

const LfcRow = z.object({ lfc_key: text, lfc_value: int8.nullable() });
const ThrottlingRow = z.object({ microseconds: int8.nullable() });
const LsnRow = z.object({
  flushed: lsn(),
  received: lsn().nullable(),
  disk_consistent: lsn().nullable(),
  remote_consistent: lsn().nullable(),
});
const PrewarmRow = z.object({ total: int4.nullable(), prewarmed: int4.nullable(), skipped: int4.nullable() });
const ClusterSizeRow = z.object({ bytes: int8.nullable() });

/** Seconds that `approximate_working_set_size_seconds` is asked for, by the label Neon's own exporter gives them. */
const workingSetWindows = { '1m': 60, '5m': 300, '15m': 900, '1h': 3600 } as const;

/** `X/Y` in hexadecimal -> bytes. */
function lsn() {
  return text.regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i, 'expected an LSN').transform((position) => {
    const [high = '0', low = '0'] = position.split('/');
    return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
  });
}

/** What extension `neon` can be asked. `schema` is quoted by the server itself; nothing else is put into the text. */
export const neonQueries = {
  lfcStats: (session: SqlSession, schema: string) =>
    session.rows(`SELECT s.lfc_key, s.lfc_value FROM ${schema}.neon_lfc_stats AS s`, LfcRow),
  /** Before its last version 1.5 had no `bucket_le`, and buckets could not be told apart. */
  perfCounters: (session: SqlSession, schema: string, hasBuckets: boolean) =>
    session.rows(
      `SELECT c.metric, ${hasBuckets ? 'c.bucket_le' : 'NULL::float8 AS bucket_le'}, c.value FROM ${schema}.neon_perf_counters AS c`,
      PerfRow,
    ),
  throttling: (session: SqlSession, schema: string) =>
    session.rows(`SELECT ${schema}.backpressure_throttling_time() AS microseconds`, ThrottlingRow),
  /** Not on a standby, which flushes nothing of its own. */
  lsns: (session: SqlSession, schema: string) =>
    session.rows(
      `SELECT pg_catalog.pg_current_wal_flush_lsn() AS flushed, l.received_lsn AS received,
  l.disk_consistent_lsn AS disk_consistent, l.remote_consistent_lsn AS remote_consistent
FROM ${schema}.backpressure_lsns() AS l`,
      LsnRow,
    ),
  workingSet: (session: SqlSession, schema: string) =>
    session.rows(
      `SELECT w.name, ${schema}.approximate_working_set_size_seconds(w.seconds) AS pages
FROM (VALUES ${Object.entries(workingSetWindows)
        .map(([name, seconds]) => `('${name}', ${seconds})`)
        .join(', ')}) AS w (name, seconds)`,
      z.object({ name: text, pages: int4.nullable() }),
    ),
  /** `active_workers` is not asked for: it counts those that have finished (file_cache.c). */
  prewarm: (session: SqlSession, schema: string) =>
    session.rows(
      `SELECT p.total_pages AS total, p.prewarmed_pages AS prewarmed, p.skipped_pages AS skipped FROM ${schema}.get_prewarm_info() AS p`,
      PrewarmRow,
    ),
  clusterSize: (session: SqlSession, schema: string) =>
    session.rows(`SELECT ${schema}.pg_cluster_size() AS bytes`, ClusterSizeRow),
} as const;
