import type { ZodType } from 'zod';
import { SourceError } from '../../errors.ts';
import type { PartSkipReason, SqlSession } from '../../sources/sql-reader.ts';
import type { DatabaseSkip, NeurondbPart } from './neurondb-reading.ts';

/** What is told to the reader of one database while it works. */
export interface PartContext {
  readonly session: SqlSession;
  readonly signal: AbortSignal;
  readonly skip: (part: NeurondbPart, reason: PartSkipReason) => void;
}

export function partContext(
  session: SqlSession,
  signal: AbortSignal,
): PartContext & { readonly skips: readonly DatabaseSkip[] } {
  const skips: DatabaseSkip[] = [];
  return {
    session,
    signal,
    skips,
    skip: (part, reason) => skips.push({ database: session.database, part, reason }),
  };
}

const unionAll = '\nUNION ALL\n';

/** Objects, columns and functions that are not there; of class 42, which also holds syntax errors and the like. */
const absent = /^(42P01|42883|42703|3F000)$/;
/** Connection, login, resources, operators, I/O: the server is in trouble, not one part; and a syntax error is our own. */
const notOfOnePart = /^(08|25|28|3D|53|57|58|F0|42601)/;

/** Why one part could not be read; undefined when the failure is not of that part alone. */
export function partReason(thrown: unknown): PartSkipReason | undefined {
  if (!(thrown instanceof SourceError)) return undefined;
  const { reason, sqlState } = thrown;
  if (reason === 'malformed' || reason === 'too_large') return reason;
  if (sqlState === undefined) return undefined;
  if (sqlState === '57014' || sqlState === '55P03') return 'timeout';
  if (sqlState === '42501') return 'no_privilege';
  if (absent.test(sqlState)) return 'no_object';
  return notOfOnePart.test(sqlState) ? undefined : 'unsupported_version';
}

/**
 * Runs one statement a part, all in one round trip; when that fails, one by one, so that a locked table or a function
 * that answers with an error costs only its own part. Gives the rows of every part that could be read.
 *
 * @throws {SourceError} what is no matter of one part, and whatever comes after the deadline.
 */
export async function readBatch<Row extends { readonly part: string }>(
  { session, signal, skip }: PartContext,
  statements: ReadonlyMap<NeurondbPart, string>,
  shape: ZodType<Row>,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const attempt = async (sql: string): Promise<Row[] | PartSkipReason> => {
    try {
      return await session.rows(sql, shape);
    } catch (thrown) {
      const reason = signal.aborted ? undefined : partReason(thrown);
      if (reason === undefined) throw thrown;
      return reason;
    }
  };
  const read = new Map<string, Row[]>();
  if (statements.size > 1) {
    const together = await attempt([...statements.values()].join(unionAll));
    if (typeof together !== 'string') {
      for (const part of statements.keys()) read.set(part, []);
      for (const row of together) read.get(row.part)?.push(row);
      return read;
    }
  }
  for (const [part, sql] of statements) {
    const alone = await attempt(sql);
    if (typeof alone === 'string') skip(part, alone);
    else read.set(part, alone);
  }
  return read;
}
