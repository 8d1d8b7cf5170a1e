import { safekeepersInOneAz } from '../../../src/alerts/detectors/placement/safekeepers-in-one-az.ts';
import { controller, node, nodes } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure, reading } from '../world.ts';

const threeZones = nodes([node(1), node(2), node(3)]);

/** Safekeepers by zone, all Active unless said otherwise. */
function safekeepers(azs: readonly string[], policies: readonly string[] = []) {
  return reading('safekeepers', controller, {
    safekeepers: azs.map((az, at) => ({
      safekeeperId: at + 1,
      regionId: 'lab-region',
      address: `safekeeper${at + 1}:5454`,
      httpAddress: `safekeeper${at + 1}:7676`,
      az,
      schedulingPolicy: policies[at] ?? 'Active',
    })),
  });
}

const spread = [threeZones, safekeepers(['az-a', 'az-b', 'az-c'])];
const together = [threeZones, safekeepers(['az-a', 'az-a', 'az-a'])];

export const cases: FindingCases = {
  detector: safekeepersInOneAz,
  cases: [
    {
      name: 'does not fire while safekeepers are in several zones',
      steps: [{ forMs: 600_000, world: spread }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when all have been in one zone for five minutes',
      steps: [{ forMs: 330_000, world: together }],
      firing: ['cluster'],
    },
    {
      name: 'fires as worth knowing where all pageservers are in that zone, too',
      steps: [{ forMs: 330_000, world: [nodes([node(1)]), safekeepers(['az-a', 'az-a', 'az-a'])] }],
      firing: ['cluster'],
    },
    {
      name: 'does not fire just before five minutes',
      steps: [
        { forMs: 300_000, world: together },
        { forMs: 15_000, world: spread },
      ],
      firing: [],
    },
    {
      name: 'does not count those that take no new timelines',
      steps: [
        {
          forMs: 330_000,
          world: [
            threeZones,
            safekeepers(['az-a', 'az-a', 'az-b', 'az-c'], ['Active', 'Active', 'Decomissioned', 'Pause']),
          ],
        },
      ],
      firing: ['cluster'],
    },
    {
      name: 'does not fire for a single safekeeper',
      steps: [{ forMs: 600_000, world: [threeZones, safekeepers(['az-a'])] }],
      firing: [],
    },
    {
      name: 'does not begin to fire while the list cannot be read',
      steps: [
        { forMs: 120_000, world: together },
        { forMs: 600_000, world: [threeZones, failure('safekeepers', controller, 'denied')] },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when they have been in several zones for a minute',
      steps: [
        { forMs: 330_000, world: together },
        { forMs: 120_000, world: spread },
      ],
      firing: [],
    },
  ],
};
