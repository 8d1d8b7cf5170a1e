import { jobQueueStuck } from '../../../src/alerts/detectors/neurondb/job-queue-stuck.ts';
import type { FindingCases } from '../finding-case.ts';
import { at, away, changing, database, neurondb, queue } from '../neurondb-world.ts';

const jobs = (pending: number, completed: number, oldestMs: number | undefined, outOfRetries = 0) =>
  queue('job_queue', { pending, completed, failed: 0 }, { oldestWaitingMs: oldestMs, outOfRetries });
const empty = queue('llm_jobs', { queued: 0, done: 0, failed: 0 });
const holding = (name: string, ...queues: readonly ReturnType<typeof queue>[]) => [
  neurondb([database(name, { queues })]),
];
const stalled = holding('postgres', jobs(5, 40, at(-1)), empty);
const forgotten = holding('app', jobs(3, 0, at(-1)), empty);

export const cases: FindingCases = {
  detector: jobQueueStuck,
  cases: [
    {
      name: 'does not fire for empty queues, which are normal',
      steps: [{ forMs: 3_600_000, world: holding('postgres', jobs(0, 40, undefined), empty) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires for jobs in a database that the workers never visit',
      steps: [{ forMs: 330_000, world: forgotten }],
      firing: ['database main/app [never_visited]'],
    },
    {
      name: 'fires for jobs of the language model there as well',
      steps: [
        {
          forMs: 330_000,
          world: holding(
            'app',
            jobs(0, 0, undefined),
            queue('llm_jobs', { queued: 1, done: 0, failed: 0 }, { oldestWaitingMs: at(0) }),
          ),
        },
      ],
      firing: ['database main/app [never_visited]'],
    },
    {
      name: 'does not fire for a database without jobs that no worker visits',
      steps: [{ forMs: 900_000, world: holding('app', jobs(0, 3, undefined), empty) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire within five minutes',
      steps: [{ forMs: 300_000, world: forgotten }],
      firing: [],
    },
    {
      name: 'fires for a queue that stands still with old jobs in it',
      steps: [{ forMs: 1_230_000, world: stalled }],
      firing: ['database main/postgres [stalled]'],
    },
    {
      name: 'does not fire while it has stood still for less than a quarter of an hour and the time to believe it',
      steps: [{ forMs: 1_200_000, world: stalled }],
      firing: [],
    },
    {
      name: 'does not fire for a long queue that moves',
      steps: changing(60, (step) => holding('postgres', jobs(500, 40 + step, at(-60)), empty)),
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire for a queue that stands still with new jobs in it only',
      steps: changing(60, (step) => holding('postgres', jobs(1, 40, at(step / 2)), empty)),
      firing: [],
    },
    {
      name: 'fires for jobs whose retries are spent',
      steps: [{ forMs: 330_000, world: holding('postgres', jobs(2, 40, at(-600), 2), empty) }],
      firing: ['database main/postgres [out_of_retries]'],
    },
    {
      name: 'does not take jobs whose retries are spent for a queue that stands still',
      steps: [{ forMs: 3_600_000, world: holding('postgres', jobs(2, 40, at(-600), 2), empty) }],
      firing: ['database main/postgres [out_of_retries]'],
    },
    {
      name: 'does not know of a queue that is locked',
      steps: [
        {
          forMs: 900_000,
          world: [
            neurondb([database('postgres', { queues: [empty] })], {}, [
              { database: 'postgres', part: 'job_queue', reason: 'timeout' },
            ]),
          ],
        },
      ],
      firing: [],
      unknown: ['database main/postgres'],
    },
    {
      name: 'does not know the age of jobs without their time',
      steps: [{ forMs: 900_000, world: holding('postgres', jobs(2, 40, undefined), empty) }],
      firing: [],
      unknown: ['database main/postgres'],
    },
    {
      name: 'goes on firing while the compute cannot be read',
      steps: [
        { forMs: 330_000, world: forgotten },
        { forMs: 900_000, world: away('neurondb') },
      ],
      firing: ['database main/app [never_visited]'],
      unknown: ['*'],
      onlyDetector: 'series of a compute that is away vanish',
    },
    {
      name: 'resolves when the jobs are gone',
      steps: [
        { forMs: 330_000, world: forgotten },
        { forMs: 360_000, world: holding('app', jobs(0, 0, undefined), empty) },
      ],
      firing: [],
    },
  ],
};
