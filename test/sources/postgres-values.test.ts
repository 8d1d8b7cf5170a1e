import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  bool,
  count,
  epochMs,
  float8,
  int4,
  int8,
  numeric,
  wholeNumeric,
} from '../../src/sources/pg-values.ts';
import { checkManyRows, checkRows } from '../../src/sources/postgres-rows.ts';

describe('a value as Postgres prints it', () => {
  it.for([
    { case: 'int8 at its lowest', schema: int8, text: '-9223372036854775808', value: -(2n ** 63n) },
    { case: 'int8 at its highest', schema: int8, text: '9223372036854775807', value: 2n ** 63n - 1n },
    { case: 'int4', schema: int4, text: '-12', value: -12 },
    { case: 'a count', schema: count, text: '0', value: 0 },
    { case: 'a long sum', schema: wholeNumeric, text: '99999999999999999999', value: 99999999999999999999n },
    { case: 'numeric', schema: numeric, text: '-0.10', value: '-0.10' },
    { case: 'float8', schema: float8, text: '1.5e-05', value: 0.000015 },
    { case: 'float8 beyond all numbers', schema: float8, text: '-Infinity', value: Number.NEGATIVE_INFINITY },
    { case: 'float8 that is none', schema: float8, text: 'NaN', value: Number.NaN },
    { case: 'true', schema: bool, text: 't', value: true },
    { case: 'true as text', schema: bool, text: 'true', value: true },
    { case: 'false', schema: bool, text: 'f', value: false },
    { case: 'seconds since 1970', schema: epochMs, text: '1700000000.5', value: 1_700_000_000_500 },
    { case: 'nothing, where nothing may be', schema: int8.nullable(), text: null, value: null },
  ])('$case', ({ schema, text, value }) => expect(schema.parse(text)).toEqual(value));

  it.for([
    { case: 'int8 of 65 bits', schema: int8, text: '9223372036854775808' },
    { case: 'an empty int8', schema: int8, text: '' },
    { case: 'an int8 with a fraction', schema: int8, text: '1.0' },
    { case: 'an int4 that a float cannot hold', schema: int4, text: '9007199254740993' },
    { case: 'a hexadecimal int4', schema: int4, text: '0x10' },
    { case: 'an empty int4', schema: int4, text: '' },
    { case: 'a negative count', schema: count, text: '-1' },
    { case: 'an empty float8', schema: float8, text: '' },
    { case: 'a float8 with a space', schema: float8, text: ' 1' },
    { case: 'an endless time', schema: epochMs, text: 'Infinity' },
    { case: 'a bool of another kind', schema: bool, text: '1' },
    { case: 'null', schema: int8, text: null },
    { case: 'an absent column', schema: int8, text: undefined },
  ])('is no $case', ({ schema, text }) => expect(schema.safeParse(text).success).toBe(false));

  it('is the same bigint whatever its size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(int8.parse(String(value))).toBe(value);
      }),
    );
  });
});

describe('rows', () => {
  const shape = z.object({ n: int4 });
  const rows = Array.from({ length: 1_000 }, (_, index) => ({ n: String(index) }));

  it('come out the same at once and in steps', async () => {
    const values = rows.map((_, index) => ({ n: index }));
    expect(checkRows(rows, shape)).toEqual(values);
    let nowMs = 0;
    const slow = {
      monotonicMs: () => {
        nowMs += 9;
        return nowMs;
      },
    };
    let turns = 0;
    const turn = setImmediate(() => {
      turns += 1;
    });
    expect(await checkManyRows(rows, shape, slow)).toEqual(values);
    clearImmediate(turn);
    expect(turns).toBe(1);
  });

  it('of which some are wrong are told by number, the first five', () => {
    const wrong = rows.map(({ n }) => ({ n: Number(n) % 100 === 7 ? 'x' : n }));
    expect(() => checkRows(wrong, shape)).toThrow(/row\[7\]\.n: .*row\[407\]\.n: .*, and 5 more/);
  });
});
