import { SourceError } from '../errors.ts';
import type { PartSkipReason } from '../sources/sql-reader.ts';
import type { SkippedPart } from './collector.ts';

/** Runs the parts of one reading, so that one that cannot be had never costs the others. */
export interface Parts {
  readonly skip: (part: string, reason: PartSkipReason) => void;
  /**
   * What `read` gives; undefined, and the part is named, when the server refused it, lacks it, gave up on it, or
   * answered what cannot be used.
   * Any other failure, the run's own deadline among them, is thrown on.
   */
  readonly attempt: <Result>(part: string, read: () => Promise<Result>) => Promise<Result | undefined>;
  /** Each part once, in the order in which they were skipped. */
  readonly skipped: () => readonly SkippedPart[];
}

/** @param signal of the run: once it has aborted nothing is skipped any more, the run has failed */
export function trackParts(signal: AbortSignal): Parts {
  const skipped = new Map<string, SkippedPart>();
  const skip = (part: string, reason: PartSkipReason) => {
    if (!skipped.has(part)) skipped.set(part, { part, reason });
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
    skipped: () => [...skipped.values()],
  };
}

function skipReason(thrown: unknown): PartSkipReason | undefined {
  if (!(thrown instanceof SourceError)) return undefined;
  if (thrown.reason === 'malformed' || thrown.reason === 'too_large') return thrown.reason;
  // Without an SQLSTATE it was not the statement that failed but the connection, which every part shares.
  if (thrown.sqlState === undefined) return undefined;
  if (thrown.reason === 'denied') return 'no_privilege';
  if (thrown.reason === 'unsupported') return 'no_object';
  return thrown.reason === 'timeout' ? 'timeout' : undefined;
}
