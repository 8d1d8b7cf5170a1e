import { workerRestarting } from '../../../src/alerts/detectors/neurondb/worker-restarting.ts';
import type { FindingCases } from '../finding-case.ts';
import { away, changing, database, neurondb, worker } from '../neurondb-world.ts';

const restarted = (restarts: number) =>
  neurondb([database()], { workers: [worker('queue'), worker('tuner', { restarts }), worker('llm')] });
const absent = [
  neurondb([database()], { workers: [worker('queue'), worker('tuner', { startsMs: [] }), worker('llm')] }),
];
/** One restart every five minutes until there are so many. */
const looping = (most: number) => changing(50, (step) => [restarted(Math.min(most, Math.floor(step / 10)))]);

export const cases: FindingCases = {
  detector: workerRestarting,
  cases: [
    {
      name: 'does not fire while the workers run on',
      steps: [{ forMs: 3_600_000, world: [restarted(7)] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires for the fourth restart within an hour',
      steps: looping(4),
      firing: ['compute main [restarting]'],
    },
    { name: 'does not fire for three', steps: looping(3), firing: [], unknown: [] },
    {
      name: 'does not fire for four within four hours',
      steps: changing(480, (step) => [restarted(Math.floor(step / 120))]),
      firing: [],
    },
    {
      name: 'does not take the smaller count of another neonwatch for restarts',
      steps: [
        { forMs: 300_000, world: [restarted(9)] },
        { forMs: 300_000, world: [restarted(2)] },
      ],
      firing: [],
    },
    {
      name: 'fires for a worker that may run and does not',
      steps: [{ forMs: 150_000, world: absent }],
      firing: ['compute main [absent]'],
    },
    {
      name: 'does not fire for one that is away for two minutes',
      steps: [{ forMs: 120_000, world: absent }],
      firing: [],
    },
    {
      name: 'does not fire for one that is switched off',
      steps: [
        {
          forMs: 600_000,
          world: [
            neurondb([database()], {
              workers: [worker('queue'), worker('tuner', { startsMs: [] })],
              enabledWorkers: new Map([
                ['queue', true],
                ['tuner', false],
              ]),
            }),
          ],
        },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not know where our role may not see them',
      steps: [
        {
          forMs: 600_000,
          world: [
            neurondb([database()], { workers: undefined }, [
              { database: 'postgres', part: 'workers', reason: 'no_privilege' },
            ]),
          ],
        },
      ],
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'says nothing of a server without NeuronDB',
      steps: [
        {
          forMs: 600_000,
          world: [
            neurondb([database('postgres', { extension: undefined })], {
              workers: undefined,
              isPreloaded: false,
            }),
          ],
        },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not begin to fire while the compute cannot be read',
      steps: [
        { forMs: 120_000, world: absent },
        { forMs: 600_000, world: away('neurondb') },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when the restarts are an hour old',
      steps: [...looping(4), { forMs: 3_000_000, world: [restarted(4)] }],
      firing: [],
    },
  ],
};
