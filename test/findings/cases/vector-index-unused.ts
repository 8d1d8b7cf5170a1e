import { vectorIndexUnused } from '../../../src/alerts/detectors/neurondb/vector-index-unused.ts';
import type { FindingCases } from '../finding-case.ts';
import { away, changing, index, vectors } from '../neurondb-world.ts';

const subject = 'relation main/postgres/public.items_idx';
/** A week, made short: what is compared is only whether so much time has passed. */
const thresholds = { neurondb: { unusedAfter: '10m' } };
const idle = [vectors([index()])];

export const cases: FindingCases = {
  detector: vectorIndexUnused,
  cases: [
    {
      name: 'does not fire for an index that returns entries, though no scan is counted',
      steps: changing(60, (step) => [vectors([index('items_idx', { tuplesRead: BigInt(1_000 + step) })])]),
      thresholds,
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire for an index of pgvector whose scans are counted',
      steps: changing(60, (step) => [
        vectors([index('items_idx', { am: 'ivfflat', tuplesRead: 0n, scans: BigInt(step) })]),
      ]),
      thresholds,
      firing: [],
    },
    {
      name: 'fires for an index that has returned nothing for so long',
      steps: [{ forMs: 690_000, world: idle }],
      thresholds,
      firing: [subject],
    },
    {
      name: 'does not fire before',
      steps: [{ forMs: 600_000, world: idle }],
      thresholds,
      firing: [],
    },
    {
      name: 'does not fire within a day by default',
      steps: [{ forMs: 7_200_000, world: idle }],
      firing: [],
    },
    {
      name: 'fires though upkeep touches its blocks',
      steps: changing(24, (step) => [vectors([index('items_idx', { blocksHit: BigInt(5_000 + step) })])]),
      thresholds,
      firing: [subject],
    },
    {
      name: 'does not fire for a small one',
      steps: [{ forMs: 900_000, world: [vectors([index('items_idx', { sizeBytes: 8_388_607n })])] }],
      thresholds,
      firing: [],
    },
    {
      name: 'does not fire for an invalid one, which is another finding',
      steps: [{ forMs: 900_000, world: [vectors([index('items_idx', { isValid: false })])] }],
      thresholds,
      firing: [],
    },
    {
      name: 'begins anew when the statistics were reset',
      steps: [
        { forMs: 480_000, world: idle },
        { forMs: 480_000, world: [vectors([index('items_idx', { tuplesRead: 0n })])] },
      ],
      thresholds,
      firing: [],
    },
    {
      name: 'counts on over a time in which the compute could not be read',
      steps: [
        { forMs: 300_000, world: idle },
        { forMs: 300_000, world: away('vector_indexes') },
        { forMs: 90_000, world: idle },
      ],
      thresholds,
      firing: [subject],
    },
    {
      name: 'resolves at the first search',
      steps: [
        { forMs: 690_000, world: idle },
        { forMs: 120_000, world: [vectors([index('items_idx', { tuplesRead: 1_010n })])] },
      ],
      thresholds,
      firing: [],
    },
  ],
};
