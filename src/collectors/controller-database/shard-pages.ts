import { z } from 'zod';
import type { ShardId } from '../../neon/shard-id.ts';
import { parseShardId } from '../../neon/shard-id.ts';
import { int4, int8, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import type { SetAsideCount } from '../set-aside.ts';
import type { TableFacts } from './schema.ts';

/** One row of `tenant_shards`. */
export interface ShardRecord {
  readonly id: ShardId;
  /** Raised with every attach; null until the first. */
  readonly generation: number | undefined;
  /** Node to which that generation was issued, which comes before the attach is done: a witness, not a proof. */
  readonly generationPageserver: number | undefined;
  readonly isSplitting: boolean;
  /** The controller's API does not list a tenant with this policy. */
  readonly isDetached: boolean;
}

/** Few enough that checking a page does not hold the event loop. */
const pageRows = 2000;
const maxPages = 250;

const Row = z.object({
  tenant_id: text.regex(/^[0-9a-f]{32}$/, 'expected a tenant id'),
  shard_number: int4,
  shard_count: int4,
  generation: int4.nullable(),
  generation_pageserver: int8.nullable(),
  splitting: int4,
  placement_policy: text,
});
type Row = z.infer<typeof Row>;

/** The pattern keeps what is put into the next question to hexadecimal digits. */
function pageSql({ qualified }: TableFacts, after: Row | undefined): string {
  const start =
    after === undefined
      ? ''
      : `AND (s.tenant_id, s.shard_number, s.shard_count) > ('${after.tenant_id}', ${after.shard_number}, ${after.shard_count})`;
  return `SELECT s.tenant_id, s.shard_number, s.shard_count, s.generation, s.generation_pageserver, s.splitting,
  s.placement_policy
FROM ${qualified} AS s
WHERE s.tenant_id ~ '^[0-9a-f]{32}$' ${start}
ORDER BY s.tenant_id, s.shard_number, s.shard_count
LIMIT ${pageRows}`;
}

/**
 * Every shard with a tenant id that is one, by pages of the primary key. Pages are read one after the other, so a shard
 * that is made or dropped meanwhile may be missed.
 *
 * @returns undefined when there are more than half a million
 */
export async function readShards(
  session: SqlSession,
  table: TableFacts,
  setAside: SetAsideCount,
): Promise<ShardRecord[] | undefined> {
  const shards: ShardRecord[] = [];
  let last: Row | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const rows = await session.rows(pageSql(table, last), Row);
    for (const row of rows) {
      const shard = shardRecord(row);
      if (shard === undefined) setAside.add('bad_id');
      else shards.push(shard);
    }
    last = rows.at(-1);
    if (rows.length < pageRows) return shards;
  }
  return undefined;
}

/** Undefined when number and count make no shard id. */
function shardRecord(row: Row): ShardRecord | undefined {
  const { tenant_id, shard_number, shard_count } = row;
  if (shard_number < 0 || shard_number > 255 || shard_count < 0 || shard_count > 255) return undefined;
  const byte = (value: number) => value.toString(16).padStart(2, '0');
  const text = shard_count === 0 ? tenant_id : `${tenant_id}-${byte(shard_number)}${byte(shard_count)}`;
  const id = parseShardId(text);
  if (id === undefined) return undefined;
  return {
    id,
    generation: row.generation ?? undefined,
    generationPageserver: row.generation_pageserver === null ? undefined : Number(row.generation_pageserver),
    isSplitting: row.splitting !== 0,
    isDetached: row.placement_policy === '"Detached"',
  };
}
