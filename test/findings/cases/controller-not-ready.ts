import { controllerNotReady } from '../../../src/alerts/detectors/controller/controller-not-ready.ts';
import { health, healthFails, peer } from '../control-world.ts';
import type { FindingCases } from '../finding-case.ts';

const well = [health(true, true)];
const starting = [health(false, false)];

export const cases: FindingCases = {
  detector: controllerNotReady,
  cases: [
    { name: 'does not fire while it is ready', steps: [{ forMs: 300_000, world: well }], firing: [] },
    {
      name: 'does not fire for a start of two minutes',
      steps: [
        { forMs: 120_000, world: starting },
        { forMs: 60_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'fires after two minutes',
      steps: [{ forMs: 135_000, world: starting }],
      firing: ['controller controller:1234'],
    },
    {
      name: 'does not fire for one that has stepped down: that one is ready',
      steps: [{ forMs: 300_000, world: [health(true, false)] }],
      firing: [],
    },
    {
      name: 'does not fire for a second one while the first leads',
      steps: [{ forMs: 300_000, world: [...well, health(false, false, peer)] }],
      firing: [],
    },
    {
      name: 'fires for each of two when neither leads',
      steps: [{ forMs: 135_000, world: [...starting, health(false, false, peer)] }],
      firing: ['controller controller:1234', `controller ${peer}`],
    },
    {
      name: 'is unknown while it cannot be read',
      steps: [
        { forMs: 105_000, world: starting },
        { forMs: 300_000, world: [healthFails('refused')] },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when it is ready',
      steps: [
        { forMs: 180_000, world: starting },
        { forMs: 90_000, world: well },
      ],
      firing: [],
    },
  ],
};
