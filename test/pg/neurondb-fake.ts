import { SourceError } from '../../src/errors.ts';
import type { PgRow } from '../../src/sources/postgres-rows.ts';
import { type RecordedRole, recordedAnswer, recordedRows, recordedSignatures } from './neurondb-recording.ts';

/*
 * A server that answers the collector's statements from the recording, for tests without Postgres. What it says of the
 * objects and of the tables' rows is what was recorded for that role; test/database holds the same collector to the
 * same golden texts on a real server.
 */

type Server = 'ndb3' | 'pg16';
type Row = Record<string, string | null>;

const plain = [
  'neurondb_gpu_info',
  'neurondb_llm_gpu_info',
  'neurondb_onnx_info',
  'neurondb_entrypoint_cache_stats',
  'ndb_llm_cache_stats',
];
const tables =
  `job_queue llm_jobs embedding_cache index_maintenance index_metadata query_metrics tenant_quotas
  tenant_usage ml_models`.split(/\s+/);
const columns = ['status', 'created_at', 'retry_count', 'max_retries', 'index_type', 'health_status'];
const settings = ['neurondb.compute_mode', 'neurondb.neuranq_enabled', 'neurondb.neuranmon_enabled'];

function probeRow(kind: string, name: string, row: Partial<Row> = {}): Row {
  const empty = { value: null, allowed: null, columns: null, readable_columns: null, pages: null };
  return { kind, name, ...empty, estimated_rows: null, ...row };
}

function tableRow(
  of: { server: Server; database: 'appdb' | 'postgres' },
  table: string,
  role: RecordedRole,
): Row {
  const answer = recordedAnswer(of, `table_${table}`);
  const listed = answer.columns?.map(({ name }) => name).filter((name) => columns.includes(name)) ?? [];
  const allowed = answer.by_role[role]?.ok === true;
  return probeRow('table', table, {
    allowed: allowed ? 't' : 'f',
    columns: listed.length === 0 ? null : listed.join(','),
    readable_columns: allowed && listed.length > 0 ? listed.join(',') : null,
    pages: '1',
    estimated_rows: '-1',
  });
}

function probeRows(server: Server, database: 'appdb' | 'postgres', role: RecordedRole): Row[] {
  const of = { server, database };
  const extension = recordedRows(of, 'pg_extension', role)?.find(({ extname }) => extname === 'neurondb');
  if (extension === undefined) return [];
  const functions = recordedSignatures('3.0').filter(
    ({ name, args }) => args === '' && (plain.includes(name) || name === 'version'),
  );
  const libraries = recordedRows(of, 'guc_preload', role)?.map((row) =>
    probeRow('setting', 'shared_preload_libraries', { value: row['shared_preload_libraries'] ?? null }),
  );
  return [
    probeRow('extension', String(extension['schema']), { value: extension['extversion'] ?? null }),
    ...functions.map(({ schema, name }) =>
      probeRow('function', name, { value: `${schema}.${name}()`, allowed: 't' }),
    ),
    ...tables.map((table) => tableRow(of, table, role)),
    probeRow('exposure', 'llm_config', { allowed: 't' }),
    ...(libraries ?? []),
    ...(recordedAnswer(of, 'gucs').rows ?? [])
      .filter(([name]) => settings.includes(String(name)))
      .map(([name, setting]) => probeRow('setting', String(name), { value: String(setting) })),
  ];
}

/** What each part's expression gives over the recorded rows of its function. */
const functionAnswers: Readonly<
  Record<string, readonly [file: string, answer: (rows: readonly PgRow[]) => string]>
> = {
  gpu: [
    'fn_neurondb_gpu_info',
    (rows) =>
      JSON.stringify(
        rows
          .filter((row) => row['is_available'] === 't')
          .map((row) => [
            Number(row['device_id']),
            row['device_name'],
            row['total_memory_mb'],
            row['free_memory_mb'],
          ]),
      ),
  ],
  llm_gpu: [
    'fn_neurondb_llm_gpu_info',
    (rows) => String(rows.filter((row) => row['is_available'] === 't').length),
  ],
  onnx: ['fn_neurondb_onnx_info', ([row]) => String(row?.['neurondb_onnx_info'])],
  entrypoint_cache: [
    'fn_neurondb_entrypoint_cache_stats',
    ([row]) => `[${row?.['max_entries']}, ${row?.['current_entries']}, ${row?.['valid_entries']}]`,
  ],
  library_version: ['playbook_version', ([row]) => String(row?.['version'])],
  llm_cache: ['fn_ndb_llm_cache_stats', ([row]) => String(row?.['ndb_llm_cache_stats'])],
};

