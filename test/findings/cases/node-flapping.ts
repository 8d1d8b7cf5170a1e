import { nodeFlapping } from '../../../src/alerts/detectors/nodes/node-flapping.ts';
import { looksOfEach, threeNodes } from '../control-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

const up = [threeNodes()];
const down = [threeNodes({ availability: 'Offline' })];
const warming = [threeNodes({ availability: 'WarmingUp' })];
const away = [failure('nodes', controller, 'refused')];

/** Up for a minute and down for a minute, so many changes in all. */
const turns = (changes: number) =>
  looksOfEach(4 * (changes + 1), (at) => (Math.floor(at / 4) % 2 === 0 ? up : down));

export const cases: FindingCases = {
  detector: nodeFlapping,
  cases: [
    { name: 'does not fire while a node stays Active', steps: [{ forMs: 300_000, world: up }], firing: [] },
    {
      name: 'does not fire for a node that stays Offline',
      steps: [{ forMs: 600_000, world: down }],
      firing: [],
    },
    {
      name: 'does not fire for two restarts within half an hour',
      steps: [...turns(3), { forMs: 30_000, world: warming }, { forMs: 120_000, world: up }],
      firing: [],
    },
    { name: 'does not fire below the threshold', steps: turns(4), firing: [] },
    { name: 'fires at the fifth change', steps: turns(5), firing: ['node 2'] },
    {
      name: 'counts one change from Offline over WarmingUp to Active',
      steps: [
        { forMs: 60_000, world: up },
        { forMs: 60_000, world: down },
        { forMs: 60_000, world: warming },
        { forMs: 60_000, world: up },
        { forMs: 60_000, world: down },
        { forMs: 60_000, world: warming },
        { forMs: 60_000, world: up },
      ],
      firing: [],
    },
    {
      name: 'forgets changes that are older than half an hour',
      steps: [...turns(4), { forMs: 1_800_000, world: up }, { forMs: 60_000, world: down }],
      firing: [],
    },
    {
      name: 'resolves when the node has been calm for long enough',
      steps: [...turns(6), { forMs: 2_100_000, world: up }],
      firing: [],
    },
    {
      name: 'goes on firing while the node list cannot be read',
      steps: [...turns(5), { forMs: 600_000, world: away }],
      firing: ['node 2'],
      unknown: ['*'],
      onlyDetector: 'series of a controller that is away vanish',
    },
    {
      name: 'does not fire when the node list cannot be read again and again',
      steps: looksOfEach(40, (at) => (Math.floor(at / 4) % 2 === 0 ? up : away)),
      firing: [],
    },
    {
      name: 'follows its thresholds',
      steps: turns(3),
      thresholds: { nodes: { flapChanges: 3 } },
      firing: ['node 2'],
      onlyDetector: 'a rule has the defaults',
    },
  ],
};
