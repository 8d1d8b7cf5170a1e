import { z } from 'zod';
import { count, epochMs, text } from '../../sources/pg-values.ts';
import { type PartContext, readBatch } from './neurondb-batch.ts';
import { countsByLabel, labelText } from './neurondb-labels.ts';
import type { ColumnName, Probe, ProbedTable, TableName } from './neurondb-probe.ts';
import type { DatabaseFacts, IndexMetadataRows, NeurondbPart, Queue } from './neurondb-reading.ts';

/** 32 MiB of ordinary pages: above it a row count is the planner's estimate. */
const maxCountedPages = 4096;
/** 512 MiB: above it the jobs by status are not counted at all. */
const maxScannedPages = 65_536;

/** Status of a job that no worker has taken yet, and the others that were seen. */
const waitingStatus = { job_queue: 'pending', llm_jobs: 'queued' } as const;
const seenStatuses = {
  job_queue: ['pending', 'completed', 'failed'],
  llm_jobs: ['queued', 'done', 'failed'],
} as const;
const maxIndexMetadata = 20;

const countedTables = [
  'embedding_cache',
  'index_maintenance',
  'query_metrics',
  'tenant_quotas',
  'tenant_usage',
] as const satisfies readonly TableName[];

/** One shape for all counts, so that they come in one round trip. */
const CountRow = z.object({
  part: text,
  value: text,
  kind: text,
  rows: count,
  oldest: epochMs.nullable(),
  out_of_retries: count.nullable(),
});
type CountRow = z.infer<typeof CountRow>;

interface Counting {
  readonly value: string;
  readonly kind?: string;
  readonly oldest?: string;
  readonly outOfRetries?: string;
}

function countStatement(table: TableName, { value, kind, oldest, outOfRetries }: Counting): string {
  const grouped = value !== "''";
  return (
    `SELECT '${table}' AS part, ${value} AS value, ${kind ?? "''"} AS kind, pg_catalog.count(*) AS rows, ` +
    `${oldest ?? 'NULL::numeric'} AS oldest, ${outOfRetries ?? 'NULL::int8'} AS out_of_retries ` +
    `FROM neurondb.${table}${grouped ? ' GROUP BY 2, 3' : ''}`
  );
}

const shown = (column: ColumnName) => `coalesce(pg_catalog."left"(${column}::text, 60), 'none')`;
const oldestSql =
  'extract(epoch FROM pg_catalog.min(created_at) FILTER (WHERE pg_catalog.isfinite(created_at)))';
const outOfRetriesSql = 'pg_catalog.count(*) FILTER (WHERE retry_count >= max_retries)';

/** A table with what must be readable in it; undefined and said when it is not. */
function usable(
  { skip }: PartContext,
  probe: Probe,
  table: TableName,
  required: readonly ColumnName[],
): ProbedTable | undefined {
  const probed = probe.tables.get(table);
  if (probed === undefined) skip(table, 'no_object');
  else if (required.some((column) => !probed.columns.has(column))) skip(table, 'unsupported_version');
  else if (!probed.isAllowed || required.some((column) => !probed.readableColumns.has(column))) {
    skip(table, 'no_privilege');
  } else if (required.length > 0 && probed.pages > maxScannedPages) skip(table, 'too_large');
  else return probed;
  return undefined;
}

interface Counted {
  readonly statements: Map<NeurondbPart, string>;
  /** Whether spent retries are told apart; only the job queue has them. */
  readonly knowsRetries: boolean;
}

