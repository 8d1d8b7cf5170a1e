import { controllerAway } from '../../../src/alerts/detectors/controller/controller-away.ts';
import { health, healthFails, peer } from '../control-world.ts';
import type { FindingCases } from '../finding-case.ts';

const well = [health(true, true)];
const away = [healthFails('refused')];

export const cases: FindingCases = {
  detector: controllerAway,
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
    {
      name: 'fires when it has refused connections for a minute',
      steps: [{ forMs: 75_000, world: away }],
      firing: ['controller controller:1234'],
    },
    {
      name: 'fires when it is silent',
      steps: [{ forMs: 75_000, world: [healthFails('timeout')] }],
      firing: ['controller controller:1234'],
    },
    {
      name: 'fires when its name is gone',
      steps: [{ forMs: 75_000, world: [healthFails('dns')] }],
      firing: ['controller controller:1234'],
    },
    {
      name: 'goes on counting when the reason changes',
      steps: [
        { forMs: 45_000, world: away },
        { forMs: 30_000, world: [healthFails('timeout')] },
      ],
      firing: ['controller controller:1234'],
    },
    {
      name: 'does not fire for one that answers with no',
      steps: [{ forMs: 300_000, world: [health(false, false)] }],
      firing: [],
    },
    {
      name: 'is unknown when only its certificate is wrong',
      steps: [{ forMs: 300_000, world: [healthFails('tls')] }],
      firing: [],
      unknown: ['controller controller:1234'],
    },
    {
      name: 'is unknown when nobody looks',
      steps: [{ forMs: 300_000, world: [] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'fires for a second one that is away, though the first leads',
      steps: [{ forMs: 75_000, world: [...well, healthFails('refused', peer)] }],
      firing: [`controller ${peer}`],
    },
    {
      name: 'goes on firing when it cannot be told any more',
      steps: [
        { forMs: 75_000, world: away },
        { forMs: 300_000, world: [healthFails('tls')] },
      ],
      firing: ['controller controller:1234'],
      unknown: ['controller controller:1234'],
    },
    {
      name: 'resolves when it has been back for a minute',
      steps: [
        { forMs: 75_000, world: away },
        { forMs: 90_000, world: well },
      ],
      firing: [],
    },
  ],
};
