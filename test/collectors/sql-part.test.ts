import { describe, expect, it } from 'vitest';
import { skipReason, trackParts } from '../../src/collectors/sql-part.ts';
import { type FailureReason, SourceError } from '../../src/errors.ts';

const failure = (reason: FailureReason, sqlState?: string) =>
  new SourceError(reason, 'words', sqlState === undefined ? {} : { sqlState });

describe('a part that could not be read', () => {
  it.for([
    { case: 'for want of a grant', thrown: failure('denied', '42501'), reason: 'no_privilege' },
    {
      case: 'because its database lets nobody in',
      thrown: failure('denied', '28000'),
      reason: 'no_privilege',
    },
    { case: 'for there is no such view', thrown: failure('unsupported', '42P01'), reason: 'no_object' },
    { case: 'for there is no such database', thrown: failure('unsupported', '3D000'), reason: 'no_object' },
    {
      case: 'for PgBouncer has no such database',
      thrown: failure('unsupported', '08P01'),
      reason: 'no_object',
    },
    {
      case: 'for a library that is not loaded',
      thrown: failure('unsupported', '55000'),
      reason: 'failed',
    },
    { case: 'behind a lock', thrown: failure('timeout', '55P03'), reason: 'timeout' },
    { case: 'within statement_timeout', thrown: failure('timeout', '57014'), reason: 'timeout' },
    { case: 'for an error of its own', thrown: failure('unexpected', 'XX000'), reason: 'failed' },
    { case: 'for an I/O error', thrown: failure('unexpected', '58030'), reason: 'failed' },
    { case: 'because it writes', thrown: failure('unexpected', '25006'), reason: 'failed' },
    { case: 'for rows of another shape', thrown: failure('malformed'), reason: 'malformed' },
    { case: 'for too many rows', thrown: failure('too_large'), reason: 'too_large' },
    { case: 'is no part when the connection is lost', thrown: failure('refused'), reason: undefined },
    { case: 'is no part at the deadline', thrown: failure('timeout'), reason: undefined },
    { case: 'is no part when nobody may log in', thrown: failure('denied'), reason: undefined },
    {
      case: 'is no part when connections are out',
      thrown: failure('refused', '53300'),
      reason: undefined,
    },
    { case: 'is no part when memory is out', thrown: failure('unexpected', '53200'), reason: undefined },
    { case: 'is no part when our SQL is wrong', thrown: failure('unexpected', '42601'), reason: undefined },
    { case: 'is no part for a mistake of ours', thrown: new TypeError('oops'), reason: undefined },
  ])('$case: $reason', ({ thrown, reason }) => expect(skipReason(thrown)).toBe(reason));
});

describe('trackParts', () => {
  it('names each part once, with the reason that came first', async () => {
    const parts = trackParts(AbortSignal.any([]));
    expect(await parts.attempt('a', () => Promise.reject(failure('denied', '42501')))).toBeUndefined();
    parts.skip('a', 'timeout');
    expect(await parts.attempt('b', async () => 7)).toBe(7);
    expect(parts.skipped()).toEqual([{ part: 'a', reason: 'no_privilege' }]);
  });

  it('skips nothing any more once the run has ended', async () => {
    const parts = trackParts(AbortSignal.abort());
    const late = failure('timeout', '57014');
    await expect(parts.attempt('a', () => Promise.reject(late))).rejects.toBe(late);
    expect(parts.skipped()).toEqual([]);
  });
});
