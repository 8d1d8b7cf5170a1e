import { z } from 'zod';
import { bool, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';

/** Tables of the storage controller's database (storage_controller/src/schema.rs). */
export const controllerTables = [
  'nodes',
  'tenant_shards',
  'controllers',
  'metadata_health',
  'safekeepers',
  'timelines',
  'safekeeper_timeline_pending_ops',
  'timeline_imports',
] as const;
export type ControllerTable = (typeof controllerTables)[number];

/** Which tables there are in which schema, with their columns and whether we may read them: a catalog look, no lock. */
const tablesSql = `
SELECT n.nspname, pg_catalog.quote_ident(n.nspname) AS schema, c.relname,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS is_readable,
  (SELECT pg_catalog.string_agg(a.attname, ',' ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname IN (${controllerTables.map((table) => `'${table}'`).join(', ')})
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
ORDER BY n.nspname = 'public' DESC, n.nspname, c.relname`;

const TableRow = z.object({
  nspname: text,
  schema: text,
  relname: z.enum(controllerTables),
  is_readable: bool,
  columns: text.nullable(),
});

export interface TableFacts {
  /** `public.nodes`, quoted where it must be. */
  readonly qualified: string;
  readonly isReadable: boolean;
  readonly columns: ReadonlySet<string>;
}

export type ControllerSchema = ReadonlyMap<ControllerTable, TableFacts>;

/** The tables of the schema that has `tenant_shards`, of `public` before any other; empty when none has. */
export async function readSchema(session: SqlSession): Promise<ControllerSchema> {
  const rows = await session.rows(tablesSql, TableRow);
  const home = rows.find(({ relname }) => relname === 'tenant_shards')?.nspname;
  return new Map(
    rows
      .filter(({ nspname }) => nspname === home)
      .map(({ relname, schema, is_readable, columns }) => [
        relname,
        {
          qualified: `${schema}.${relname}`,
          isReadable: is_readable,
          columns: new Set(columns?.split(',')),
        },
      ]),
  );
}
