import { vectorIndexSuspect } from '../../../src/alerts/detectors/neurondb/vector-index-suspect.ts';
import type { FindingCases } from '../finding-case.ts';
import { at, away, database, index, neurondb, vectors } from '../neurondb-world.ts';

const subject = 'relation main/postgres/public.items_idx';
const recovered = neurondb([database()], { begin: { recoveredAtMs: at(-5) } });
const silent = index('items_idx', { tuplesRead: 0n });
const suspect = [recovered, vectors([silent])];
const answering = [recovered, vectors([index('items_idx', { tuplesRead: 10n })])];

export const cases: FindingCases = {
  detector: vectorIndexSuspect,
  cases: [
    {
      name: 'does not fire after a clean start, used or not',
      steps: [{ forMs: 600_000, world: [neurondb(), vectors([silent])] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires for an index that has returned nothing since a crash recovery',
      steps: [{ forMs: 150_000, world: suspect }],
      firing: [subject],
    },
    {
      name: 'fires for ivf as for hnsw',
      steps: [{ forMs: 150_000, world: [recovered, vectors([{ ...silent, am: 'ivf' }])] }],
      firing: [subject],
    },
    {
      name: 'does not fire before two minutes',
      steps: [{ forMs: 120_000, world: suspect }],
      firing: [],
    },
    {
      name: 'does not fire for an index that answers since',
      steps: [{ forMs: 600_000, world: answering }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire for indexes of pgvector, which are in the WAL',
      steps: [
        {
          forMs: 600_000,
          world: [
            neurondb([database('postgres', { extension: undefined })], { begin: { recoveredAtMs: at(-5) } }),
            vectors([silent]),
          ],
        },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire for an index that was made after the recovery',
      steps: [
        { forMs: 60_000, world: [recovered, vectors([])] },
        { forMs: 600_000, world: suspect },
      ],
      firing: [],
    },
    {
      name: 'does not know without a view of the processes, and says so only where there is an index',
      steps: [{ forMs: 600_000, world: [neurondb([database()], { begin: undefined }), vectors([silent])] }],
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'does not judge by a look from before the crash',
      steps: [
        {
          forMs: 600_000,
          world: [neurondb([database()], { begin: { recoveredAtMs: at(60) } }), vectors([silent])],
        },
      ],
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'goes on firing while the compute cannot be read',
      steps: [
        { forMs: 150_000, world: suspect },
        { forMs: 600_000, world: away('neurondb', 'vector_indexes') },
      ],
      firing: [subject],
      unknown: ['*'],
    },
    {
      name: 'resolves when it was rebuilt, before anybody has searched it',
      steps: [
        { forMs: 150_000, world: suspect },
        { forMs: 240_000, world: [recovered, vectors([{ ...silent, filenode: 16_600n }])] },
      ],
      firing: [],
    },
    {
      name: 'resolves when it answers',
      steps: [
        { forMs: 150_000, world: suspect },
        { forMs: 240_000, world: answering },
      ],
      firing: [],
    },
    {
      name: 'fires again after the next crash',
      steps: [
        { forMs: 150_000, world: suspect },
        { forMs: 240_000, world: answering },
        {
          forMs: 150_000,
          world: [neurondb([database()], { begin: { recoveredAtMs: at(6) } }), vectors([silent])],
        },
      ],
      firing: [subject],
    },
  ],
};
