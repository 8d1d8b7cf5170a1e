import { pageserverAway } from '../../../src/alerts/detectors/nodes/pageserver-away.ts';
import { pageserver, threeNodes } from '../control-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure, type World } from '../world.ts';

const others = [pageserver(1), pageserver(3)];
const well: World = [threeNodes(), pageserver(2), ...others];
const away: World = [threeNodes(), pageserver(2, 'refused'), ...others];
const silent: World = [threeNodes(), pageserver(2, 'timeout'), ...others];
const offline: World = [threeNodes({ availability: 'Offline' }), pageserver(2, 'refused'), ...others];

export const cases: FindingCases = {
  detector: pageserverAway,
  cases: [
    {
      name: 'does not fire while all answer',
      steps: [{ forMs: 300_000, world: well }],
      firing: [],
      unknown: [],
    },
    { name: 'does not fire within two minutes', steps: [{ forMs: 120_000, world: away }], firing: [] },
    { name: 'fires after two minutes', steps: [{ forMs: 135_000, world: away }], firing: ['node 2'] },
    { name: 'fires for one that is silent', steps: [{ forMs: 135_000, world: silent }], firing: ['node 2'] },
    {
      name: 'does not fire for a dead one that the controller has come to call Offline',
      steps: [
        { forMs: 45_000, world: away },
        { forMs: 600_000, world: offline },
      ],
      firing: [],
    },
    {
      name: 'is unknown for one that denies us, whose fault that may not be',
      steps: [{ forMs: 600_000, world: [threeNodes(), pageserver(2, 'tls'), ...others] }],
      firing: [],
      unknown: ['node 2'],
    },
    {
      name: 'is unknown without a node list, which says who is Active',
      steps: [{ forMs: 600_000, world: [failure('nodes', controller, 'refused'), pageserver(2, 'refused')] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'is unknown for nodes that are not watched',
      steps: [{ forMs: 600_000, world: [threeNodes()] }],
      firing: [],
      unknown: ['node 1', 'node 2', 'node 3'],
    },
    {
      name: 'resolves when it answers again',
      steps: [
        { forMs: 180_000, world: away },
        { forMs: 120_000, world: well },
      ],
      firing: [],
    },
  ],
};
