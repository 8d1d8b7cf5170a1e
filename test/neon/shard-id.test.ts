import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseShardId } from '../../src/neon/shard-id.ts';

const tenant = '80000000000000000000000000000008';

describe('parseShardId', () => {
  it.for([
    { case: 'an unsharded tenant has no suffix', text: tenant, number: 0, count: 0, slug: '0000' },
    { case: 'the suffix is number then count', text: `${tenant}-0108`, number: 1, count: 8, slug: '0108' },
    { case: 'the suffix is hexadecimal', text: `${tenant}-0a10`, number: 10, count: 16, slug: '0a10' },
  ])('$case', ({ text, number, count, slug }) => {
    expect(parseShardId(text)).toMatchObject({ text, tenantId: tenant, number, count, slug });
  });

  it.for([
    { case: 'a number beyond the count', text: `${tenant}-0808` },
    { case: 'upper case', text: tenant.replace('8', 'A') },
    { case: 'a tenant id that is too short', text: tenant.slice(1) },
    { case: 'a suffix that is too long', text: `${tenant}-01080` },
    { case: 'a line feed at the end', text: `${tenant}\n` },
    { case: 'nothing', text: '' },
  ])('$case is no shard id', ({ text }) => {
    expect(parseShardId(text)).toBeUndefined();
  });

  it('reads back every id that Neon can print', () => {
    const shard = fc
      .tuple(fc.integer({ min: 1, max: 255 }), fc.nat())
      .map(([count, n]) => [n % count, count]);
    const hex = (value = 0) => value.toString(16).padStart(2, '0');
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 128n - 1n), shard, (tenantNumber, [number, count]) => {
        const tenantId = tenantNumber.toString(16).padStart(32, '0');
        const text = `${tenantId}-${hex(number)}${hex(count)}`;
        expect(parseShardId(text)).toMatchObject({ text, tenantId, number, count });
      }),
    );
  });
});
