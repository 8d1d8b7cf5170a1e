import type { ZodType } from 'zod';
import type { SqlSession } from '../../sources/sql-reader.ts';
import { type Parts, trackParts } from '../sql-part.ts';
import type { NeurondbPart } from './neurondb-reading.ts';

/** What is told to the reader of one database while it works. */
export interface PartContext extends Parts<NeurondbPart> {
  readonly session: SqlSession;
  readonly signal: AbortSignal;
}

export function partContext(session: SqlSession, signal: AbortSignal): PartContext {
  return { session, signal, ...trackParts<NeurondbPart>(signal) };
}

const unionAll = '\nUNION ALL\n';

/**
 * Runs one statement a part, all in one round trip; when that fails, one by one, so that a locked table or a function
 * that answers with an error costs only its own part. Gives the rows of every part that could be read.
 *
 * @throws {SourceError} what is no matter of one part, and whatever comes after the deadline.
 */
export async function readBatch<Row extends { readonly part: string }>(
  { session, signal, attempt }: PartContext,
  statements: ReadonlyMap<NeurondbPart, string>,
  shape: ZodType<Row>,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const read = new Map<string, Row[]>();
  if (statements.size > 1) {
    const joined = [...statements.values()].join(unionAll);
    // Whose fault it is that they cannot be had together shows when each is asked alone.
    const together = await trackParts(signal).attempt('together', () => session.rows(joined, shape));
    if (together !== undefined) {
      for (const part of statements.keys()) read.set(part, []);
      for (const row of together) read.get(row.part)?.push(row);
      return read;
    }
  }
  for (const [part, sql] of statements) {
    const alone = await attempt(part, () => session.rows(sql, shape));
    if (alone !== undefined) read.set(part, alone);
  }
  return read;
}
