import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { PgRow } from '../../src/sources/postgres-rows.ts';

const folder = fileURLToPath(new URL('../fixtures/neurondb/', import.meta.url));

/** Which of the recorded servers (`ndb3`: Postgres 15, `pg16`: Postgres 16; both NeuronDB 3.0) and which database of it. */
export interface RecordedDatabase {
  readonly server: 'ndb3' | 'pg16';
  readonly database: 'appdb' | 'postgres';
}

export type RecordedRole = 'super' | 'monitor' | 'plain';

const Failure = z.object({ sqlstate: z.string(), message: z.string() });
const Outcome = z.object({
  ok: z.boolean(),
  row_count: z.int().nullable(),
  error: Failure.nullable(),
  rows: z.array(z.array(z.unknown())).optional(),
});
const Answer = z.object({
  query: z.string(),
  by_role: z.record(z.enum(['super', 'monitor', 'plain']), Outcome),
  columns: z.array(z.object({ name: z.string(), type: z.string() })).optional(),
  rows: z.array(z.array(z.unknown())).optional(),
});
export type RecordedAnswer = z.infer<typeof Answer>;

/** What `name` (a file without `.json`) was answered: rows as the superuser saw them, and the outcome of each role. */
export function recordedAnswer(of: RecordedDatabase, name: string): RecordedAnswer {
  const file = `${folder}${of.server}/${of.database}/${name}.json`;
  return Answer.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Names of all recorded answers that begin with `prefix`, sorted. */
export function recordedNames(of: RecordedDatabase, prefix: string): string[] {
  return readdirSync(`${folder}${of.server}/${of.database}`)
    .filter((file) => file.startsWith(prefix) && file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/** A recorded value as Postgres prints it. */
export function pgText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Rows as that role saw them, by column; undefined when the role got an error. */
export function recordedRows(of: RecordedDatabase, name: string, role: RecordedRole): PgRow[] | undefined {
  const { by_role, columns = [], rows = [] } = recordedAnswer(of, name);
  const outcome = by_role[role];
  if (outcome === undefined || !outcome.ok) return undefined;
  const seen = outcome.row_count === 0 ? [] : (outcome.rows ?? rows);
  return seen.map((row) =>
    Object.fromEntries(columns.map(({ name: column }, index) => [column, pgText(row[index])])),
  );
}

export interface RecordedSignature {
  readonly schema: 'public' | 'neurondb';
  readonly name: string;
  /** `index_name text`: as `pg_get_function_identity_arguments` gives it. */
  readonly args: string;
  /** `TABLE(…)`, `SETOF …` or a type. */
  readonly result: string;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
}

const volatilities = { i: 'immutable', s: 'stable', v: 'volatile' } as const;

/** Every function that NeuronDB of that version was seen to have. */
export function recordedSignatures(version: '1.0' | '3.0'): RecordedSignature[] {
  const lines = readFileSync(`${folder}functions_${version}.txt`, 'utf8').split('\n');
  return lines.flatMap((line) => {
    const match = /^(public|neurondb)\.(\w+)\((.*)\) -> (.+) \| ([isv])$/.exec(line);
    if (match === null) return [];
    const [, schema, name = '', args = '', result = '', volatility] = match;
    return [
      {
        schema: schema as 'public' | 'neurondb',
        name,
        args,
        result,
        volatility: volatilities[volatility as keyof typeof volatilities],
      },
    ];
  });
}
