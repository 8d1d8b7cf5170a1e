import { vectorSequentialScans } from '../../../src/alerts/detectors/neurondb/vector-sequential-scans.ts';
import type { FindingCases } from '../finding-case.ts';
import { away, changing, relations, vectors } from '../neurondb-world.ts';

const subject = 'relation main/postgres/public.items';
const holding = (isIndexed: boolean) => vectors([], [{ schemaname: 'public', relname: 'items', isIndexed }]);
/** So many scans of so many rows every half minute. */
const scanned = (scans: number, rowsEach: number, relname = 'items', isIndexed = true) =>
  changing(40, (step) => [
    holding(isIndexed),
    relations([{ relname, scans: 100 + scans * step, rows: 1_000_000 + scans * step * rowsEach }]),
  ]);

export const cases: FindingCases = {
  detector: vectorSequentialScans,
  cases: [
    {
      name: 'fires for a large table that is scanned four times a minute although it has an index',
      steps: scanned(2, 100_000),
      firing: [`${subject} [index_not_used]`],
    },
    {
      name: 'fires for one without any vector index',
      steps: scanned(2, 100_000, 'items', false),
      firing: [`${subject} [no_index]`],
    },
    {
      name: 'does not fire for scans of a small table',
      steps: scanned(20, 5_000),
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire for a dump, which is one long scan',
      steps: changing(40, (step) => [
        holding(true),
        relations([{ relname: 'items', scans: step < 5 ? 100 : 101, rows: 1_000_000 * (step + 1) }]),
      ]),
      firing: [],
    },
    {
      name: 'does not fire for a table without vectors',
      steps: scanned(2, 100_000, 'orders'),
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire while they are fewer than thirty in a quarter of an hour',
      steps: changing(60, (step) => {
        const scans = 100 + Math.floor(step / 3);
        return [holding(true), relations([{ relname: 'items', scans, rows: scans * 100_000 }])];
      }),
      firing: [],
    },
    {
      name: 'does not take the counters after a reset for scans',
      steps: [
        { forMs: 300_000, world: [holding(true), relations([{ relname: 'items', scans: 9_000, rows: 1 }])] },
        { forMs: 900_000, world: [holding(true), relations([{ relname: 'items', scans: 500, rows: 0 }])] },
      ],
      firing: [],
    },
    {
      name: 'sees the scans after a reset',
      steps: [
        { forMs: 60_000, world: [holding(true), relations([{ relname: 'items', scans: 9_000, rows: 1 }])] },
        ...changing(20, (step) => [
          holding(true),
          relations([{ relname: 'items', scans: step * 4, rows: 1 + step * 400_000 }]),
        ]),
      ],
      firing: [`${subject} [index_not_used]`],
    },
    {
      name: 'does not know without the statistics of the tables',
      steps: [{ forMs: 600_000, world: [holding(true), ...away('relations')] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when an index is used',
      steps: [
        ...scanned(2, 100_000),
        {
          forMs: 1_500_000,
          world: [holding(true), relations([{ relname: 'items', scans: 178, rows: 8_800_000 }])],
        },
      ],
      firing: [],
    },
  ],
};