/** Never recorded, for no version has their functions; a test that says one has them changes the answers. */
const playbookParts = ['gpu_enabled', 'gpu_device_count'];

/** `2026-11-22 01:47:13.027654+00:00` as `extract(epoch FROM …)` prints it. */
function seconds(time: string): string {
  const [, fraction = ''] = /(\.\d+)/.exec(time) ?? [];
  return `${Date.parse(time.replace(fraction, '').replace(' ', 'T')) / 1000}${fraction}`;
}

function countRows(rows: readonly PgRow[], part: string): Row[] {
  const valueColumn = part === 'index_metadata' ? 'health_status' : 'status';
  const isGrouped = ['job_queue', 'llm_jobs', 'index_metadata', 'ml_models'].includes(part);
  const base = { part, value: '', kind: '', oldest: null, out_of_retries: null };
  if (!isGrouped) return [{ ...base, rows: String(rows.length) }];
  const groups = Map.groupBy(rows, (row) => JSON.stringify([row[valueColumn], row['index_type'] ?? '']));
  return [...groups].map(([key, members]) => {
    const [value, kind] = JSON.parse(key) as [string, string];
    const created = members.flatMap((row) => row['created_at'] ?? []).sort();
    const spent = members.filter((row) => Number(row['retry_count']) >= Number(row['max_retries']));
    return {
      ...base,
      value,
      kind,
      rows: String(members.length),
      oldest: created[0] === undefined ? null : seconds(created[0]),
      out_of_retries: part === 'job_queue' ? String(spent.length) : null,
    };
  });
}

/** Answers of the recorded server to the collector's statements; databases that were not recorded have nothing. */
export function recordedServer(server: Server, role: RecordedRole) {
  return (sql: string, name: string): readonly PgRow[] | SourceError => {
    const database = name === 'appdb' ? 'appdb' : 'postgres';
    const of = { server, database } as const;
    if (sql.includes('pg_postmaster_start_time')) {
      const versions = recordedRows(of, 'pg_available_extension_versions', role) ?? [];
      const available = versions.at(-1)?.['version'] ?? null;
      return [
        {
          started: '1795313000',
          begun: role === 'plain' ? null : '1795313000.01',
          archiver_reset: '1795312000',
          writer_reset: '1795312000',
          sees_workers: role === 'plain' ? 'f' : 't',
          available_version: available,
        },
      ];
    }
    if (sql.includes('pg_stat_activity')) {
      return (recordedRows(of, 'bgworkers', role) ?? []).map((row) => ({
        worker: row['backend_type'] ?? '',
        database: row['datname'] ?? null,
        started: seconds(String(row['backend_start'])),
        pid: row['pid'] ?? '',
        busy_since: null,
        is_ours: 'f',
      }));
    }
    if (sql.includes('WITH extension')) return name === 'plain' ? [] : probeRows(server, database, role);
    if (sql.includes('pg_catalog.pg_database')) {
      return ['appdb', 'plain', 'postgres'].map((other) => ({ name: other, allowed: 't' }));
    }
    return sql.split('\nUNION ALL\n').flatMap((statement) => {
      const part = /^SELECT '(\w+)' AS part/.exec(statement)?.[1] ?? '';
      if (playbookParts.includes(part)) return [{ part, answer: '0' }];
      const [file, answer] = functionAnswers[part] ?? [];
      if (file !== undefined && answer !== undefined) {
        return [{ part, answer: answer(recordedRows(of, file, role) ?? []) }];
      }
      return countRows(recordedRows(of, `table_${part}`, role) ?? [], part);
    });
  };
}

/** An error as the source makes it of one that the server has answered with. */
export function serverError(reason: SourceError['reason'], sqlState: string): SourceError {
  return new SourceError(reason, `compute main: something (SQLSTATE ${sqlState})`, { sqlState });
}
