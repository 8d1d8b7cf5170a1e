import { missingSecondaries } from '../../../src/alerts/detectors/placement/missing-secondaries.ts';
import { controller, node, nodes } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { placed, sharded } from '../placement-world.ts';
import { failure } from '../world.ts';

const paired = sharded('2', 2, { at: 1, with: [2], az: 'az-a' });
const bare = sharded('3', 4, { at: 1, with: [], az: 'az-a' });
const well = placed({ shards: paired });
const cold = placed({ shards: [...paired, ...bare] });

export const cases: FindingCases = {
  detector: missingSecondaries,
  cases: [
    {
      name: 'does not fire while every shard has the secondaries it wants',
      steps: [{ forMs: 600_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when shards have wanted secondaries for five minutes',
      steps: [{ forMs: 330_000, world: cold }],
      firing: ['cluster'],
    },
    {
      name: 'does not fire when they came just before five minutes',
      steps: [
        { forMs: 300_000, world: cold },
        { forMs: 15_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'fires also where there is no pageserver to put them on, as worth knowing',
      steps: [{ forMs: 330_000, world: placed({ nodes: [node(1)], shards: bare }) }],
      firing: ['cluster'],
    },
    {
      name: 'leaves shards that are attached nowhere to unscheduled_shard',
      steps: [
        { forMs: 600_000, world: placed({ shards: [{ tenant: '4', at: undefined, with: [] }, ...paired] }) },
      ],
      firing: [],
    },
    {
      name: 'does not fire for shards that are being split',
      steps: [
        {
          forMs: 600_000,
          world: placed({ shards: bare.map((shard) => ({ ...shard, flags: { isSplitting: true } })) }),
        },
      ],
      firing: [],
    },
    {
      name: 'does not begin to fire without the tenant list',
      steps: [
        { forMs: 120_000, world: cold },
        { forMs: 600_000, world: [nodes([node(1)]), failure('tenants', controller, 'timeout')] },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when they have been there for a minute',
      steps: [
        { forMs: 330_000, world: cold },
        { forMs: 120_000, world: well },
      ],
      firing: [],
    },
  ],
};
