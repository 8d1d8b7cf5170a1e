import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Duration } from '../../src/settings/duration.ts';
import { metaOf } from '../../src/settings/meta.ts';

describe('Duration', () => {
  it.for([
    { text: '500ms', ms: 500 },
    { text: '15s', ms: 15_000 },
    { text: '2m', ms: 120_000 },
    { text: '1h30m', ms: 5_400_000 },
    { text: '1m500ms', ms: 60_500 },
    { text: '90s', ms: 90_000 },
    { text: '24d', ms: 2_073_600_000 },
  ])('reads $text', ({ text, ms }) => {
    expect(Duration.parse(text)).toBe(ms);
  });

  it.for([
    { case: 'a number without a unit', input: 15 },
    { case: 'digits without a unit', input: '15' },
    { case: 'nothing', input: '' },
    { case: 'no time at all', input: '0s' },
    { case: 'units in the wrong order', input: '30m1h' },
    { case: 'a unit twice', input: '1s1s' },
    { case: 'a fraction', input: '1.5s' },
    { case: 'a negative one', input: '-1s' },
    { case: 'a space', input: '15 s' },
    { case: 'a unit of another program', input: '1w' },
    { case: 'more than a timer can wait', input: '25d' },
    { case: 'more than a number can hold', input: `${'9'.repeat(400)}s` },
  ])('refuses $case', ({ input }) => {
    expect(Duration.safeParse(input).success).toBe(false);
  });

  it('keeps its unit, also under a default', () => {
    expect(metaOf(Duration.prefault('15s').meta({ description: 'A time.' })).unit).toBe('ms');
  });

  it('reads back what it writes, for every whole millisecond up to the limit', () => {
    const limitMs = 2_073_600_000;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: limitMs }), (ms) => {
        expect(Duration.parse(z.encode(Duration, ms))).toBe(ms);
      }),
    );
  });

  it('adds up its parts', () => {
    const part = fc.integer({ min: 0, max: 99 });
    fc.assert(
      fc.property(part, part, part, part, (hours, minutes, seconds, ms) => {
        fc.pre(hours + minutes + seconds + ms > 0);
        const sumMs = ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
        expect(Duration.parse(`${hours}h${minutes}m${seconds}s${ms}ms`)).toBe(sumMs);
      }),
    );
  });
});
