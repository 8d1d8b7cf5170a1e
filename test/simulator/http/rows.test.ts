import { describe, expect, it } from 'vitest';
import type { JsonRows } from '../../../src/simulator/http/answer.ts';
import {
  attachedRows,
  dumpRows,
  healthRows,
  locationRows,
  nodeShardRows,
  tenantRows,
} from '../../../src/simulator/http/rows.ts';
import type { World } from '../../../src/simulator/world/api.ts';
import { createWorld } from '../../../src/simulator/world/world.ts';

const world = createWorld({ seed: 1, tenants: 12, shardsPerTenant: (index) => [1, 2, 4][index % 3] ?? 1 });

function pageserver(id: number) {
  const found = world.pageserver(id);
  if (found === undefined) throw new Error(`no pageserver ${id}`);
  return found;
}

/** All rows, asking again after each, as for a reader that takes one at a time. */
function oneByOne(list: JsonRows): string[] {
  const rows: string[] = [];
  let last: string | undefined;
  for (;;) {
    const [next] = list.rows(last);
    if (next === undefined) return rows;
    rows.push(next[1]);
    last = next[0];
  }
}

describe('a list that is interrupted after every row', () => {
  it.for<{ case: string; list: (of: World) => JsonRows; count: number }>([
    { case: 'tenants', list: (of) => tenantRows(of, {}), count: 12 },
    { case: 'a page of tenants', list: (of) => tenantRows(of, { limit: 5 }), count: 5 },
    { case: 'shards as the controller sees them', list: dumpRows, count: 28 },
    { case: 'health records', list: (of) => healthRows(of, Number.POSITIVE_INFINITY), count: 12 },
    { case: 'attached locations', list: () => attachedRows(pageserver(1)), count: 4 },
  ])('has the same rows: $case', ({ list, count }) => {
    const whole = [...list(world).rows(undefined)].map(([, row]) => row);
    expect(whole.length).toBeGreaterThanOrEqual(count);
    expect(oneByOne(list(world))).toEqual(whole);
  });

  it.for([
    { case: 'locations', list: () => locationRows(pageserver(2)) },
    { case: 'shards of a node', list: () => nodeShardRows(world, 2) },
  ])('has the same rows: $case', ({ list }) => {
    const whole = [...list().rows(undefined)].map(([, row]) => row);
    expect(whole.length).toBeGreaterThan(10);
    expect(oneByOne(list())).toEqual(whole);
  });
});

describe('a page of tenants', () => {
  const all = [...tenantRows(world, {}).rows(undefined)].map(([id]) => id);
  const idsOf = (page: Parameters<typeof tenantRows>[1]): string[] =>
    [...tenantRows(world, page).rows(undefined)].map(([id]) => id);

  it.for([
    { case: 'limit 0 gives one', page: { limit: 0 }, expected: () => all.slice(0, 1) },
    {
      case: 'begins behind start_after',
      page: { startAfter: all[2] ?? '', limit: 2 },
      expected: () => all.slice(3, 5),
    },
    { case: 'has no end of its own', page: { startAfter: all[2] ?? '' }, expected: () => all.slice(3) },
    {
      case: 'is empty behind the last',
      page: { startAfter: all.at(-1) ?? '', limit: 3 },
      expected: () => [],
    },
  ])('$case', ({ page, expected }) => {
    expect(idsOf(page)).toEqual(expected());
  });
});
