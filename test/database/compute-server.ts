import { systemClock } from '../../src/clock.ts';
import { openPostgres, type PostgresServer } from '../../src/sources/postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';

/** The real source over a test's server. The caller closes it. */
function sourceOf(server: TestPostgres, options: { database?: string; user?: string } = {}): PostgresServer {
  return openPostgres({
    dsn: async () => server.dsn(options.database, options.user),
    setting: 'computes[0].dsn',
    name: 'compute main',
    statementTimeoutMs: 5000,
    connectTimeoutMs: 5000,
    clock: systemClock,
  });
}

/** Runs `work` with a source that is closed afterwards. */
export async function withSource<Result>(
  server: TestPostgres,
  options: { database?: string; user?: string },
  work: (source: PostgresServer) => Promise<Result>,
): Promise<Result> {
  const source = sourceOf(server, options);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}
