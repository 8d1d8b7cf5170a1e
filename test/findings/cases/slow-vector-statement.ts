import { slowVectorStatement } from '../../../src/alerts/detectors/neurondb/slow-vector-statement.ts';
import type { FindingCases } from '../finding-case.ts';
import { away, changing, statements } from '../neurondb-world.ts';

const subject = 'statement main/app/42';
const callsPerStep = 20;

/** A statement with one mean a step, in milliseconds. */
const means = (list: readonly number[], kind: 'vector' | 'other' = 'vector') => {
  let ms = 0;
  const totals = [0, ...list].map((mean) => {
    ms += mean * callsPerStep;
    return ms;
  });
  return changing(totals.length, (step) => [
    statements([{ queryid: '42', calls: callsPerStep * step, ms: totals[step] ?? 0, class: kind }]),
  ]);
};
const of = (steps: number, mean: number) => new Array<number>(steps).fill(mean);
/** A usual hour, not quite even. */
const usual = Array.from({ length: 30 }, (_, step) => 10 + (step % 5));

export const cases: FindingCases = {
  detector: slowVectorStatement,
  cases: [
    { name: 'does not fire for the usual', steps: means([...usual, ...usual]), firing: [], unknown: [] },
    {
      name: 'fires for a statement that takes ten times as long for minutes',
      steps: means([...usual, ...of(12, 120)]),
      firing: [subject],
    },
    {
      name: 'does not fire for one slow minute',
      steps: means([...usual, 120, 120, ...of(6, 12)]),
      firing: [],
    },
    {
      name: 'does not fire for a statement that takes twice as long',
      steps: means([...usual, ...of(20, 24)]),
      firing: [],
    },
    {
      name: 'does not fire for a quick one that is a few milliseconds slower',
      steps: means([...of(30, 1), ...of(20, 15)]),
      firing: [],
    },
    {
      name: 'does not fire for one that is slow by turns as ever',
      steps: means(Array.from({ length: 60 }, (_, step) => (step % 3 === 0 ? 150 : 10 + 25 * (step % 3)))),
      firing: [],
    },
    {
      name: 'does not judge a statement that it has known for less than twenty intervals',
      steps: means([...of(8, 10), ...of(20, 120)]),
      firing: [],
      unknown: [],
    },
    {
      name: 'does not judge statements that search no vectors',
      steps: means([...usual, ...of(20, 120)], 'other'),
      firing: [],
      unknown: [],
    },
    {
      name: 'begins anew when the statistics were reset',
      steps: [...means(usual), ...means(of(15, 120))],
      firing: [],
    },
    {
      name: 'does not know without pg_stat_statements',
      steps: [...means([...usual, ...of(12, 120)]), { forMs: 600_000, world: away('statements') }],
      firing: [subject],
      unknown: ['*'],
    },
    {
      name: 'freezes when the statement is no longer among the longest',
      steps: [...means([...usual, ...of(12, 120)]), { forMs: 900_000, world: [statements([])] }],
      firing: [subject],
      unknown: [subject],
    },
    {
      name: 'resolves when it is as quick as before',
      steps: means([...usual, ...of(12, 120), ...of(14, 12)]),
      firing: [],
    },
    {
      name: 'resolves when nobody calls it any more',
      steps: [
        ...means([...usual, ...of(12, 120)]),
        { forMs: 1_500_000, world: [statements([{ queryid: '42', calls: 840, ms: 36_000 }])] },
      ],
      firing: [],
    },
  ],
};
