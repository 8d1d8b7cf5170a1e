import { SourceError } from '../errors.ts';
import type { PartSkipReason } from '../sources/sql-reader.ts';
import type { SkippedPart } from './collector.ts';

/** Runs the parts of one reading, so that one that cannot be had never costs the others. */
export interface Parts<Part extends string = string> {
  readonly skip: (part: Part, reason: PartSkipReason) => void;
  /**
   * What `read` gives; undefined, and the part is named, when the server refused it, lacks it, gave up on it, or
   * answered with an error or with what cannot be used.
   * Any other failure, the run's own deadline among them, is thrown on.
   */
  readonly attempt: <Result>(part: Part, read: () => Promise<Result>) => Promise<Result | undefined>;
  /** Each part once, in the order in which they were skipped. */
  readonly skipped: () => readonly (SkippedPart & { readonly part: Part })[];
}

/** @param signal of the run: once it has aborted nothing is skipped any more, the run has failed */
export function trackParts<Part extends string = string>(signal: AbortSignal): Parts<Part> {
  const reasons = new Map<Part, PartSkipReason>();
  const skip = (part: Part, reason: PartSkipReason) => {
    if (!reasons.has(part)) reasons.set(part, reason);
  };
  return {
    skip,
    async attempt(part, read) {
      try {
        return await read();
      } catch (thrown) {
        const reason = signal.aborted ? undefined : skipReason(thrown);
        if (reason === undefined) throw thrown;
        skip(part, reason);
        return undefined;
      }
    },
    skipped: () => [...reasons].map(([part, reason]) => ({ part, reason })),
  };
}

/** No such relation, function, column, schema or database; the last by PgBouncer, too. */
const absent = /^(?:42P01|42883|42703|3F000|3D000|08P01)$/;
/** Resources and operators are everybody's trouble, 25P02 and a syntax error (42601) our own mistake. */
const notOfOnePart = /^(?:53|57|F0|25P02|42601)/;

/** Why one part could not be read; undefined when the failure is not of that part alone. */
export function skipReason(thrown: unknown): PartSkipReason | undefined {
  if (!(thrown instanceof SourceError)) return undefined;
  const { reason, sqlState } = thrown;
  if (reason === 'malformed' || reason === 'too_large') return reason;
  // Without an SQLSTATE it was not the statement that failed but the connection, which every part shares.
  if (sqlState === undefined) return undefined;
  if (reason === 'denied') return 'no_privilege';
  if (reason === 'unsupported') return absent.test(sqlState) ? 'no_object' : 'failed';
  if (reason === 'timeout') return 'timeout';
  return reason === 'unexpected' && !notOfOnePart.test(sqlState) ? 'failed' : undefined;
}
