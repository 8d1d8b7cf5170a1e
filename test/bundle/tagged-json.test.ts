import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTagged, encodeTagged } from '../../src/bundle/tagged-json.ts';
import { parseShardId, ShardId } from '../../src/neon/shard-id.ts';

const leaf = fc.oneof(
  fc.string(),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(parseShardId('20000000000000000000000000000002-0102')),
);
const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.uniqueArray(fc.string(), { maxLength: 4 }).map((items) => new Set(items)),
    fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => !key.startsWith('$') && key !== '__proto__'),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
}));

describe('tagged JSON', () => {
  it('gives back what readings are made of', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const back = decodeTagged(encodeTagged(value));
        // JSON knows no negative zero, and nobody reads one.
        expect(back).toEqual(normal(value));
      }),
    );
  });

  it('gives shard ids back as such', () => {
    const id = parseShardId('20000000000000000000000000000002-0102');
    const back = decodeTagged(encodeTagged({ id }));
    expect((back as { id: unknown }).id).toBeInstanceOf(ShardId);
    expect(back).toEqual({ id });
  });

  it.each(['{"$bigint":"x"}', '{"$shard":"no"}', '{"$map":[[1]]}', '{"$set":1}', '{"$what":1}', '{'])(
    'refuses %s',
    (text) => {
      expect(() => decodeTagged(text)).toThrow(SyntaxError);
    },
  );
});

/** The same with 0 for -0. */
function normal(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(normal);
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, normal(one)]));
  if (value instanceof Set || value instanceof ShardId || typeof value !== 'object' || value === null)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, normal(one)]));
}
