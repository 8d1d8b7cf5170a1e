import { pairInOneAz } from '../../../src/alerts/detectors/placement/pair-in-one-az.ts';
import { controller, node, nodes } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { type Placed, placed } from '../placement-world.ts';
import { failure } from '../world.ts';

const longMs = 930_000;
/** Pageservers 1 and 4 are in az-a. */
const four = [node(1), node(2), node(3), node(4)];
const shard: Placed = { tenant: '1', at: 1, with: [4], az: 'az-a' };
const apart = placed({ nodes: four, shards: [{ ...shard, with: [2] }] });
const together = placed({ nodes: four, shards: [shard] });

export const cases: FindingCases = {
  detector: pairInOneAz,
  cases: [
    {
      name: 'does not fire while attached location and secondary are in two zones',
      steps: [{ forMs: longMs, world: apart }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when both have been in one zone for a quarter of an hour',
      steps: [{ forMs: longMs, world: together }],
      firing: ['cluster'],
    },
    {
      name: 'does not fire when the secondary was moved just before',
      steps: [
        { forMs: 900_000, world: together },
        { forMs: 15_000, world: apart },
      ],
      firing: [],
    },
    {
      name: 'does not fire in a cluster of one zone',
      steps: [{ forMs: longMs, world: placed({ nodes: [node(1), node(4)], shards: [shard] }) }],
      firing: [],
    },
    {
      name: 'does not fire while no other zone may be given shards',
      steps: [
        {
          forMs: longMs,
          world: placed({ nodes: [node(1), node(2, { scheduling: 'Pause' }), node(4)], shards: [shard] }),
        },
      ],
      firing: [],
    },
    {
      name: 'does not begin to fire without the tenant list',
      steps: [
        { forMs: 600_000, world: together },
        { forMs: longMs, world: [nodes(four), failure('tenants', controller, 'timeout')] },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves five minutes after the secondary has another zone',
      steps: [
        { forMs: longMs, world: together },
        { forMs: 330_000, world: apart },
      ],
      firing: [],
    },
  ],
};
