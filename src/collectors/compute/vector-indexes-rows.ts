import { z } from 'zod';
import { type VectorAccessMethod, vectorAccessMethods } from '../../neon/neurondb.ts';
import { bool, float8, int4, int8, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';

const IndexRow = z.object({
  schemaname: text,
  relname: text,
  indexrelname: text,
  am: z.enum(vectorAccessMethods),
  opclass: text.nullable(),
  type: text.nullable(),
  typmod: int4.nullable(),
  valid: bool,
  ready: bool,
  /** Null: our role may not see who builds. */
  building: bool.nullable(),
  filenode: int8,
  parameters: text.nullable(),
  scans: int8,
  tuples_read: int8,
  tuples_fetched: int8,
  blocks_read: int8,
  blocks_hit: int8,
  /** -1: never counted. */
  rows: float8,
  bytes: int8,
});
type IndexRow = z.infer<typeof IndexRow>;

/**
 * By access method, never by name: names lie both ways. Catalogs and statistics functions only, so that a REINDEX is
 * not waited for. The type modifier of an index column is lost when the index stores another type; then the table's counts.
 * A partial index has its own number of rows.
 */
const indexesSql = `
SELECT n.nspname AS schemaname, h.relname, c.relname AS indexrelname, a.amname AS am, o.opcname AS opclass,
  coalesce(ht.typname, it.typname) AS type,
  coalesce(nullif(ia.atttypmod, -1), ha.atttypmod) AS typmod,
  i.indisvalid AS valid, i.indisready AS ready, c.relfilenode AS filenode,
  CASE WHEN pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') THEN EXISTS (
    SELECT FROM pg_catalog.pg_stat_progress_create_index p
    WHERE p.index_relid = c.oid AND p.datname = pg_catalog.current_database()) END AS building,
  pg_catalog.array_to_string(c.reloptions, pg_catalog.chr(10)) AS parameters,
  pg_catalog.pg_stat_get_numscans(c.oid) AS scans,
  pg_catalog.pg_stat_get_tuples_returned(c.oid) AS tuples_read,
  pg_catalog.pg_stat_get_tuples_fetched(c.oid) AS tuples_fetched,
  pg_catalog.pg_stat_get_blocks_fetched(c.oid) - pg_catalog.pg_stat_get_blocks_hit(c.oid) AS blocks_read,
  pg_catalog.pg_stat_get_blocks_hit(c.oid) AS blocks_hit,
  CASE WHEN i.indpred IS NULL THEN h.reltuples ELSE c.reltuples END AS rows,
  c.relpages::int8 * pg_catalog.current_setting('block_size')::int8 AS bytes
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_am a ON a.oid = c.relam
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
JOIN pg_catalog.pg_class h ON h.oid = i.indrelid
LEFT JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[0]
LEFT JOIN pg_catalog.pg_attribute ia ON ia.attrelid = c.oid AND ia.attnum = 1
LEFT JOIN pg_catalog.pg_type it ON it.oid = ia.atttypid
LEFT JOIN pg_catalog.pg_attribute ha ON ha.attrelid = h.oid AND ha.attnum = i.indkey[0] AND i.indkey[0] > 0
LEFT JOIN pg_catalog.pg_type ht ON ht.oid = ha.atttypid
WHERE a.amname IN ('hnsw', 'ivf', 'ivfflat') AND c.relkind = 'i' AND c.relpersistence <> 't'
ORDER BY c.relpages DESC, n.nspname, c.relname`;

/** Types whose modifier is the number of dimensions, and how many bits of memory each takes; unknown for sparse ones. */
const bitsPerDimension: Readonly<Record<string, number | undefined>> = {
  vector: 32,
  halfvec: 16,
  bit: 1,
  binaryvec: 1,
  sparsevec: undefined,
};

export interface VectorIndex {
  readonly schemaname: string;
  readonly relname: string;
  readonly indexrelname: string;
  readonly am: VectorAccessMethod;
  /** Empty when it could not be told. */
  readonly opclass: string;
  readonly type: string;
  readonly dimensions: number | undefined;
  /** Storage parameters that were given; the others have the defaults of the access method. */
  readonly parameters: ReadonlyMap<string, number>;
  readonly isValid: boolean;
  readonly isReady: boolean;
  /** Whether it is being built or rebuilt now; undefined when our role may not see that. */
  readonly isBuilding: boolean | undefined;
  /** Name of its file: another one after every rebuild. */
  readonly filenode: bigint;
  readonly scans: bigint;
  readonly tuplesRead: bigint;
  readonly tuplesFetched: bigint;
  readonly blocksRead: bigint;
  readonly blocksHit: bigint;
  readonly sizeBytes: bigint;
  /** Estimated rows in the index; undefined when nobody has counted. */
  readonly rows: number | undefined;
  /** What the indexed vectors take by themselves. */
  readonly vectorBytes: number | undefined;
}

/** The vector indexes of the session's database, largest first. */
export async function readVectorIndexes(session: SqlSession): Promise<readonly VectorIndex[]> {
  return (await session.rows(indexesSql, IndexRow)).map(vectorIndex);
}

function vectorIndex(row: IndexRow): VectorIndex {
  const type = row.type ?? '';
  const typmod = row.typmod ?? -1;
  const dimensions = Object.hasOwn(bitsPerDimension, type) && typmod > 0 ? typmod : undefined;
  const rows = row.rows < 0 ? undefined : row.rows;
  const bits = bitsPerDimension[type];
  const canTell = dimensions !== undefined && rows !== undefined && bits !== undefined;
  return {
    schemaname: row.schemaname,
    relname: row.relname,
    indexrelname: row.indexrelname,
    am: row.am,
    opclass: row.opclass ?? '',
    type,
    dimensions,
    parameters: parametersIn(row.parameters ?? ''),
    isValid: row.valid,
    isReady: row.ready,
    isBuilding: row.building ?? undefined,
    filenode: row.filenode,
    scans: row.scans,
    tuplesRead: row.tuples_read,
    tuplesFetched: row.tuples_fetched,
    blocksRead: row.blocks_read,
    blocksHit: row.blocks_hit,
    sizeBytes: row.bytes,
    rows,
    vectorBytes: canTell ? (rows * dimensions * bits) / 8 : undefined,
  };
}

/** `m=16`, one a line; what is no number is left out. */
function parametersIn(lines: string): ReadonlyMap<string, number> {
  return new Map(
    lines.split('\n').flatMap((line) => {
      const [name = '', value = ''] = line.split('=', 2);
      return /^-?\d+(?:\.\d+)?$/.test(value) ? [[name, Number(value)] as const] : [];
    }),
  );
}
