import type { Clock } from '../../clock.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import type { Parts } from '../sql-part.ts';
import { readDatabaseSize, readDatabases } from './compute-health-rows.ts';

/** Databases by name with their bytes, and how many there are that were not measured. */
export interface DatabaseSizes {
  /** Every database that can be connected to. */
  readonly databases: number;
  /** Left behind by a DROP DATABASE that failed; never asked for their size. */
  readonly invalid: number;
  /** By descending size; only those measured in this run. */
  readonly sizes: readonly { readonly datname: string; readonly bytes: bigint }[];
  /** Whether `sizes` has every valid database. */
  readonly isComplete: boolean;
}

/** Sizes walk directories, or ask a pageserver: they get this much of a run, and what is left waits for the next one. */
const budgetMs = 2000;

/**
 * Measures the databases one by one, those that the run before did not reach first. One that takes longer than
 * `statement_timeout` ends it: the server is busy, and more questions would not help.
 */
export async function readSizes(
  session: SqlSession,
  previous: DatabaseSizes | undefined,
  clock: Clock,
  parts: Parts,
): Promise<DatabaseSizes> {
  const all = await readDatabases(session);
  const valid = all.filter(({ is_invalid }) => !is_invalid);
  const allowed = valid.filter(({ is_allowed }) => is_allowed);
  if (allowed.length < valid.length) parts.skip('database_sizes', 'no_privilege');
  const known = new Set(previous?.sizes.map(({ datname }) => datname));
  const order = [
    ...allowed.filter(({ datname }) => !known.has(datname)),
    ...allowed.filter(({ datname }) => known.has(datname)),
  ];
  const startMs = clock.monotonicMs();
  const sizes: { datname: string; bytes: bigint }[] = [];
  let asked = 0;
  for (const { oid, datname } of order) {
    if (clock.monotonicMs() - startMs > budgetMs) {
      parts.skip('database_sizes', 'timeout');
      break;
    }
    const size = await parts.attempt('database_sizes', async () => ({
      bytes: await readDatabaseSize(session, oid),
    }));
    if (size === undefined) break;
    asked += 1;
    if (size.bytes !== undefined) sizes.push({ datname, bytes: size.bytes });
  }
  sizes.sort((left, right) => (right.bytes > left.bytes ? 1 : right.bytes < left.bytes ? -1 : 0));
  return {
    databases: valid.length,
    invalid: all.length - valid.length,
    sizes,
    isComplete: asked === valid.length,
  };
}
