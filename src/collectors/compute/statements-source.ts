import { z } from 'zod';
import { count, epochMs, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';

/** A counter of one statement by the name that neonwatch gives it; times in nanoseconds, whatever the source has. */
interface StatementColumn {
  readonly name: string;
  /** The same fact under its names in the versions of pg_stat_statements, newest first. */
  readonly sources: readonly string[];
  readonly unit: 'count' | 'milliseconds';
  /** The server setting without which the column is 0 for want of looking. */
  readonly needs?: 'track_io_timing' | 'track_planning';
}

/**
 * 1.8 came with PostgreSQL 13 and renamed `total_time`, 1.11 (17) renamed the block times. The extension may be older
 * than the library, so presence is asked of its function, not of the server version.
 */
const statementColumns: readonly StatementColumn[] = [
  { name: 'calls', sources: ['calls'], unit: 'count' },
  { name: 'exec_time', sources: ['total_exec_time', 'total_time'], unit: 'milliseconds' },
  { name: 'plan_time', sources: ['total_plan_time'], unit: 'milliseconds', needs: 'track_planning' },
  { name: 'rows', sources: ['rows'], unit: 'count' },
  { name: 'shared_blocks_hit', sources: ['shared_blks_hit'], unit: 'count' },
  { name: 'shared_blocks_read', sources: ['shared_blks_read'], unit: 'count' },
  { name: 'shared_blocks_dirtied', sources: ['shared_blks_dirtied'], unit: 'count' },
  { name: 'shared_blocks_written', sources: ['shared_blks_written'], unit: 'count' },
  { name: 'temp_blocks_read', sources: ['temp_blks_read'], unit: 'count' },
  { name: 'temp_blocks_written', sources: ['temp_blks_written'], unit: 'count' },
  {
    name: 'block_read_time',
    sources: ['shared_blk_read_time', 'blk_read_time'],
    unit: 'milliseconds',
    needs: 'track_io_timing',
  },
  {
    name: 'block_write_time',
    sources: ['shared_blk_write_time', 'blk_write_time'],
    unit: 'milliseconds',
    needs: 'track_io_timing',
  },
  { name: 'wal_bytes', sources: ['wal_bytes'], unit: 'count' },
];

/** Where pg_stat_statements is, what it can say, and what it said of itself. */
export interface StatementSource {
  /** Schema of the extension, quoted. */
  readonly schema: string;
  readonly columns: readonly string[];
  readonly tracksPlanning: boolean;
  readonly timesBlocks: boolean;
  /** `pg_stat_statements.max`. */
  readonly maxEntries: number | undefined;
  /** Absent before 1.9. */
  readonly info: { readonly deallocations: number; readonly resetMs: number } | undefined;
}

const FunctionRow = z.object({
  schema: text,
  name: text,
  columns: text,
  max: text.nullable(),
  planning: text.nullable(),
  timing: text.nullable(),
});
const InfoRow = z.object({ dealloc: count, reset: epochMs });

const functionsSql = `
  SELECT pg_catalog.quote_ident(n.nspname) AS schema, p.proname AS name,
    coalesce(pg_catalog.array_to_string(p.proargnames, ' '), '') AS columns,
    pg_catalog.current_setting('pg_stat_statements.max', true) AS max,
    pg_catalog.current_setting('pg_stat_statements.track_planning', true) AS planning,
    pg_catalog.current_setting('track_io_timing', true) AS timing
  FROM pg_catalog.pg_extension e
  JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
  JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid
  WHERE e.extname = 'pg_stat_statements'
    AND (p.proname, p.pronargs) IN (('pg_stat_statements', 1), ('pg_stat_statements_info', 0))`;

/** Looks for the extension in the session's database; undefined when it is not there. */
export async function findStatements(session: SqlSession): Promise<StatementSource | undefined> {
  const functions = await session.rows(functionsSql, FunctionRow);
  const statements = functions.find(({ name }) => name === 'pg_stat_statements');
  if (statements === undefined) return undefined;
  const { schema, max, planning, timing } = statements;
  const hasInfo = functions.some(({ name }) => name === 'pg_stat_statements_info');
  const [info] = hasInfo
    ? await session.rows(
        `SELECT dealloc, extract(epoch FROM stats_reset) AS reset FROM ${schema}.pg_stat_statements_info()`,
        InfoRow,
      )
    : [];
  return {
    schema,
    columns: statements.columns.split(' '),
    tracksPlanning: planning === 'on',
    timesBlocks: timing === 'on',
    maxEntries: max === null ? undefined : Number(max),
    info: info === undefined ? undefined : { deallocations: info.dealloc, resetMs: info.reset },
  };
}

/** One entry: a statement of a user in a database, at top level or inside a function. */
export interface StatementRow {
  readonly part: string;
  readonly userAndDatabase: string;
  /** Null: the role may not see what others run. */
  readonly queryid: string | null;
  /** Empty for a database that is no more. */
  readonly datname: string;
  readonly counters: readonly bigint[];
}

/** The entries, and the names of their counters in order. No query text is read. */
export async function readStatements(
  session: SqlSession,
  source: StatementSource,
): Promise<{ readonly columns: readonly string[]; readonly rows: readonly StatementRow[] }> {
  const present = statementColumns.flatMap((column) => {
    const from = column.sources.find((name) => source.columns.includes(name));
    const isOff =
      (column.needs === 'track_planning' && !source.tracksPlanning) ||
      (column.needs === 'track_io_timing' && !source.timesBlocks);
    return from === undefined || isOff ? [] : [{ ...column, from }];
  });
  const Row = z
    .object({
      part: text,
      userid: text,
      dbid: text,
      queryid: text.nullable(),
      datname: text.nullable(),
      counters: text,
    })
    .transform(({ part, userid, dbid, queryid, datname, counters }, context): StatementRow => {
      const values = countersIn(counters, present);
      if (values === undefined) {
        context.addIssue({ code: 'custom', message: 'expected one number per counter', path: ['counters'] });
        return z.NEVER;
      }
      return {
        part,
        userAndDatabase: `${userid}/${dbid}`,
        queryid,
        datname: datname ?? '',
        counters: values,
      };
    });
  const topLevel = source.columns.includes('toplevel') ? 's.toplevel' : 'true';
  const counters = present.map(({ from }) => `s.${from}`).join(', ');
  const rows = await session.rows(
    `SELECT pg_catalog.concat_ws('/', s.userid, s.dbid, ${topLevel}, s.queryid) AS part,
      s.userid, s.dbid, s.queryid, d.datname, pg_catalog.concat_ws(' ', ${counters}) AS counters
    FROM ${source.schema}.pg_stat_statements(false) s
    LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid`,
    Row,
  );
  return { columns: present.map(({ name }) => name), rows };
}

/** Undefined when they are not one whole number, or one time, per column. */
function countersIn(counters: string, columns: readonly StatementColumn[]): readonly bigint[] | undefined {
  const values = counters.split(' ');
  if (values.length !== columns.length) return undefined;
  try {
    return values.map((value, index) =>
      columns[index]?.unit === 'milliseconds' ? nanoseconds(value) : BigInt(value),
    );
  } catch {
    return undefined;
  }
}

/** Whole nanoseconds, so that times add up exactly; the float behind them is finer only below 15 minutes. */
function nanoseconds(milliseconds: string): bigint {
  return BigInt(Math.round(Number(milliseconds) * 1e6));
}
