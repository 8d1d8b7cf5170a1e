import { unscheduledShard } from '../../../src/alerts/detectors/placement/unscheduled-shard.ts';
import { controller, node, nodes } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { placed, sharded } from '../placement-world.ts';
import { failure } from '../world.ts';

const paired = sharded('2', 2, { at: 1, with: [2], az: 'az-a' });
const nowhere = { tenant: '4', at: undefined, with: [] };
const well = placed({ shards: paired });
const unscheduled = placed({ shards: [...paired, nowhere] });

export const cases: FindingCases = {
  detector: unscheduledShard,
  cases: [
    {
      name: 'does not fire while every shard is attached',
      steps: [{ forMs: 600_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when a shard has been attached nowhere for two minutes',
      steps: [{ forMs: 150_000, world: unscheduled }],
      firing: ['cluster'],
    },
    {
      name: 'does not fire for one that was attached just before two minutes',
      steps: [
        { forMs: 120_000, world: unscheduled },
        { forMs: 15_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'does not begin to fire without the tenant list',
      steps: [
        { forMs: 60_000, world: unscheduled },
        { forMs: 600_000, world: [nodes([node(1)]), failure('tenants', controller, 'timeout')] },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'is unknown where placement comes from the pageservers, which know no policy',
      steps: [{ forMs: 600_000, world: placed({ shards: paired, source: 'locations' }) }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when it has been attached for a minute',
      steps: [
        { forMs: 150_000, world: unscheduled },
        { forMs: 120_000, world: well },
      ],
      firing: [],
    },
  ],
};
