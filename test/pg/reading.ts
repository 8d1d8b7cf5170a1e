import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../src/clock.ts';
import { SourceError } from '../../src/errors.ts';
import { openPostgres, type PostgresOptions, type PostgresServer } from '../../src/sources/postgres.ts';
import type { PgRow } from '../../src/sources/postgres-rows.ts';
import type { SessionOptions } from '../../src/sources/sql-reader.ts';

/** Any row, as text. */
const AnyRow = z.record(z.string(), z.string().nullable());

/** The real source for a connection string; closed with the test. */
export function reader(dsn: string, options: Partial<PostgresOptions> = {}): PostgresServer {
  const server = openPostgres({
    dsn: async () => dsn,
    setting: 'computes[0].dsn',
    name: 'compute main',
    statementTimeoutMs: 5_000,
    connectTimeoutMs: 5_000,
    clock: systemClock,
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

/** One statement in a session of its own. */
export function ask(
  server: PostgresServer,
  sql: string,
  options: SessionOptions & { readonly signal?: AbortSignal } = {},
): Promise<PgRow[]> {
  const { signal = new AbortController().signal, ...session } = options;
  return server.session(session, signal, ({ rows }) => rows(sql, AnyRow));
}

/** The `SourceError` that a read ends with. */
export async function failureOf(read: Promise<unknown>): Promise<SourceError> {
  const outcome = await read.then(
    () => 'success',
    (error: unknown) => error,
  );
  if (outcome instanceof SourceError) return outcome;
  throw new Error(`expected a SourceError, got ${String(outcome)}`, { cause: outcome });
}
