import { z } from 'zod';
import { bool, int4, int8, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';

/** Functions in the extension's own schema, which the one who creates it chooses. All without arguments. */
const plainFunctions = [
  'neurondb_gpu_info',
  'neurondb_llm_gpu_info',
  'neurondb_onnx_info',
  'neurondb_entrypoint_cache_stats',
  'ndb_llm_cache_stats',
] as const;

/** Functions of the unified API, always in schema `neurondb`. The two of the GPU no known version has. */
const unifiedFunctions = ['version', 'gpu_enabled', 'gpu_device_count'] as const;

/** Tables in schema `neurondb` that we count in. */
const tables = [
  'job_queue',
  'llm_jobs',
  'embedding_cache',
  'index_maintenance',
  'index_metadata',
  'query_metrics',
  'tenant_quotas',
  'tenant_usage',
  'ml_models',
] as const;

/** Columns of those tables that our statements name. */
const columns = [
  'status',
  'created_at',
  'retry_count',
  'max_retries',
  'index_type',
  'health_status',
] as const;

/**
 * All settings we read, by name: NeuronDB keeps an API key among its own, and `pg_monitor` can see it.
 * Adding one here means having looked at what it can hold.
 */
const settings = [
  'shared_preload_libraries',
  'neurondb.compute_mode',
  'neurondb.neuranq_enabled',
  'neurondb.neuranmon_enabled',
] as const;

export type FunctionName = (typeof plainFunctions)[number] | (typeof unifiedFunctions)[number];
export type TableName = (typeof tables)[number];
export type ColumnName = (typeof columns)[number];
export type SettingName = (typeof settings)[number];

export interface ProbedFunction {
  /** `public.neurondb_gpu_info()`, quoted by the server. */
  readonly call: string;
  readonly isAllowed: boolean;
}

export interface ProbedTable {
  readonly isAllowed: boolean;
  readonly columns: ReadonlySet<string>;
  readonly readableColumns: ReadonlySet<string>;
  /** As of the last vacuum or analyze. */
  readonly pages: number;
  /** The planner's; negative when the table was never analyzed. */
  readonly estimatedRows: bigint;
}

/** What a database has of NeuronDB and what our role may read of it. */
export interface Probe {
  readonly extension: { readonly version: string; readonly schema: string } | undefined;
  readonly functions: ReadonlyMap<string, ProbedFunction>;
  readonly tables: ReadonlyMap<string, ProbedTable>;
  /** Value to which each setting would be reset: what is configured, whatever a pooled session was told. */
  readonly settings: ReadonlyMap<string, string>;
  readonly isLlmConfigPublic: boolean | undefined;
}

const namesOf = (names: readonly string[]) => `'{${names.join(',')}}'::pg_catalog.name[]`;

/*
 * One round trip for presence and privileges of everything. By catalogue instead of to_regclass(), which fails where
 * USAGE on the schema is missing, and only members of the extension: a function or view of that name which somebody
 * else made would run with our privileges.
 */
const probeSql = `
WITH extension AS (
  SELECT e.oid, e.extnamespace, e.extversion, n.nspname
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'neurondb'
), member AS (
  SELECT d.classid, d.objid, e.extnamespace
  FROM extension e JOIN pg_catalog.pg_depend d
    ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid AND d.deptype = 'e'
), relation AS (
  SELECT c.oid, c.relname, c.relpages, c.reltuples, n.oid AS schema_oid
  FROM member m JOIN pg_catalog.pg_class c
    ON m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = m.objid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'neurondb' AND c.relkind IN ('r', 'p', 'v', 'm')
), routine AS (
  SELECT p.oid, p.proname, p.prosecdef, p.pronargs, n.oid AS schema_oid, n.nspname, m.extnamespace
  FROM member m JOIN pg_catalog.pg_proc p
    ON m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = m.objid
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
)
SELECT 'extension' AS kind, nspname::text AS name, extversion AS value, NULL::bool AS allowed,
  NULL::text AS columns, NULL::text AS readable_columns, NULL::int4 AS pages, NULL::int8 AS estimated_rows
FROM extension
UNION ALL
SELECT 'function', proname::text, pg_catalog.quote_ident(nspname) || '.' || pg_catalog.quote_ident(proname) || '()',
  pg_catalog.has_schema_privilege(schema_oid, 'USAGE') AND pg_catalog.has_function_privilege(oid, 'EXECUTE'),
  NULL, NULL, NULL, NULL
FROM routine
WHERE pronargs = 0 AND (schema_oid = extnamespace AND proname = ANY (${namesOf(plainFunctions)})
  OR nspname = 'neurondb' AND proname = ANY (${namesOf(unifiedFunctions)}))
UNION ALL
SELECT 'table', r.relname::text, NULL,
  pg_catalog.has_schema_privilege(r.schema_oid, 'USAGE') AND pg_catalog.has_any_column_privilege(r.oid, 'SELECT'),
  (SELECT pg_catalog.string_agg(a.attname::text, ',') FROM pg_catalog.pg_attribute a
   WHERE a.attrelid = r.oid AND NOT a.attisdropped AND a.attname = ANY (${namesOf(columns)})),
  (SELECT pg_catalog.string_agg(a.attname::text, ',') FROM pg_catalog.pg_attribute a
   WHERE a.attrelid = r.oid AND NOT a.attisdropped AND a.attname = ANY (${namesOf(columns)})
     AND pg_catalog.has_column_privilege(r.oid, a.attnum, 'SELECT')),
  r.relpages, r.reltuples::int8
FROM relation r WHERE r.relname = ANY (${namesOf(tables)})
UNION ALL
SELECT 'exposure', r.relname::text, NULL,
  pg_catalog.has_schema_privilege('public', r.schema_oid, 'USAGE') AND (
    pg_catalog.has_table_privilege('public', r.oid, 'SELECT')
    OR EXISTS (SELECT FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname LIKE '%key%'
        AND pg_catalog.has_column_privilege('public', r.oid, a.attnum, 'SELECT'))
    OR EXISTS (SELECT FROM routine f WHERE f.nspname = 'neurondb' AND f.proname = 'get_llm_config' AND f.prosecdef
      AND pg_catalog.has_function_privilege('public', f.oid, 'EXECUTE'))),
  NULL, NULL, NULL, NULL
FROM relation r WHERE r.relname = 'llm_config'
UNION ALL
SELECT 'setting', name, reset_val, NULL, NULL, NULL, NULL, NULL
FROM pg_catalog.pg_settings WHERE name = ANY ('{${settings.join(',')}}'::text[])`;

const columnList = text.transform((list) => new Set(list.split(','))).nullable();

const ProbeRow = z.object({
  kind: z.enum(['extension', 'function', 'table', 'exposure', 'setting']),
  name: text,
  value: text.nullable(),
  allowed: bool.nullable(),
  columns: columnList,
  readable_columns: columnList,
  pages: int4.nullable(),
  estimated_rows: int8.nullable(),
});

/** Asks for presence and privileges of everything at once. Reads no row of NeuronDB's own. */
export async function probeNeurondb(session: SqlSession): Promise<Probe> {
  const rows = await session.rows(probeSql, ProbeRow);
  const ofKind = (kind: z.infer<typeof ProbeRow>['kind']) => rows.filter((row) => row.kind === kind);
  const [extension] = ofKind('extension');
  const [exposure] = ofKind('exposure');
  return {
    extension: extension && { version: extension.value ?? '', schema: extension.name },
    functions: new Map(
      ofKind('function').map((row) => [row.name, { call: row.value ?? '', isAllowed: row.allowed === true }]),
    ),
    tables: new Map(
      ofKind('table').map((row) => [
        row.name,
        {
          isAllowed: row.allowed === true,
          columns: row.columns ?? new Set(),
          readableColumns: row.readable_columns ?? new Set(),
          pages: row.pages ?? 0,
          estimatedRows: row.estimated_rows ?? -1n,
        },
      ]),
    ),
    settings: new Map(ofKind('setting').map((row) => [row.name, row.value ?? ''])),
    isLlmConfigPublic: exposure?.allowed ?? undefined,
  };
}
