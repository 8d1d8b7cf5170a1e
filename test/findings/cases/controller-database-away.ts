import { controllerDatabaseAway } from '../../../src/alerts/detectors/controller/controller-database-away.ts';
import { database, databaseName, health, leaderRow, looksOfEach, metrics } from '../control-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure, type World } from '../world.ts';

const live = health(true, true);
const well: World = [live, leaderRow(undefined), database(), metrics()];
const ours = failure('controller_database', databaseName, 'refused');
const route = failure('leader', controller, 'timeout');
const refusing = failure('leader', controller, 'unexpected', { status: 500 });
const subject = `controller_database ${databaseName}`;
const failed = (errors: number) => metrics({ databaseQueryErrors: new Map([['connection_pool', errors]]) });

export const cases: FindingCases = {
  detector: controllerDatabaseAway,
  cases: [
    {
      name: 'does not fire while all reach it',
      steps: [{ forMs: 300_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire within two minutes',
      steps: [{ forMs: 120_000, world: [live, route, ours, metrics()] }],
      firing: [],
    },
    {
      name: 'fires when neither we nor the controller reach it',
      steps: [{ forMs: 135_000, world: [live, route, ours, metrics()] }],
      firing: [subject],
    },
    {
      name: 'fires when the controller alone cannot reach it, by its 500',
      steps: [{ forMs: 135_000, world: [live, refusing, database(), metrics()] }],
      firing: [subject],
    },
    {
      name: 'fires on our own look where the controller cannot be asked',
      steps: [{ forMs: 135_000, world: [failure('controller_health', controller, 'refused'), ours] }],
      firing: [subject],
    },
    {
      name: 'fires as a warning where a controller leads and does not tell us of its database',
      steps: [{ forMs: 135_000, world: [live, failure('leader', controller, 'denied'), ours, metrics()] }],
      firing: [subject],
    },
    {
      name: 'fires when the controller goes on failing to connect',
      steps: looksOfEach(20, (at) => [live, database(), failed(at)]),
      firing: [subject],
    },
    {
      name: 'does not fire for errors that have ended',
      steps: [
        ...looksOfEach(6, (at) => [live, database(), leaderRow(undefined), failed(at)]),
        { forMs: 300_000, world: [live, database(), leaderRow(undefined), failed(5)] },
      ],
      firing: [],
    },
    {
      name: 'does not take a counter that began anew for errors',
      steps: [
        { forMs: 60_000, world: [live, database(), leaderRow(undefined), failed(50)] },
        { forMs: 300_000, world: [live, database(), leaderRow(undefined), failed(0)] },
      ],
      firing: [],
    },
    {
      name: 'is unknown when only we cannot reach it',
      steps: [{ forMs: 300_000, world: [live, leaderRow(undefined), ours, metrics()] }],
      firing: [],
      unknown: [subject],
    },
    {
      name: 'does not fire when it denies us, which takes a database that is there',
      steps: [
        {
          forMs: 300_000,
          world: [live, leaderRow(undefined), failure('controller_database', databaseName, 'denied')],
        },
      ],
      firing: [],
    },
    {
      name: 'does not take a slow answer over a connection that it took for away',
      steps: [
        {
          forMs: 300_000,
          world: [live, failure('controller_database', databaseName, 'timeout', { isConnected: true })],
        },
      ],
      firing: [],
      unknown: [subject],
    },
    {
      name: 'does not take the word of a controller that does not lead',
      steps: [{ forMs: 300_000, world: [health(true, false), route] }],
      firing: [],
      unknown: ['controller_database controller_database'],
    },
    {
      name: 'resolves when it is back for all',
      steps: [
        { forMs: 150_000, world: [live, route, ours, metrics()] },
        { forMs: 120_000, world: well },
      ],
      firing: [],
    },
  ],
};
