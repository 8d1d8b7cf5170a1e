import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalLe, perfCounters } from '../../../src/collectors/compute/neon-perf.ts';

describe('perfCounters', () => {
  const bucket = (bound: number, value: number) => ({ metric: 'w_bucket', bucket_le: bound, value });
  const plain = (metric: string, value: number) => ({ metric, bucket_le: null, value });
  const inf = Number.POSITIVE_INFINITY;

  it('makes a histogram whose count is that of its last bucket', () => {
    const rows = [
      plain('w_count', 6),
      plain('w_sum', 0.5),
      bucket(inf, 5),
      bucket(1, 4),
      bucket(0.001, 1),
      plain('x', 7),
    ];
    const { histograms, values, malformed } = perfCounters(rows);
    expect(histograms.get('w')).toEqual({
      buckets: [
        { le: '0.001', count: 1 },
        { le: '1.0', count: 4 },
        { le: '+Inf', count: 5 },
      ],
      sum: 0.5,
    });
    expect([...values]).toEqual([['x', 7]]);
    expect(malformed).toBe(0);
  });

  it.for([
    { case: 'buckets that are not cumulative', rows: [plain('w_sum', 1), bucket(1, 4), bucket(inf, 3)] },
    {
      case: 'a bound that stands there twice',
      rows: [plain('w_sum', 1), bucket(1, 4), bucket(1, 4), bucket(inf, 5)],
    },
    { case: 'no sum', rows: [bucket(1, 4), bucket(inf, 5)] },
    { case: 'no last bucket and no count', rows: [plain('w_sum', 1), bucket(1, 4)] },
    { case: 'a bound that is no number', rows: [plain('w_sum', 1), bucket(Number.NaN, 4), bucket(inf, 5)] },
  ])('leaves out a histogram with $case', ({ rows }) => {
    const { histograms, malformed } = perfCounters(rows);
    expect([histograms.size, malformed]).toEqual([0, 1]);
  });

  it('takes the count for the last bucket where that is missing', () => {
    const { histograms } = perfCounters([plain('w_sum', 1), plain('w_count', 9), bucket(1, 4)]);
    expect(histograms.get('w')?.buckets.at(-1)).toEqual({ le: '+Inf', count: 9 });
  });
});

describe('canonicalLe', () => {
  it.for([
    { bound: 2e-6, le: '2e-06' },
    { bound: 0.0000125, le: '1.25e-05' },
    { bound: 0.0001, le: '0.0001' },
    { bound: 0.3, le: '0.3' },
    { bound: 1, le: '1.0' },
    { bound: 10, le: '10.0' },
    { bound: 100_000, le: '100000.0' },
    { bound: 1e21, le: '1e+21' },
    { bound: 0, le: '0.0' },
    { bound: Number.POSITIVE_INFINITY, le: '+Inf' },
  ])('$bound is $le', ({ bound, le }) => {
    expect(canonicalLe(bound)).toBe(le);
  });

  it('spells no bound two ways and no two bounds alike', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (bound) => {
        expect(Number(canonicalLe(bound))).toBe(bound === 0 ? 0 : bound);
      }),
    );
  });
});
