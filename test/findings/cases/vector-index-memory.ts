import { vectorIndexMemory } from '../../../src/alerts/detectors/neurondb/vector-index-memory.ts';
import type { FindingCase, FindingCases } from '../finding-case.ts';
import { away, compute, index, vectors } from '../neurondb-world.ts';

const gib = 1_073_741_824;
const of = (vectorBytes: number | undefined) => [
  vectors([index('items_idx', { vectorBytes, rows: vectorBytes === undefined ? undefined : 1_000 })]),
];
const host = (memoryBytes: number | undefined) => ({
  hosts: [{ compute, memoryBytes, diskBytes: undefined }] satisfies FindingCase['hosts'],
});

export const cases: FindingCases = {
  detector: vectorIndexMemory,
  cases: [
    {
      name: 'fires for the playbook’s example: 30 GiB of vectors under hnsw on a host of 64 GiB',
      steps: [{ forMs: 630_000, world: of(30 * gib) }],
      ...host(64 * gib),
      firing: ['compute main'],
    },
    {
      name: 'does not fire where the host has the memory that the playbook asks for',
      steps: [{ forMs: 900_000, world: of(30 * gib) }],
      ...host(150 * gib),
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire at the very limit: three times 8 GiB of four fifths of 30',
      steps: [{ forMs: 900_000, world: of(8 * gib) }],
      ...host(30 * gib),
      firing: [],
      unknown: [],
    },
    {
      name: 'fires a little above it',
      steps: [{ forMs: 630_000, world: of(8 * gib + 1_048_576) }],
      ...host(30 * gib),
      firing: ['compute main'],
    },
    {
      name: 'does not fire where ivf needs half as much',
      steps: [
        { forMs: 900_000, world: [vectors([index('items_idx', { am: 'ivf', vectorBytes: 15 * gib })])] },
      ],
      ...host(30 * gib),
      firing: [],
      unknown: [],
    },
    {
      name: 'fires for many that are small one by one',
      steps: [
        {
          forMs: 630_000,
          world: [vectors([1, 2, 3].map((number) => index(`part_${number}`, { vectorBytes: 3 * gib })))],
        },
      ],
      ...host(30 * gib),
      firing: ['compute main'],
    },
    {
      name: 'does not fire before ten minutes',
      steps: [{ forMs: 600_000, world: of(30 * gib) }],
      ...host(64 * gib),
      firing: [],
    },
    {
      name: 'does not know the host’s memory when nobody has told it',
      steps: [{ forMs: 900_000, world: of(30 * gib) }],
      ...host(undefined),
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'does not know the need of a table that was never analyzed',
      steps: [{ forMs: 900_000, world: of(undefined) }],
      ...host(64 * gib),
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'says nothing where there is no vector index',
      steps: [{ forMs: 900_000, world: [vectors([])] }],
      ...host(undefined),
      firing: [],
      unknown: [],
    },
    {
      name: 'does not begin to fire while the compute cannot be read',
      steps: [
        { forMs: 300_000, world: of(30 * gib) },
        { forMs: 900_000, world: away('vector_indexes') },
      ],
      ...host(64 * gib),
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when an index was dropped',
      steps: [
        { forMs: 630_000, world: of(30 * gib) },
        { forMs: 660_000, world: of(3 * gib) },
      ],
      ...host(64 * gib),
      firing: [],
    },
  ],
};
