import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tenantPage } from './rules.ts';
import { mustHaveRecorded, type RecordedAnswer } from './world.ts';

const route = '/control/v1/tenant';
const list = mustHaveRecorded('scale_filled', 'storcon', route);

interface Tenant {
  readonly tenant_id: string;
}

function tenantsOf({ body }: RecordedAnswer): Tenant[] {
  return JSON.parse(body.toString()) as Tenant[];
}

function page(query: string): Tenant[] {
  return tenantsOf(tenantPage(list, new URLSearchParams(query)));
}

describe('pages of the tenant list', () => {
  it('are, one after another, the whole list, whatever the limit', () => {
    const all = tenantsOf(list);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), (limit) => {
        const read: Tenant[] = [];
        let next = page(`limit=${limit}`);
        // Bounded: a page that includes its start would never come to an end.
        while (next.length > 0 && read.length <= all.length) {
          expect(next.length).toBeLessThanOrEqual(limit);
          read.push(...next);
          next = page(`limit=${limit}&start_after=${next.at(-1)?.tenant_id}`);
        }
        expect(read).toEqual(all);
      }),
      { numRuns: 12, examples: [[502], [503]] },
    );
  });

  it.for([
    { case: 'limit=0 gives one', query: 'limit=0', count: 1 },
    { case: 'no limit gives all that come after', query: `start_after=1${'0'.repeat(30)}1`, count: 502 },
    { case: 'the end is an empty array', query: `limit=5&start_after=${'f'.repeat(32)}`, count: 0 },
    {
      case: 'a start that no tenant has is a place in the order',
      query: `limit=1&start_after=2${'0'.repeat(31)}`,
      count: 1,
    },
  ])('$case', ({ query, count }) => {
    expect(page(query)).toHaveLength(count);
  });

  it.for([{ query: 'limit=1' }, { query: 'limit=0' }, { query: `start_after=${'f'.repeat(32)}` }])(
    '$query is as recorded',
    ({ query }) => {
      const recorded = mustHaveRecorded('errors', 'storcon', `${route}?${query}`);
      const ours = tenantPage(mustHaveRecorded('warming_up', 'storcon', route), new URLSearchParams(query));
      expect(tenantsOf(ours)).toEqual(tenantsOf(recorded));
    },
  );

  it('a list that was refused stays refused', () => {
    const refused = mustHaveRecorded('stepped_down_alone', 'storcon', '/control/v1/node');
    expect(tenantPage(refused, new URLSearchParams('limit=1'))).toBe(refused);
  });
});
