import { safekeeperAway } from '../../../src/alerts/detectors/controller/safekeeper-away.ts';
import { metrics, safekeeper, safekeeperList } from '../control-world.ts';
import type { FindingCases } from '../finding-case.ts';
import type { World } from '../world.ts';

const list = safekeeperList(['Active', 'Active', 'Active']);
const well: World = [list, safekeeper(1), safekeeper(2), safekeeper(3)];
const one: World = [
  list,
  metrics({ safekeeperRequestErrors: new Map([[2, 17]]) }),
  safekeeper(1),
  safekeeper(2, 'refused'),
  safekeeper(3),
];
const two: World = [list, safekeeper(1), safekeeper(2, 'refused'), safekeeper(3, 'timeout')];

export const cases: FindingCases = {
  detector: safekeeperAway,
  cases: [
    {
      name: 'does not fire while all answer',
      steps: [{ forMs: 300_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire within a minute, as in a restart',
      steps: [{ forMs: 60_000, world: one }],
      firing: [],
    },
    {
      name: 'fires for a dead one that the controller still calls Active',
      steps: [{ forMs: 75_000, world: one }],
      firing: ['safekeeper 2'],
    },
    {
      name: 'fires for two',
      steps: [{ forMs: 75_000, world: two }],
      firing: ['safekeeper 2', 'safekeeper 3'],
    },
    {
      name: 'does not fire for one that was taken out of service',
      steps: [
        {
          forMs: 300_000,
          world: [
            safekeeperList(['Active', 'Decomissioned', 'Active']),
            safekeeper(1),
            safekeeper(2, 'refused'),
            safekeeper(3),
          ],
        },
      ],
      firing: [],
    },
    {
      name: 'is unknown for one that answers as somebody else',
      steps: [{ forMs: 300_000, world: [list, safekeeper(1), safekeeper(2, 'unexpected'), safekeeper(3)] }],
      firing: [],
      unknown: ['safekeeper 2'],
    },
    {
      name: 'is unknown when none is watched',
      steps: [{ forMs: 300_000, world: [list] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when it has answered for a minute',
      steps: [
        { forMs: 90_000, world: one },
        { forMs: 90_000, world: well },
      ],
      firing: [],
    },
  ],
};
