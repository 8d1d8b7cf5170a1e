import { z } from 'zod';
import { int8, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';

/** What a statement is about, judged by its text. `unknown`: its text was not (or may not be) read. */
export const statementClasses = ['vector', 'neurondb', 'other'] as const;
export type StatementClass = (typeof statementClasses)[number];

const ClassRow = z.object({ queryid: int8.transform(String), class: z.enum(statementClasses).nullable() });
const TextRow = z.object({ queryid: int8.transform(String), text: text.nullable() });

/** With more ids than this, all entries are judged: the list would cost more than it saves. */
const maxListedIds = 2_000;
/** Most characters of an exported text. */
const maxTextCharacters = 200;

/** Comments, strings of every kind and quoted names, as the scanner of Postgres would cut them; an end may be cut off. */
const tokens =
  /--[^\n]*|\/\*.*?(?:\*\/|$)|\b[eE]'(?:[^'\\]|\\.|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|\$([A-Za-z_]\w*)?\$.*?(?:\$\1\$|$)|"(?:[^"]|"")*(?:"|$)/gs;

/**
 * Classes by queryid, judged on the server so that no text travels. Only the first and last 2,000 characters are
 * looked at: distance operators stand in the ORDER BY, at the end. They are known by their spelling, which some
 * geometric types, cube, ltree and pg_trgm share. Reading texts makes Postgres load its whole text file.
 */
export async function readClasses(
  session: SqlSession,
  schema: string,
  queryids: readonly string[],
): Promise<ReadonlyMap<string, StatementClass>> {
  const rows = await session.rows(
    `SELECT t.queryid, max(CASE
        WHEN pg_catalog.strpos(t.query, '<') > 0 AND (t.query LIKE '%<->%' OR t.query LIKE '%<=>%'
          OR t.query LIKE '%<#>%' OR t.query LIKE '%<+>%') THEN 'vector'
        WHEN pg_catalog.strpos(pg_catalog.lower(t.query), 'neurondb') > 0 THEN
          CASE WHEN t.query ~* '(^|[^a-z0-9_$])neurondb"?\\s*\\.' THEN 'neurondb' ELSE 'other' END
        WHEN t.query IS NOT NULL THEN 'other' END) AS class
      FROM (
        SELECT s.queryid, CASE WHEN pg_catalog.octet_length(s.query) <= 4000 THEN s.query ELSE
          pg_catalog."left"(s.query, 2000) || ' ' || pg_catalog."right"(s.query, 2000) END AS query
        FROM ${schema}.pg_stat_statements(true) s WHERE s.queryid IS NOT NULL${among(queryids)} OFFSET 0
      ) t GROUP BY t.queryid`,
    ClassRow,
  );
  return new Map(rows.flatMap((row) => (row.class === null ? [] : [[row.queryid, row.class] as const])));
}

/** Texts by queryid, fit for a label. */
export async function readLabels(
  session: SqlSession,
  schema: string,
  queryids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await session.rows(
    `SELECT s.queryid, max(pg_catalog."left"(s.query, 2000)) AS text
      FROM ${schema}.pg_stat_statements(true) s WHERE s.queryid IS NOT NULL${among(queryids)}
      GROUP BY s.queryid`,
    TextRow,
  );
  return new Map(
    rows.flatMap((row) => (row.text === null ? [] : [[row.queryid, labelText(row.text)] as const])),
  );
}

/**
 * One line of at most 200 characters. Literals are taken out: Postgres leaves those of utility statements in, and
 * `ALTER ROLE … PASSWORD` has one.
 */
export function labelText(query: string): string {
  const line = query
    .replace(tokens, (token: string) => {
      if (token.startsWith('"')) return token;
      return token.startsWith('--') || token.startsWith('/*') ? ' ' : '?';
    })
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...line];
  return characters.length <= maxTextCharacters
    ? line
    : `${characters.slice(0, maxTextCharacters - 1).join('')}…`;
}

/** Ids are whole numbers as Postgres printed them; the list cannot hold anything else. */
function among(queryids: readonly string[]): string {
  if (queryids.length > maxListedIds) return '';
  const ids = queryids.map((queryid) => BigInt(queryid)).join(',');
  return ` AND s.queryid = ANY ('{${ids}}'::pg_catalog.int8[])`;
}
