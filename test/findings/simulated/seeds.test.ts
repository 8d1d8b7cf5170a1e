import { describe, expect, it } from 'vitest';
import { playFaulty, playHealthy } from './seeded-run.ts';

/** `npm run findings:seeds` plays thousands; these are for every day. */
const seeds = Array.from({ length: 20 }, (_, at) => 5_001 + at);

describe('a cluster that is operated', { timeout: 120_000 }, () => {
  it.each(seeds)('gives no drift, split brain or imbalance while it is well (seed %i)', async (seed) => {
    const { done, falseAlarms } = await playHealthy(seed);
    expect(
      falseAlarms.map(({ key }) => key),
      done.join(', '),
    ).toEqual([]);
  });

  it.each(seeds)('shows one fault in time, and no other finding (seed %i)', async (seed) => {
    const { row, done, caughtMs, isMended, promisedMs, falseAlarms } = await playFaulty(seed);
    const what = `${row.name} after ${done.join(', ')}`;
    expect(
      falseAlarms.map(({ key }) => key),
      what,
    ).toEqual([]);
    expect(caughtMs !== undefined || isMended, `${what}, within ${promisedMs} ms`).toBe(true);
  });

  it('does the same again for the same seed', async () => {
    const [first, second] = [await playHealthy(7), await playHealthy(7)];
    expect(second).toEqual(first);
  });
});