function groupedStatements(context: PartContext, probe: Probe): Counted {
  const statements = new Map<NeurondbPart, string>();
  let knowsRetries = false;
  for (const queue of ['job_queue', 'llm_jobs'] as const) {
    const readable = usable(context, probe, queue, ['status'])?.readableColumns;
    if (readable === undefined) continue;
    const canRetry = queue === 'job_queue' && readable.has('retry_count') && readable.has('max_retries');
    knowsRetries ||= canRetry;
    statements.set(
      queue,
      countStatement(queue, {
        value: shown('status'),
        ...(readable.has('created_at') ? { oldest: oldestSql } : {}),
        ...(canRetry ? { outOfRetries: outOfRetriesSql } : {}),
      }),
    );
  }
  if (usable(context, probe, 'index_metadata', ['health_status', 'index_type']) !== undefined) {
    const counting = { value: shown('health_status'), kind: shown('index_type') };
    statements.set('index_metadata', countStatement('index_metadata', counting));
  }
  if (usable(context, probe, 'ml_models', ['status']) !== undefined) {
    statements.set('ml_models', countStatement('ml_models', { value: shown('status') }));
  }
  return { statements, knowsRetries };
}

function queueOf(queue: Queue['queue'], rows: readonly CountRow[], knowsRetries: boolean): Queue {
  const waiting = rows.find(({ value }) => value === waitingStatus[queue]);
  return {
    queue,
    jobs: countsByLabel(
      seenStatuses[queue],
      rows.map((row) => [row.value, row.rows]),
    ),
    oldestWaitingMs: waiting?.oldest ?? undefined,
    outOfRetries: knowsRetries && queue === 'job_queue' ? (waiting?.out_of_retries ?? 0) : undefined,
  };
}

/** Most frequent combinations first, then by name; what is beyond the bound is summed up. */
function indexMetadataOf(rows: readonly CountRow[]): IndexMetadataRows[] {
  const facts = new Map<string, IndexMetadataRows>();
  const nameOf = ({ kind, value }: CountRow) => `${kind} ${value}`;
  const sorted = rows.toSorted(
    (left, right) => right.rows - left.rows || (nameOf(left) < nameOf(right) ? -1 : 1),
  );
  for (const [index, row] of sorted.entries()) {
    const isShown = index < maxIndexMetadata;
    const indexType = isShown ? labelText(row.kind) : 'other';
    const healthStatus = isShown ? labelText(row.value) : 'other';
    const key = JSON.stringify([indexType, healthStatus]);
    facts.set(key, { indexType, healthStatus, rows: row.rows + (facts.get(key)?.rows ?? 0) });
  }
  return [...facts.values()];
}

type TableFacts = Pick<DatabaseFacts, 'queues' | 'tableRows' | 'indexMetadata' | 'mlModels'>;

/** Counts in NeuronDB's tables: jobs by status, rows by table. Empty tables are normal. */
export async function readTables(context: PartContext, probe: Probe): Promise<TableFacts> {
  const { statements, knowsRetries } = groupedStatements(context, probe);
  const tableRows = new Map<string, number | bigint>();
  for (const table of countedTables) {
    const probed = usable(context, probe, table, []);
    if (probed === undefined) continue;
    if (probed.pages <= maxCountedPages) statements.set(table, countStatement(table, { value: "''" }));
    else if (probed.estimatedRows >= 0n) tableRows.set(table, probed.estimatedRows);
    else context.skip(table, 'too_large');
  }
  const rows = await readBatch(context, statements, CountRow);

  const queues: Queue[] = [];
  for (const queue of ['job_queue', 'llm_jobs'] as const) {
    const found = rows.get(queue);
    if (found !== undefined) queues.push(queueOf(queue, found, knowsRetries));
  }
  for (const table of countedTables) {
    const [found] = rows.get(table) ?? [];
    if (found !== undefined) tableRows.set(table, found.rows);
  }
  for (const table of ['index_metadata', 'ml_models'] as const) {
    const groups = rows.get(table);
    if (groups === undefined) continue;
    tableRows.set(
      table,
      groups.reduce((sum, row) => sum + row.rows, 0),
    );
  }
  const models = rows.get('ml_models')?.map((row) => [row.value, row.rows] as const);
  return {
    queues,
    tableRows,
    indexMetadata: indexMetadataOf(rows.get('index_metadata') ?? []),
    mlModels: models && countsByLabel([], models),
  };
}
