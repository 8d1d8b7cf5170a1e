import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsGlob } from '../../../src/collectors/compute/neurondb-databases.ts';
import { countsByLabel } from '../../../src/collectors/compute/neurondb-labels.ts';
import type { WorkerFact } from '../../../src/collectors/compute/neurondb-reading.ts';
import { beginOf, followWorkers } from '../../../src/collectors/compute/neurondb-workers.ts';
import { compareReleases, isServed } from '../../../src/neon/neurondb.ts';

/** A look: start of the server, then the starts of the tuner's processes. */
type Look = readonly [serverMs: number, ...startsMs: number[]];

function tunerAfter(looks: readonly Look[]): WorkerFact | undefined {
  let previous: { startedMs: number; workers: WorkerFact[] | undefined } | undefined;
  for (const [startedMs, ...startsMs] of looks) {
    const processes = startsMs.map((start) => ({ worker: 'tuner', database: 'postgres', startedMs: start }));
    previous = { startedMs, workers: followWorkers(processes, startedMs, previous) };
  }
  return previous?.workers?.find(({ worker }) => worker === 'tuner');
}

describe('restarts of a worker', () => {
  it.for<{ case: string; looks: Look[]; restarts: number }>([
    { case: 'none are known at the first look', looks: [[1, 100]], restarts: 0 },
    {
      case: 'none while it runs on',
      looks: [
        [1, 100],
        [1, 100],
      ],
      restarts: 0,
    },
    {
      case: 'one when another stands in its place',
      looks: [
        [1, 100],
        [1, 160],
      ],
      restarts: 1,
    },
    { case: 'one when it was seen down in between', looks: [[1, 100], [1], [1], [1, 160]], restarts: 1 },
    { case: 'none when it only went', looks: [[1, 100], [1]], restarts: 0 },
    { case: 'none when it first came', looks: [[1], [1, 100]], restarts: 0 },
    {
      case: 'none when the whole server came back',
      looks: [
        [1, 100],
        [2, 200],
      ],
      restarts: 0,
    },
    {
      case: 'none for a second process beside it',
      looks: [
        [1, 100],
        [1, 100, 150],
      ],
      restarts: 0,
    },
    {
      case: 'two of two',
      looks: [
        [1, 100, 110],
        [1, 200, 210],
      ],
      restarts: 2,
    },
    { case: 'every one of a crash loop', looks: [[1, 1], [1, 2], [1, 3], [1], [1, 4]], restarts: 3 },
  ])('$case', ({ looks, restarts }) => {
    expect(tunerAfter(looks)?.restarts).toBe(restarts);
  });

  it('never go down, and grow by no more than the processes that came', () => {
    const looks = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 2 }), fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 })),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(looks, (drawn) => {
        let before = 0;
        for (let length = 1; length <= drawn.length; length += 1) {
          const seen = drawn.slice(0, length).map(([server, starts]): Look => [server, ...new Set(starts)]);
          const now = tunerAfter(seen)?.restarts ?? Number.NaN;
          expect(now - before).toBeGreaterThanOrEqual(0);
          expect(now - before).toBeLessThanOrEqual((seen.at(-1)?.length ?? 1) - 1);
          before = now;
        }
      }),
    );
  });
});

describe('a database is served', () => {
  const seenIn = (...databases: string[]) =>
    followWorkers(
      databases.map((database) => ({ worker: 'queue', database, startedMs: 1 })),
      1,
      undefined,
    );

  it.for([
    { case: 'when a worker is connected to it', database: 'appdb', workers: seenIn('appdb'), served: true },
    {
      case: 'not when the workers are elsewhere',
      database: 'postgres',
      workers: seenIn('appdb'),
      served: false,
    },
    {
      case: 'by the rule of 1.0 and 3.0 when none runs',
      database: 'postgres',
      workers: seenIn(),
      served: true,
    },
    { case: 'by that rule when none can be seen', database: 'appdb', workers: undefined, served: false },
  ])('$case', ({ database, workers, served }) => {
    expect(isServed(database, workers)).toBe(served);
  });
});

describe('counts by a free text', () => {
  it('keep the sum, every known value and a bounded number of labels', () => {
    const rows = fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 80 }), fc.nat(1000)));
    fc.assert(
      fc.property(rows, (drawn) => {
        const counts = countsByLabel(['pending', 'failed'], drawn);
        const sum = [...counts.values()].reduce((total, count) => total + count, 0);
        expect(sum).toBe(drawn.reduce((total, [, count]) => total + count, 0));
        expect(counts.size).toBeLessThanOrEqual(2 + 10 + 1);
        expect([...counts.keys()]).toEqual(expect.arrayContaining(['pending', 'failed']));
        for (const label of counts.keys()) expect(label).toMatch(/^\P{Cc}{1,60}$/u);
      }),
    );
  });
});

describe('a pattern for databases', () => {
  it.for([
    { glob: '*', name: 'a"|b,c\n', fits: true },
    { glob: 'app*', name: 'appdb', fits: true },
    { glob: 'app', name: 'appdb', fits: false },
    { glob: 'app?b', name: 'appdb', fits: true },
    { glob: 'a.pdb', name: 'appdb', fits: false },
    { glob: 'a(b|c)', name: 'a(b|c)', fits: true },
    { glob: '**', name: '', fits: true },
    { glob: '', name: 'appdb', fits: false },
    { glob: 'a*b*c', name: 'abxbyc', fits: true },
    { glob: 'a*b*c', name: 'abxbycd', fits: false },
    { glob: '*a*a*a*a*a*a*a*a*a*b', name: 'a'.repeat(63), fits: false },
  ])('$glob fits $name: $fits', ({ glob, name, fits }) => {
    expect(fitsGlob(name, glob)).toBe(fits);
  });
});

describe('how the server began', () => {
  it.for<{
    case: string;
    begunMs: number | null;
    resetsMs: (number | null)[];
    begin: ReturnType<typeof beginOf>;
  }>([
    { case: 'is not known where processes are hidden', begunMs: null, resetsMs: [1, 1], begin: undefined },
    {
      case: 'is clean when the statistics are older',
      begunMs: 10_000,
      resetsMs: [9_200, 9_200],
      begin: { recoveredAtMs: undefined },
    },
    {
      case: 'is a recovery when they begin with it',
      begunMs: 10_000,
      resetsMs: [10_042, 10_042],
      begin: { recoveredAtMs: 10_000 },
    },
    {
      case: 'is a recovery though one was reset by hand afterwards',
      begunMs: 10_000,
      resetsMs: [900_000, 10_042],
      begin: { recoveredAtMs: 10_000 },
    },
    {
      case: 'is clean when both were reset by hand long afterwards',
      begunMs: 10_000,
      resetsMs: [900_000, null],
      begin: { recoveredAtMs: undefined },
    },
  ])('$case', ({ begunMs, resetsMs, begin }) => {
    expect(beginOf(begunMs, resetsMs)).toEqual(begin);
  });
});

describe('releases', () => {
  it.for<[left: string, right: string, order: number | undefined]>([
    ['3.0', '3.0-devel', 0],
    ['1.0', '3.0', -1],
    ['3.10', '3.9', 1],
    ['3.0.1', '3.0', 1],
    ['next', '3.0', undefined],
    ['next', 'next', 0],
  ])('%s against %s', ([left, right, order]) => {
    const compared = compareReleases(left, right);
    expect(compared === undefined ? undefined : Math.sign(compared)).toBe(order);
  });
});
