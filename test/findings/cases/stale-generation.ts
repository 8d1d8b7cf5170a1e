import { staleGeneration } from '../../../src/alerts/detectors/placement/stale-generation.ts';
import { controller, node } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { alike, generation, type Placed, placed, shardText } from '../placement-world.ts';
import { failure } from '../world.ts';

const shard: Placed = { tenant: '1', at: 1, with: [2], az: 'az-a' };
const id = shardText('1');
const old = { node: 3, shard: id, mode: 'AttachedSingle', generation: generation - 1 };
const well = placed({ shards: [shard] });
const stale = placed({ shards: [shard], held: [old] });
const many = alike(30, 1, { at: 1, with: [2], az: 'az-a' });
/** Another shard at each look: what a busy cluster shows when intent and locations are read moments apart. */
const passing = many.map(({ tenant }) => ({
  forMs: 15_000,
  world: placed({ shards: many, held: [{ ...old, shard: shardText(tenant) }] }),
}));
const elsewhere = placed({
  shards: [shard],
  held: [{ node: 3, shard: id, mode: 'AttachedSingle', generation: generation + 1 }],
});

export const cases: FindingCases = {
  detector: staleGeneration,
  cases: [
    {
      name: 'does not fire while each shard is attached once',
      steps: [{ forMs: 600_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires for the pageserver that has held an older generation for two minutes',
      steps: [{ forMs: 150_000, world: stale }],
      firing: ['node 3'],
      unknown: [],
    },
    {
      name: 'does not fire for one that let go just before two minutes',
      steps: [
        { forMs: 120_000, world: stale },
        { forMs: 15_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'fires for a pageserver that is cut off from the controller only',
      steps: [
        {
          forMs: 150_000,
          world: placed({
            nodes: [node(1), node(2), node(3, { availability: 'Offline' })],
            shards: [shard],
            held: [old],
          }),
        },
      ],
      firing: ['node 3'],
    },
    {
      name: 'does not fire for shards that are each on the move for one look',
      steps: passing,
      firing: [],
    },
    {
      name: 'leaves it to intent_contradicted when the controller means the lower one',
      steps: [{ forMs: 600_000, world: elsewhere }],
      firing: [],
    },
    {
      name: 'goes on firing when that pageserver can be read again and nothing has changed',
      steps: [
        { forMs: 150_000, world: stale },
        { forMs: 600_000, world: placed({ shards: [shard], held: [old], unread: [3] }) },
        { forMs: 300_000, world: stale },
      ],
      firing: ['node 3'],
      unknown: [],
    },
    {
      name: 'neither fires nor resolves while that pageserver cannot be read',
      steps: [
        { forMs: 150_000, world: stale },
        { forMs: 600_000, world: placed({ shards: [shard], held: [old], unread: [3] }) },
      ],
      firing: ['node 3'],
      unknown: ['node 3'],
    },
    {
      name: 'neither fires nor resolves while the pageserver with the higher one cannot be read',
      steps: [
        { forMs: 150_000, world: stale },
        { forMs: 600_000, world: placed({ shards: [shard], held: [old], unread: [1] }) },
      ],
      firing: ['node 3'],
      unknown: ['node 1', 'node 3'],
    },
    {
      name: 'resolves though another pageserver cannot be read',
      steps: [
        { forMs: 150_000, world: stale },
        { forMs: 300_000, world: placed({ shards: [shard], unread: [2] }) },
      ],
      firing: [],
      unknown: ['node 2'],
    },
    {
      name: 'is unknown without the tenant list',
      steps: [
        {
          forMs: 300_000,
          world: [
            ...stale.filter(({ collector }) => collector !== 'tenants'),
            failure('tenants', controller, 'refused'),
          ],
        },
      ],
      firing: [],
      unknown: ['*'],
    },
  ],
};
