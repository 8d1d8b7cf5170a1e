import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  baselineOf,
  isSlow,
  learned,
  type Means,
  minMeans,
} from '../../src/alerts/detectors/neurondb/robust-baseline.ts';
import { followed } from '../../src/alerts/detectors/neurondb/slow-vector-statement.ts';

const rules = { slowFactor: 3, slowDeviations: 6, slowExcess: 20 };
const mean = fc.double({ min: 0.001, max: 10_000, noNaN: true });
const enough = fc.array(mean, { minLength: minMeans, maxLength: 60 });

describe('the baseline of a statement', () => {
  it('is the median and the scaled median deviation, by hand', () => {
    const means = [...new Array<number>(10).fill(10), ...new Array<number>(10).fill(14), 1_000];
    expect(baselineOf(means)).toEqual({ medianMs: 14, deviationMs: 1.4826 * 4 });
  });

  it('is not known from fewer than twenty means', () => {
    expect(baselineOf(new Array<number>(minMeans - 1).fill(10))).toBeUndefined();
    expect(baselineOf(new Array<number>(minMeans).fill(10))).toEqual({ medianMs: 10, deviationMs: 0 });
  });

  it('lies within the means and does not ask for their order', () => {
    fc.assert(
      fc.property(enough, (means) => {
        const baseline = baselineOf(means);
        expect(baseline?.medianMs).toBeGreaterThanOrEqual(Math.min(...means));
        expect(baseline?.medianMs).toBeLessThanOrEqual(Math.max(...means));
        expect(baselineOf(means.toReversed())).toEqual(baseline);
      }),
    );
  });

  it('is not moved beyond the usual by fewer than half of the means, whatever they are', () => {
    const strange = fc.array(mean, { maxLength: 14 });
    fc.assert(
      fc.property(strange, (others) => {
        const usual = Array.from({ length: 15 }, (_, at) => 10 + (at % 5));
        const medianMs = baselineOf([...usual, ...others, ...usual])?.medianMs ?? 0;
        expect(medianMs).toBeGreaterThanOrEqual(10);
        expect(medianMs).toBeLessThanOrEqual(14);
      }),
    );
  });

  it('keeps sixty means, the newest', () => {
    let means: Means = [];
    for (let at = 0; at < 100; at += 1) means = learned(means, at);
    expect(means).toEqual(Array.from({ length: 60 }, (_, at) => 40 + at));
  });
});

describe('slow', () => {
  it.each([
    { case: 'three times and 20 ms more', meanMs: 30, medianMs: 10, deviationMs: 1, slow: true },
    { case: 'a little below three times', meanMs: 89.9, medianMs: 30, deviationMs: 1, slow: false },
    { case: 'three times and less than 20 ms more', meanMs: 20.9, medianMs: 1, deviationMs: 0, slow: false },
    { case: 'within six deviations', meanMs: 129, medianMs: 10, deviationMs: 20, slow: false },
    { case: 'at six deviations', meanMs: 130, medianMs: 10, deviationMs: 20, slow: true },
  ])('is judged by all three rules: $case', ({ meanMs, medianMs, deviationMs, slow }) => {
    expect(isSlow(meanMs, { medianMs, deviationMs }, rules)).toBe(slow);
  });

  it('is never the median itself, and once slow a longer time is slow too', () => {
    fc.assert(
      fc.property(enough, mean, mean, (means, one, more) => {
        const baseline = baselineOf(means);
        if (baseline === undefined) throw new Error('there are enough means');
        expect(isSlow(baseline.medianMs, baseline, rules)).toBe(false);
        if (isSlow(one, baseline, rules)) expect(isSlow(one + more, baseline, rules)).toBe(true);
      }),
    );
  });
});

describe('the history of a statement', () => {
  const look = fc.record({ calls: fc.integer({ min: 0, max: 100 }), ms: fc.integer({ min: 0, max: 5_000 }) });

  it('adds up every call to the means, however few there are between two looks', () => {
    fc.assert(
      fc.property(fc.array(look, { minLength: 1, maxLength: 50 }), (looks) => {
        let [calls, ns] = [0, 0n];
        let history = followed(undefined, { calls, ns }, 0, rules);
        for (const [at, one] of looks.entries()) {
          calls += one.calls;
          ns += BigInt(one.ms) * 1_000_000n;
          history = followed(history, { calls, ns }, (at + 1) * 30_000, rules);
        }
        // What is not yet in a mean is less than a mean needs.
        expect(calls - history.calls).toBeLessThan(5);
        expect(history.means.length).toBeLessThanOrEqual(60);
        expect(history.means.every((ms) => ms >= 0)).toBe(true);
      }),
    );
  });

  it('begins anew when a counter went down', () => {
    const before = followed(undefined, { calls: 100, ns: 5_000_000n }, 0, rules);
    const after = followed(before, { calls: 200, ns: 9_000_000n }, 30_000, rules);
    expect(after.means).toEqual([0.04]);
    expect(followed(after, { calls: 10, ns: 1_000n }, 60_000, rules)).toMatchObject({ calls: 10, means: [] });
    expect(followed(after, { calls: 300, ns: 1_000n }, 60_000, rules)).toMatchObject({ means: [] });
  });

  it('takes the same reading only once', () => {
    const before = followed(undefined, { calls: 100, ns: 5_000_000n }, 0, rules);
    const after = followed(before, { calls: 200, ns: 9_000_000n }, 30_000, rules);
    expect(followed(after, { calls: 200, ns: 9_000_000n }, 30_000, rules)).toBe(after);
  });

  it('takes for usual what stays slow for hours, and not before', () => {
    let [calls, ns] = [0, 0n];
    let history = followed(undefined, { calls, ns }, 0, rules);
    const run = (looks: number, ms: number) => {
      for (let at = 0; at < looks; at += 1) {
        calls += 10;
        ns += BigInt(ms * 10) * 1_000_000n;
        history = followed(history, { calls, ns }, history.seenAtMs + 30_000, rules);
      }
    };
    run(60, 10);
    run(120, 200);
    expect(history.slow).toBe(120);
    run(400, 200);
    expect(history.slow).toBe(0);
  });
});
