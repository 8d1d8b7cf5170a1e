import type { PGlite } from '@electric-sql/pglite';
import { checkRows, type PgRow } from '../src/sources/postgres-rows.ts';
import type { SqlReader } from '../src/sources/sql-reader.ts';

/** Every value as the text that Postgres printed; types of extensions are text anyway. */
const textParsers = Object.fromEntries(
  Array.from({ length: 10_000 }, (_, builtInOid) => [builtInOid, (value: string) => value]),
);

/** A reader over Postgres in WebAssembly, in this process: one database, no timeouts, no roles. */
export async function pgLiteReader(database: PGlite): Promise<SqlReader> {
  const { rows } = await database.query<{ version: string; name: string }>(
    "SELECT current_setting('server_version_num') AS version, current_database() AS name",
  );
  const [server] = rows;
  if (server === undefined) throw new Error('PGlite has no answer');
  return {
    session: (_options, _signal, work) =>
      work({
        database: server.name,
        serverVersion: Number(server.version),
        isPooled: false,
        async rows(sql, row) {
          const answer = await database.query<PgRow>(sql, [], { parsers: textParsers });
          return checkRows(answer.rows, row);
        },
      }),
  };
}
