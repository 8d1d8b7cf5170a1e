import { lastNodeStanding } from '../../../src/alerts/detectors/nodes/last-node-standing.ts';
import { threeNodes } from '../control-world.ts';
import { controller, node, nodes } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

const last = [
  nodes([node(1), node(2, { availability: 'Offline' }), node(3, { scheduling: 'PauseForRestart' })]),
];
const two = [threeNodes({ availability: 'Offline' })];

export const cases: FindingCases = {
  detector: lastNodeStanding,
  cases: [
    {
      name: 'does not fire while two of three are left',
      steps: [{ forMs: 600_000, world: two }],
      firing: [],
    },
    {
      name: 'does not fire within five minutes, as when one of two restarts',
      steps: [{ forMs: 300_000, world: last }],
      firing: [],
    },
    { name: 'fires after five minutes', steps: [{ forMs: 315_000, world: last }], firing: ['cluster'] },
    {
      name: 'does not fire in a cluster of one',
      steps: [{ forMs: 600_000, world: [nodes([node(1)])] }],
      firing: [],
    },
    {
      name: 'does not fire when none is left, which is another finding',
      steps: [
        {
          forMs: 600_000,
          world: [nodes([node(1, { scheduling: 'Pause' }), node(2, { availability: 'Offline' })])],
        },
      ],
      firing: [],
    },
    {
      name: 'is unknown while the node list cannot be read',
      steps: [
        { forMs: 285_000, world: last },
        { forMs: 300_000, world: [failure('nodes', controller, 'timeout')] },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when a second one is back',
      steps: [
        { forMs: 315_000, world: last },
        { forMs: 120_000, world: two },
      ],
      firing: [],
    },
  ],
};
