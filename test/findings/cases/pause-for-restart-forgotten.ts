import { pauseForRestartForgotten } from '../../../src/alerts/detectors/nodes/pause-for-restart-forgotten.ts';
import { threeNodes } from '../control-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

const well = [threeNodes()];
const paused = [threeNodes({ scheduling: 'PauseForRestart' })];
const restarting = [threeNodes({ scheduling: 'PauseForRestart', availability: 'Offline' })];
const away = [failure('nodes', controller, 'timeout')];

export const cases: FindingCases = {
  detector: pauseForRestartForgotten,
  cases: [
    {
      name: 'does not fire while every policy is Active',
      steps: [{ forMs: 1_830_000, world: well }],
      firing: [],
    },
    {
      name: 'does not fire within half an hour of a drain',
      steps: [{ forMs: 1_800_000, world: paused }],
      firing: [],
    },
    {
      name: 'fires after half an hour',
      steps: [{ forMs: 1_815_000, world: paused }],
      firing: ['node 2'],
    },
    {
      name: 'does not fire for one that is being restarted',
      steps: [{ forMs: 3_600_000, world: restarting }],
      firing: [],
    },
    {
      name: 'does not fire for a policy of Pause, which somebody chose',
      steps: [{ forMs: 3_600_000, world: [threeNodes({ scheduling: 'Pause' })] }],
      firing: [],
    },
    {
      name: 'does not fire when the restart comes within the half hour',
      steps: [
        { forMs: 1_500_000, world: paused },
        { forMs: 60_000, world: restarting },
        { forMs: 600_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'does not count the time in which the node list cannot be read',
      steps: [
        { forMs: 900_000, world: paused },
        { forMs: 1_200_000, world: away },
        { forMs: 300_000, world: paused },
      ],
      firing: [],
    },
    {
      name: 'resolves when the node is given back',
      steps: [
        { forMs: 1_815_000, world: paused },
        { forMs: 120_000, world: well },
      ],
      firing: [],
    },
  ],
};
