import { SourceError } from '../../src/errors.ts';
import { checkRows, type PgRow } from '../../src/sources/postgres-rows.ts';
import type { SqlReader } from '../../src/sources/sql-reader.ts';

export interface FakeSqlOptions {
  /** Default 150020. */
  readonly serverVersion?: number;
  readonly isPooled?: boolean;
  /** Database of the DSN; default `postgres`. */
  readonly database?: string;
}

/** A statement that was asked, and a session that was opened with `fresh`. */
export interface AskedSql {
  readonly sql: string;
  readonly database: string;
  readonly fresh: boolean;
}

/**
 * A Postgres server that answers from a function: rows as the text that Postgres would print, or the error it would give.
 * Schemas are checked as the real source does.
 */
export function fakeSql(
  answer: (sql: string, database: string) => readonly PgRow[] | SourceError,
  options: FakeSqlOptions = {},
): SqlReader & { readonly asked: AskedSql[] } {
  const asked: AskedSql[] = [];
  const { serverVersion = 150_020, isPooled = false } = options;
  return {
    asked,
    async session({ database = options.database ?? 'postgres', fresh = false }, signal, work) {
      if (signal.aborted) throw new SourceError('timeout', 'the deadline passed');
      return work({
        database,
        serverVersion,
        isPooled,
        async rows(sql, row) {
          asked.push({ sql, database, fresh });
          const found = answer(sql, database);
          if (found instanceof SourceError) throw found;
          return checkRows(found, row);
        },
      });
    },
  };
}
