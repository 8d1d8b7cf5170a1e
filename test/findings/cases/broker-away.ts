import { brokerAway } from '../../../src/alerts/detectors/controller/broker-away.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure, reading } from '../world.ts';

const name = 'broker:50051';
const well = [reading('broker', name, { isResponding: true, publishers: 3, subscribers: 6 })];
const away = [reading('broker', name, { isResponding: false, reason: 'refused' })];

export const cases: FindingCases = {
  detector: brokerAway,
  cases: [
    {
      name: 'does not fire while it answers',
      steps: [{ forMs: 300_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire within a minute, as in a restart',
      steps: [{ forMs: 60_000, world: away }],
      firing: [],
    },
    { name: 'fires after a minute', steps: [{ forMs: 75_000, world: away }], firing: [`broker ${name}`] },
    {
      name: 'is unknown when it is not configured',
      steps: [{ forMs: 300_000, world: [] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'is unknown when something else answers there',
      steps: [{ forMs: 300_000, world: [failure('broker', name, 'unexpected')] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when it has answered for a minute',
      steps: [
        { forMs: 90_000, world: away },
        { forMs: 90_000, world: well },
      ],
      firing: [],
    },
  ],
};
