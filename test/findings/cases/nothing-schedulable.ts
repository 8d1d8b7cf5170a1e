import { nothingSchedulable } from '../../../src/alerts/detectors/nodes/nothing-schedulable.ts';
import { threeNodes } from '../control-world.ts';
import { controller, node, nodes } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

const well = [threeNodes()];
const none = [
  nodes([
    node(1, { availability: 'Offline' }),
    node(2, { scheduling: 'Pause' }),
    node(3, { availability: 'WarmingUp' }),
  ]),
];
const one = [nodes([node(1, { availability: 'Offline' }), node(2, { scheduling: 'Filling' })])];

export const cases: FindingCases = {
  detector: nothingSchedulable,
  cases: [
    {
      name: 'does not fire while every node may be given shards',
      steps: [{ forMs: 300_000, world: well }],
      firing: [],
    },
    { name: 'does not fire within a minute', steps: [{ forMs: 60_000, world: none }], firing: [] },
    { name: 'fires after a minute', steps: [{ forMs: 75_000, world: none }], firing: ['cluster'] },
    {
      name: 'does not fire while one is left, also one that is being filled',
      steps: [{ forMs: 300_000, world: one }],
      firing: [],
    },
    {
      name: 'does not fire for a controller that has no node yet',
      steps: [{ forMs: 300_000, world: [nodes([])] }],
      firing: [],
    },
    {
      name: 'does not fire for the half minute after the controller has started, in which every node is Offline',
      steps: [
        { forMs: 60_000, world: well },
        { forMs: 30_000, world: [nodes([1, 2, 3].map((id) => node(id, { availability: 'Offline' })))] },
        { forMs: 60_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'does not begin to fire while the node list cannot be read',
      steps: [
        { forMs: 45_000, world: none },
        { forMs: 600_000, world: [failure('nodes', controller, 'refused')] },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when one is back',
      steps: [
        { forMs: 120_000, world: none },
        { forMs: 120_000, world: one },
      ],
      firing: [],
    },
  ],
};
