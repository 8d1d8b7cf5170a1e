import { gpuMissing } from '../../../src/alerts/detectors/neurondb/gpu-missing.ts';
import type { FindingCases } from '../finding-case.ts';
import { away, database, neurondb } from '../neurondb-world.ts';

const gpu = { deviceId: 0, name: 'a GPU', memoryBytes: 8_589_934_592n, freeMemoryBytes: 8_589_934_592n };
const mode = (computeMode: string | undefined) => [database('app', { computeMode })];
const wanted = [neurondb(mode('gpu'), { gpus: [] })];
const present = [neurondb(mode('auto'), { gpus: [gpu, { ...gpu, deviceId: 1 }] })];
const fewer = [neurondb(mode('auto'), { gpus: [gpu] })];

export const cases: FindingCases = {
  detector: gpuMissing,
  cases: [
    {
      name: 'does not fire on a machine without a GPU that is told to use the processor',
      steps: [{ forMs: 600_000, world: [neurondb(mode('cpu'))] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire where NeuronDB may choose and there never was a GPU',
      steps: [{ forMs: 600_000, world: [neurondb(mode('auto'))] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when a GPU is asked for and there is none',
      steps: [{ forMs: 150_000, world: wanted }],
      firing: ['compute main [configured]'],
    },
    {
      name: 'does not fire before it was missing for two minutes',
      steps: [{ forMs: 120_000, world: wanted }],
      firing: [],
    },
    {
      name: 'fires when one of two is gone',
      steps: [
        { forMs: 60_000, world: present },
        { forMs: 150_000, world: fewer },
      ],
      firing: ['compute main [lost]'],
    },
    {
      name: 'does not fire when one is added',
      steps: [
        { forMs: 60_000, world: fewer },
        { forMs: 600_000, world: present },
      ],
      firing: [],
    },
    {
      name: 'does not know where the function of NeuronDB fails',
      steps: [
        {
          forMs: 600_000,
          world: [
            neurondb(mode('gpu'), { gpus: undefined }, [{ database: 'app', part: 'gpu', reason: 'failed' }]),
          ],
        },
      ],
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'does not know what is wanted where the library is not loaded',
      steps: [{ forMs: 600_000, world: [neurondb(mode(undefined))] }],
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'remembers how many there were while the compute cannot be read',
      steps: [
        { forMs: 60_000, world: present },
        { forMs: 600_000, world: away('neurondb') },
        { forMs: 150_000, world: fewer },
      ],
      firing: ['compute main [lost]'],
    },
    {
      name: 'resolves when it is back',
      steps: [
        { forMs: 60_000, world: present },
        { forMs: 150_000, world: fewer },
        { forMs: 360_000, world: present },
      ],
      firing: [],
    },
  ],
};
