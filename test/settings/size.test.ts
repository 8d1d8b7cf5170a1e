import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { metaOf } from '../../src/settings/meta.ts';
import { Size } from '../../src/settings/size.ts';

describe('Size', () => {
  it.for([
    { text: '512KiB', bytes: 524_288 },
    { text: '64MiB', bytes: 67_108_864 },
    { text: '1GiB', bytes: 1_073_741_824 },
    { text: '100MB', bytes: 100_000_000 },
    { text: '3kB', bytes: 3000 },
    { text: '3KB', bytes: 3000 },
    { text: '1000B', bytes: 1000 },
  ])('reads $text', ({ text, bytes }) => {
    expect(Size.parse(text)).toBe(bytes);
  });

  it.for([
    { case: 'a number without a unit', input: 1000 },
    { case: 'digits without a unit', input: '1000' },
    { case: 'bits', input: '64Mb' },
    { case: 'a bare prefix', input: '64M' },
    { case: 'nothing at all', input: '0B' },
    { case: 'a fraction', input: '1.5GiB' },
    { case: 'more than a number can hold exactly', input: '9000TiB' },
  ])('refuses $case', ({ input }) => {
    expect(Size.safeParse(input).success).toBe(false);
  });

  it('keeps its unit, also under a default', () => {
    expect(metaOf(Size.prefault('1MiB').meta({ description: 'A size.' })).unit).toBe('bytes');
  });

  it('reads back what it writes, for every whole number of bytes', () => {
    const anySize = fc.oneof(
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: 0, max: 50 }).map((power) => 2 ** power),
      fc.integer({ min: 0, max: 15 }).map((power) => 10 ** power),
    );
    fc.assert(
      fc.property(anySize, (bytes) => {
        expect(Size.parse(z.encode(Size, bytes))).toBe(bytes);
      }),
    );
  });
});
