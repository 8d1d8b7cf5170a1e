import type { ZodType } from 'zod';
import type { PartSkipReason, SqlSession } from '../../sources/sql-reader.ts';
import type { SkippedPart } from '../collector.ts';
import { trackParts } from '../sql-part.ts';

/** Reads a server part by part, so that one that is denied or missing does not cost the others. */
export interface PartReader {
  readonly skipped: () => readonly SkippedPart[];
  readonly skip: (part: string, reason: PartSkipReason) => void;
  /** True when all conditions hold; otherwise the part is skipped for want of a privilege. */
  mayRead(part: string, needs: readonly string[]): boolean;
  /** Rows of one statement; undefined when it serves no part, or when those it serves had to be skipped. */
  rows<Row>(parts: readonly string[], sql: string, row: ZodType<Row>): Promise<Row[] | undefined>;
}

/**
 * @param holding the conditions that the server said are true
 * @param signal of the run
 */
export function createPartReader(
  session: SqlSession,
  holding: ReadonlySet<string>,
  signal: AbortSignal,
): PartReader {
  const { attempt, skip, skipped } = trackParts(signal);
  return {
    skipped,
    skip,
    mayRead(part, needs) {
      const isAllowed = needs.every((condition) => holding.has(condition));
      if (!isAllowed) skip(part, 'no_privilege');
      return isAllowed;
    },
    async rows(parts, sql, row) {
      const [first, ...others] = parts;
      if (first === undefined) return undefined;
      const rows = await attempt(first, () => session.rows(sql, row));
      if (rows !== undefined) return rows;
      const reason = skipped().find(({ part }) => part === first)?.reason;
      if (reason !== undefined) for (const part of others) skip(part, reason);
      return undefined;
    },
  };
}
