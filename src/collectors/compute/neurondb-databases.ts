import { z } from 'zod';
import { bool, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';

/** An invalid database (a DROP DATABASE that was interrupted) has a connection limit of -2 and refuses everybody. */
const databasesSql = `
SELECT d.datname AS name, pg_catalog.has_database_privilege(d.oid, 'CONNECT') AS allowed
FROM pg_catalog.pg_database d
WHERE d.datallowconn AND NOT d.datistemplate AND d.datconnlimit <> -2 ORDER BY d.datname`;

const DatabaseRow = z.object({ name: text, allowed: bool });

/** Whether `name` fits `glob`, in which `*` stands for any text and `?` for one character. No glob makes it slow. */
export function fitsGlob(name: string, glob: string): boolean {
  const text = [...name];
  const pattern = [...glob];
  let at = 0;
  let next = 0;
  // Only the last `*` ever has to take more: whatever fits later also fits after an earlier one took less.
  let lastStar: { readonly next: number; at: number } | undefined;
  while (at < text.length) {
    if (pattern[next] === '*') {
      next += 1;
      lastStar = { next, at };
    } else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === text[at])) {
      next += 1;
      at += 1;
    } else if (lastStar !== undefined) {
      lastStar.at += 1;
      at = lastStar.at;
      next = lastStar.next;
    } else return false;
  }
  return pattern.slice(next).every((rest) => rest === '*');
}

export interface OtherDatabase {
  readonly name: string;
  readonly isAllowed: boolean;
}

/** Databases that fit one of `globs`, besides the one of `session`. Asks nothing when there is no glob. */
export async function otherDatabases(
  session: SqlSession,
  globs: readonly string[],
): Promise<OtherDatabase[]> {
  if (globs.length === 0) return [];
  const rows = await session.rows(databasesSql, DatabaseRow);
  return rows
    .filter(({ name }) => name !== session.database && globs.some((glob) => fitsGlob(name, glob)))
    .map(({ name, allowed }) => ({ name, isAllowed: allowed }));
}
