import { azViolation } from '../../../src/alerts/detectors/placement/az-violation.ts';
import { controller, node, nodes } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { alike, type Placed, placed } from '../placement-world.ts';
import { failure } from '../world.ts';

const longMs = 930_000;
const shard: Placed = { tenant: '1', at: 2, with: [1], az: 'az-a' };
const home = placed({ shards: [{ ...shard, at: 1, with: [2] }] });
const away = placed({ shards: [shard] });
const many = alike(80, 1, { at: 2, with: [1] });
/** Another shard is away at each look: they go home one by one, as after a failover. */
const homing = many.map(({ tenant }) => ({
  forMs: 15_000,
  world: placed({ shards: many.map((one) => (one.tenant === tenant ? { ...one, az: 'az-a' } : one)) }),
}));

export const cases: FindingCases = {
  detector: azViolation,
  cases: [
    {
      name: 'does not fire while every shard is at home, or prefers no zone',
      steps: [{ forMs: longMs, world: placed({ shards: [{ ...shard, at: 1, with: [2] }, ...many] }) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when a shard has been away for a quarter of an hour',
      steps: [{ forMs: longMs, world: away }],
      firing: ['node 2'],
    },
    {
      name: 'does not fire for a shard that came home just before',
      steps: [
        { forMs: 900_000, world: away },
        { forMs: 15_000, world: home },
      ],
      firing: [],
    },
    {
      name: 'does not fire while other shards are away at each look',
      steps: homing,
      firing: [],
    },
    {
      name: 'fires also for a shard that somebody has pinned there',
      steps: [
        {
          forMs: longMs,
          world: placed({ shards: [{ ...shard, flags: { schedulingPolicy: 'Essential' } }] }),
        },
      ],
      firing: ['node 2'],
    },
    {
      name: 'does not fire while no pageserver of the zone may take it',
      steps: [
        {
          forMs: longMs,
          world: placed({ nodes: [node(1, { availability: 'Offline' }), node(2), node(3)], shards: [shard] }),
        },
      ],
      firing: [],
    },
    {
      name: 'fires for a shard that prefers a zone which does not exist',
      steps: [{ forMs: longMs, world: placed({ shards: [{ ...shard, az: 'az-z' }] }) }],
      firing: ['node 2'],
    },
    {
      name: 'neither fires nor resolves without the tenant list',
      steps: [
        { forMs: longMs, world: away },
        { forMs: longMs, world: [nodes([node(1), node(2)]), failure('tenants', controller, 'timeout')] },
      ],
      firing: ['node 2'],
      unknown: ['*'],
    },
    {
      name: 'resolves five minutes after it came home',
      steps: [
        { forMs: longMs, world: away },
        { forMs: 330_000, world: home },
      ],
      firing: [],
    },
  ],
};
