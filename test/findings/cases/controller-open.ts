import { controllerOpen } from '../../../src/alerts/detectors/controller/controller-open.ts';
import { access } from '../control-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

export const cases: FindingCases = {
  detector: controllerOpen,
  cases: [
    {
      name: 'fires when a request without a token is answered',
      steps: [{ forMs: 15_000, world: [access(true)] }],
      firing: ['controller controller:1234'],
    },
    {
      name: 'does not fire when it is refused',
      steps: [{ forMs: 300_000, world: [access(false)] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'is unknown while it cannot be asked',
      steps: [{ forMs: 300_000, world: [failure('controller_access', controller, 'refused')] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'goes on firing while it cannot be asked',
      steps: [
        { forMs: 60_000, world: [access(true)] },
        { forMs: 300_000, world: [failure('controller_access', controller, 'refused')] },
      ],
      firing: ['controller controller:1234'],
      onlyDetector: 'series of a controller that is away vanish',
    },
    {
      name: 'resolves when it asks for a token',
      steps: [
        { forMs: 60_000, world: [access(true)] },
        { forMs: 120_000, world: [access(false)] },
      ],
      firing: [],
    },
  ],
};
