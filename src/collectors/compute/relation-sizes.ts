import { z } from 'zod';
import { family } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import { bool, int8, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import type { TargetReading } from '../collector.ts';
import type { SqlCollector, SqlReadingBase } from '../sql-collector.ts';
import { skipReason } from '../sql-part.ts';
import { inEachDatabase } from './relations-databases.ts';

const CandidateRow = z.object({
  oid: int8,
  schemaname: text,
  relname: text,
  kind: z.enum(['table', 'index']),
});
type Candidate = z.infer<typeof CandidateRow>;

const SizeRow = z.object({ locked: bool, bytes: int8.nullable() });

/** Why a relation has no size this time: a lock in the way, dropped meanwhile, or an error of its own. */
const skipReasons = ['locked', 'gone', 'failed'] as const;
type SkipReason = (typeof skipReasons)[number];

interface DatabaseSizes {
  readonly sizes: readonly (Candidate & { readonly bytes: bigint })[];
  readonly skipped: Readonly<Record<SkipReason, number>>;
}

export interface RelationSizesReading extends SqlReadingBase {
  readonly databases: ReadonlyMap<string, DatabaseSizes>;
}

type Input = TargetReading<RelationSizesReading>;

/** The largest tables and the largest indexes by estimate; never-analyzed ones come last. */
const candidatesSql = (top: number) => `
SELECT r.oid, n.nspname AS schemaname, r.relname, r.kind
FROM (
  SELECT c.oid, c.relname, c.relnamespace, CASE c.relkind WHEN 'i' THEN 'index' ELSE 'table' END AS kind,
    pg_catalog.row_number() OVER (PARTITION BY c.relkind = 'i' ORDER BY c.relpages DESC, c.oid) AS place
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm', 'i') AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
) r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE r.place <= ${top} ORDER BY r.kind, r.place`;

/**
 * Asking for a size takes a lock that waits behind one of ALTER TABLE or REINDEX, held or only waited for, and
 * everybody after us would wait as well: so we look for such a lock first. `lock_timeout` ends the rare race.
 */
const sizeSql = (oid: bigint) => `
SELECT l.locked, CASE WHEN l.locked THEN NULL
    WHEN c.relkind = 'i' THEN pg_catalog.pg_relation_size(c.oid) ELSE pg_catalog.pg_table_size(c.oid) END AS bytes
FROM pg_catalog.pg_class c CROSS JOIN (
  SELECT EXISTS (
    SELECT FROM pg_catalog.pg_locks k JOIN pg_catalog.pg_database d ON d.oid = k.database
    WHERE k.locktype = 'relation' AND k.mode = 'AccessExclusiveLock'
      AND d.datname = pg_catalog.current_database() AND k.relation = ${oid}
  ) AS locked OFFSET 0
) l WHERE c.oid = ${oid}`;

const size = family({
  name: 'neon_compute_relation_size_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Exact size of one of the largest tables (with TOAST, without indexes) or indexes.',
  labels: ['compute', 'datname', 'schemaname', 'relname', 'kind'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const [datname, { sizes }] of reading.databases) {
      for (const { schemaname, relname, kind, bytes } of sizes) {
        yield sample({ compute: target.name, datname, schemaname, relname, kind }, bytes);
      }
    }
  },
});

const skipped = family({
  name: 'neon_compute_relation_sizes_skipped',
  type: 'gauge',
  help: 'Tables and indexes whose exact size could not be had in the last run, by reason.',
  labels: ['compute', 'datname', 'reason'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const [datname, database] of reading.databases) {
      for (const reason of skipReasons) {
        yield sample({ compute: target.name, datname, reason }, database.skipped[reason]);
      }
    }
  },
});

async function readSizes(session: SqlSession, top: number): Promise<DatabaseSizes> {
  const sizes: (Candidate & { readonly bytes: bigint })[] = [];
  const counts = { locked: 0, gone: 0, failed: 0 };
  for (const candidate of await session.rows(candidatesSql(top), CandidateRow)) {
    const answer = await readSize(session, candidate.oid);
    if (typeof answer === 'bigint') sizes.push({ ...candidate, bytes: answer });
    else counts[answer] += 1;
  }
  return { sizes, skipped: counts };
}

async function readSize(session: SqlSession, oid: bigint): Promise<bigint | SkipReason> {
  try {
    const [row] = await session.rows(sizeSql(oid), SizeRow);
    if (row?.locked === true) return 'locked';
    return row?.bytes ?? 'gone';
  } catch (thrown) {
    const reason = skipReason(thrown);
    if (reason === undefined) throw thrown;
    return reason === 'timeout' ? 'locked' : 'failed';
  }
}

/** Not for every server, so off by default: each size is a statement of its own and a lock, however short. */
export const relationSizes = {
  name: 'relation_sizes',
  summary:
    'Exact sizes of the largest tables and indexes of each database, one at a time and never behind a lock.',
  kind: 'compute',
  families: [size, skipped],
  collect: (context) => inEachDatabase(context, (session) => readSizes(session, context.settings.top)),
} as const satisfies SqlCollector<RelationSizesReading>;
