import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addSample,
  type CounterSamples,
  counterRise,
  counterSamples,
  keptMemory,
} from '../../../src/alerts/detectors/compute/counter-window.ts';

const windowMs = 300_000;

/** Samples as they come in, one after the other. */
function taken(points: readonly (readonly [number, number])[]): CounterSamples {
  return points.reduce<CounterSamples>(
    (samples, [atMs, value]) => addSample(samples, atMs, value, windowMs),
    [],
  );
}

/** Readings with rising instants and any values at all. */
const readings = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 120_000 }), fc.nat({ max: 1_000_000 })), { maxLength: 400 })
  .map((steps) => {
    let atMs = 1_000;
    return steps.map(([stepMs, value]) => {
      atMs += stepMs;
      return [atMs, value] as const;
    });
  });

describe('a window over a counter', () => {
  it('finds the slope of one that rises steadily, whatever the interval', () => {
    const slope = fc.record({
      perSecond: fc.integer({ min: 0, max: 1000 }),
      everyMs: fc.constantFrom(5_000, 15_000, 30_000, 60_000),
    });
    fc.assert(
      fc.property(slope, ({ perSecond, everyMs }) => {
        const points = Array.from(
          { length: 60 },
          (_, at) => [at * everyMs, (at * everyMs * perSecond) / 1000] as const,
        );
        expect(counterRise(taken(points), windowMs)?.perSecond).toBeCloseTo(perSecond, 6);
      }),
    );
  });

  it('never finds a fall, and never holds more than a bounded number of samples', () => {
    fc.assert(
      fc.property(readings, (points) => {
        const samples = taken(points);
        expect(samples.length).toBeLessThanOrEqual(128);
        expect(counterRise(samples, windowMs)?.rise ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('comes back from a file as it was', () => {
    fc.assert(
      fc.property(readings, (points) => {
        const samples = taken(points);
        expect(counterSamples(JSON.parse(JSON.stringify(samples)))).toEqual(samples);
      }),
    );
  });

  it('takes anything for a memory, and what is none for an empty one', () => {
    fc.assert(fc.property(fc.jsonValue(), (json) => Array.isArray(counterSamples(json as never))));
  });

  it.each([
    ['nothing of one reading', [[0, 5]], undefined],
    [
      'nothing of two that are close together',
      [
        [0, 5],
        [60_000, 65],
      ],
      undefined,
    ],
    [
      'something of two that are half a window apart',
      [
        [0, 5],
        [150_000, 155],
      ],
      1,
    ],
    [
      'only what came after a restart',
      [
        [0, 9_000],
        [150_000, 9_000],
        [165_000, 0],
        [315_000, 150],
      ],
      1,
    ],
    [
      'nothing right after a restart',
      [
        [0, 9_000],
        [150_000, 9_000],
        [165_000, 3],
      ],
      undefined,
    ],
    [
      'something of a collector that is slower than the window',
      [
        [0, 0],
        [600_000, 600],
      ],
      1,
    ],
    [
      'nothing of two readings with hours between them',
      [
        [0, 0],
        [7_200_000, 7_200],
      ],
      undefined,
    ],
    [
      'nothing when the clock went back',
      [
        [600_000, 5],
        [0, 605],
      ],
      undefined,
    ],
  ] as const)('says %s', (_, points, perSecond) => {
    expect(counterRise(taken(points as never), windowMs)?.perSecond).toBe(perSecond);
  });

  it('does not count one reading twice', () => {
    expect(addSample([[0, 5]], 0, 5, windowMs)).toEqual([[0, 5]]);
  });
});

describe('the memory of targets', () => {
  const look = (name: string) => ({
    collector: 'compute_health',
    target: { kind: 'compute' as const, name, url: '' },
    up: false,
    lastSuccessAtMs: undefined,
    lastError: undefined,
    skippedParts: [],
    skipped: new Map(),
  });

  it('keeps those that are watched, read or not, and forgets the others', () => {
    const memory = { main: [[0, 1]], gone: [[0, 2]] };
    expect(keptMemory({ looks: [look('main'), look('new')], memory }, 'compute_health')).toEqual({
      main: [[0, 1]],
    });
    expect(keptMemory({ looks: [look('main')], memory }, 'pageserver_metrics')).toEqual({});
  });
});
