import { nodeOffline } from '../../../src/alerts/detectors/node-offline.ts';
import { controller, node, nodes } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { tenantList } from '../lint-world.ts';
import { failure } from '../world.ts';

const well = [nodes([node(1), node(2)])];
const offline = [nodes([node(1), node(2, { availability: 'Offline' })])];
const drained = nodes([node(1), node(2, { availability: 'Offline', scheduling: 'PauseForRestart' })]);
const away = [failure('nodes', controller, 'refused')];

export const cases: FindingCases = {
  detector: nodeOffline,
  cases: [
    {
      name: 'does not fire while every node is Active',
      steps: [{ forMs: 300_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when a node has been Offline for half a minute',
      steps: [{ forMs: 60_000, world: offline }],
      firing: ['node 2'],
    },
    {
      name: 'fires as a warning for a node that was drained before it was stopped',
      steps: [{ forMs: 60_000, world: [drained, tenantList([])] }],
      firing: ['node 2'],
    },
    {
      name: 'fires in full where it is not known whether anything is attached to it',
      steps: [{ forMs: 60_000, world: [drained] }],
      firing: ['node 2'],
    },
    {
      name: 'does not fire for a node that was Offline for one look',
      steps: [
        { forMs: 15_000, world: offline },
        { forMs: 15_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'goes on firing while the controller cannot be read',
      steps: [
        { forMs: 60_000, world: offline },
        { forMs: 600_000, world: away },
      ],
      firing: ['node 2'],
      unknown: ['*'],
      onlyDetector: 'series of a controller that is away vanish',
    },
    {
      name: 'does not begin to fire while the controller cannot be read',
      steps: [
        { forMs: 15_000, world: offline },
        { forMs: 600_000, world: away },
      ],
      firing: [],
    },
    {
      name: 'resolves when the node has been back for a minute',
      steps: [
        { forMs: 60_000, world: offline },
        { forMs: 120_000, world: well },
      ],
      firing: [],
    },
  ],
};
