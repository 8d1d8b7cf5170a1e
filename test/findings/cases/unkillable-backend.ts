import { unkillableBackend } from '../../../src/alerts/detectors/neurondb/unkillable-backend.ts';
import type { FindingCases } from '../finding-case.ts';
import { at, away, changing, database, neurondb } from '../neurondb-world.ts';

const busy = (sinceMs: number, isOurs = false, pid = 4_711) => ({ pid, database: 'app', sinceMs, isOurs });
const running = (...backends: readonly ReturnType<typeof busy>[]) => [
  neurondb([database('app')], { busy: backends }),
];

export const cases: FindingCases = {
  detector: unkillableBackend,
  cases: [
    {
      name: 'does not fire where nothing runs for long',
      steps: [{ forMs: 600_000, world: running() }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires for a statement that has run for an hour without waiting',
      steps: [{ forMs: 150_000, world: running(busy(at(-60))) }],
      firing: ['compute main [spinning]'],
    },
    {
      name: 'does not fire for one of ten minutes',
      steps: [{ forMs: 600_000, world: running(busy(at(-10))) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when it has run for half an hour and two minutes',
      steps: [{ forMs: 780_000, world: running(busy(at(-20))) }],
      firing: ['compute main [spinning]'],
    },
    {
      name: 'does not fire half a minute before',
      steps: [{ forMs: 720_000, world: running(busy(at(-20))) }],
      firing: [],
    },
    {
      name: 'fires soon for one of our own, which has a timeout of seconds',
      steps: [{ forMs: 150_000, world: running(busy(at(-2), true)) }],
      firing: ['compute main [timeout_ignored]'],
    },
    {
      name: 'does not fire for long statements that do wait, and so are seen only now and then',
      steps: changing(40, (step) => (step % 3 === 0 ? running(busy(at(-60))) : running())),
      firing: [],
    },
    {
      name: 'does not know where our role may not see what others run',
      steps: [
        {
          forMs: 600_000,
          world: [
            neurondb([database()], { busy: undefined }, [
              { database: 'postgres', part: 'workers', reason: 'no_privilege' },
            ]),
          ],
        },
      ],
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'goes on firing when nothing more is asked of the server because of it',
      steps: [
        { forMs: 150_000, world: running(busy(at(-60))) },
        { forMs: 600_000, world: away('neurondb') },
      ],
      firing: ['compute main [spinning]'],
      unknown: ['*'],
      onlyDetector: 'series of a compute that is away vanish',
    },
    {
      name: 'resolves when it is gone',
      steps: [
        { forMs: 150_000, world: running(busy(at(-60))) },
        { forMs: 180_000, world: running() },
      ],
      firing: [],
    },
  ],
};
