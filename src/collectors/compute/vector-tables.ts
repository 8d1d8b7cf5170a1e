import { z } from 'zod';
import { family } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import { bool, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import type { TargetReading } from '../collector.ts';

/** Tables by name, per database: the largest. */
const maxTables = 500;

/** A table that holds vectors, told by its columns' types, or by a vector index over an expression. */
export interface VectorTable {
  readonly schemaname: string;
  readonly relname: string;
  /** Whether it has a vector index at all, valid or not. */
  readonly isIndexed: boolean;
}

const TableRow = z.object({ schemaname: text, relname: text, indexed: bool });

/** By type name: pgvector's and NeuronDB's share `vector`, `halfvec` and `sparsevec`. Catalogs only; no lock on a table. */
const tablesSql = `
SELECT n.nspname AS schemaname, c.relname, x.indexed
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT EXISTS (
    SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = ic.relam
    WHERE i.indrelid = c.oid AND m.amname IN ('hnsw', 'ivf', 'ivfflat')
  ) AS indexed
) x
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'neurondb')
  AND (x.indexed OR EXISTS (
    SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND t.typname IN ('vector', 'halfvec', 'sparsevec', 'binaryvec')))
ORDER BY c.relpages DESC, n.nspname, c.relname LIMIT ${maxTables}`;

/** The tables of the session's database that hold vectors, largest first. */
export async function readVectorTables(session: SqlSession): Promise<readonly VectorTable[]> {
  const rows = await session.rows(tablesSql, TableRow);
  return rows.map(({ schemaname, relname, indexed }) => ({ schemaname, relname, isIndexed: indexed }));
}

type Input = TargetReading<{ readonly tables: ReadonlyMap<string, readonly VectorTable[]> }>;

export const vectorTableInfo = family({
  name: 'neurondb_vector_table_info',
  type: 'info',
  help: 'A table with a column of a vector type, and whether it has any vector index; the largest 500 of a database.',
  labels: ['compute', 'datname', 'schemaname', 'relname', 'indexed'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const [datname, tables] of reading.tables) {
      for (const { schemaname, relname, isIndexed } of tables) {
        const indexed = isIndexed ? 'yes' : 'no';
        yield sample({ compute: target.name, datname, schemaname, relname, indexed }, 1);
      }
    }
  },
});
