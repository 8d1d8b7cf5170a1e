import { z } from 'zod';

/*
 * Schemas over the text that Postgres prints, because a session hands out nothing else. `.nullable()` where SQL may
 * answer null. An int8 or a numeric becomes a bigint or stays text: neither passes through a float.
 */

const maxInt8 = 2n ** 63n - 1n;
const integerPattern = /^-?\d+$/;
const floatPattern = /^(?:NaN|-?Infinity|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const numericPattern = /^(?:NaN|-?Infinity|-?\d+(?:\.\d+)?)$/;

/** `int8`, `oid`, `xid8` and whatever else is a whole number of 64 bits. */
export const int8 = z
  .string()
  .regex(integerPattern, 'expected a whole number')
  .transform((text) => BigInt(text))
  .refine((value) => value >= -maxInt8 - 1n && value <= maxInt8, 'expected a whole number of 64 bits');

/** A whole number that a float holds exactly: `int2`, `int4`, `oid`, and an `int8` known to be small. */
export const int4 = z
  .string()
  .regex(integerPattern, 'expected a whole number')
  .transform(Number)
  .refine((value) => Number.isSafeInteger(value), 'expected a whole number below 2^53');

/** The answer of `count(*)`. */
export const count = int4.refine((value) => value >= 0, 'expected a count, got a negative number');

/** `float4` and `float8`, `NaN` and infinities included. */
export const float8 = z.string().regex(floatPattern, 'expected a number').transform(Number);

/** A `numeric` as Postgres printed it. */
export const numeric = z.string().regex(numericPattern, 'expected a number');

/** A `numeric` without fraction, as `sum()` over `int8` gives: of any length. */
export const wholeNumeric = z
  .string()
  .regex(integerPattern, 'expected a whole number')
  .transform((text) => BigInt(text));

/** `bool`, and `bool::text`. */
export const bool = z.enum(['t', 'f', 'true', 'false']).transform((text) => text.startsWith('t'));

/** Any text-like type; `name`, `regclass` and `pg_lsn` too. */
export const text = z.string();

/** `extract(epoch FROM …)` in seconds -> milliseconds, with the microseconds as fraction. An infinite time is refused. */
export const epochMs = z
  .string()
  .regex(/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/, 'expected seconds since 1970')
  .transform((seconds) => Number(seconds) * 1000);
