import { intentContradicted } from '../../../src/alerts/detectors/placement/intent-contradicted.ts';
import { node } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { alike, generation, type Placed, placed, shardText } from '../placement-world.ts';

const shard: Placed = { tenant: '1', at: 1, with: [2], az: 'az-a' };
const id = shardText('1');
const well = placed({ shards: [shard] });
const nowhere = { node: 1, shard: id, mode: undefined };
const lost = placed({ shards: [shard], held: [nowhere] });
const onThree = [nowhere, { node: 3, shard: id, mode: 'AttachedSingle', generation: generation + 1 }];
const elsewhere = placed({ shards: [shard], held: onThree });
const moving = { ...shard, flags: { isReconciling: true } };
const many = alike(30, 1, { at: 1, with: [2], az: 'az-a' });
const passing = many.map(({ tenant }) => ({
  forMs: 15_000,
  world: placed({ shards: many, held: [{ ...nowhere, shard: shardText(tenant) }] }),
}));

export const cases: FindingCases = {
  detector: intentContradicted,
  cases: [
    {
      name: 'does not fire while every shard is where it is meant to be',
      steps: [{ forMs: 600_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when a shard has been attached nowhere for two minutes',
      steps: [{ forMs: 150_000, world: lost }],
      firing: ['node 1 [absent]'],
    },
    {
      name: 'does not fire for a shard that was back just before two minutes',
      steps: [
        { forMs: 120_000, world: lost },
        { forMs: 15_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'fires when a shard has been attached elsewhere for two minutes, as under policy Stop',
      steps: [{ forMs: 150_000, world: elsewhere }],
      firing: ['node 1 [elsewhere]'],
    },
    {
      name: 'does not fire while the shard is reconciled: intent flips before the move',
      steps: [
        { forMs: 300_000, world: placed({ shards: [moving], held: onThree }) },
        { forMs: 300_000, world: placed({ shards: [moving], held: [nowhere] }) },
      ],
      firing: [],
    },
    {
      name: 'does not fire while the shard is split',
      steps: [
        {
          forMs: 600_000,
          world: placed({ shards: [{ ...shard, flags: { isSplitting: true } }], held: [nowhere] }),
        },
      ],
      firing: [],
    },
    {
      name: 'does not fire for shards that are each on the move for one look',
      steps: passing,
      firing: [],
    },
    {
      name: 'does not judge a pageserver that is warming up: its list may be short',
      steps: [
        {
          forMs: 300_000,
          world: placed({
            nodes: [node(1, { availability: 'WarmingUp' }), node(2), node(3)],
            shards: [shard],
            held: [nowhere],
          }),
        },
      ],
      firing: [],
      unknown: ['node 1'],
    },
    {
      name: 'does not judge a shard whose slot is being changed',
      steps: [
        {
          forMs: 300_000,
          world: placed({ shards: [shard], held: [{ node: 1, shard: id, mode: 'InProgress' }] }),
        },
      ],
      firing: [],
    },
    {
      name: 'cannot say that a shard is nowhere while a pageserver was not asked',
      steps: [{ forMs: 300_000, world: placed({ shards: [shard], held: [nowhere], unread: [3] }) }],
      firing: [],
      unknown: ['node 3'],
    },
    {
      name: 'neither fires nor resolves while a pageserver that may have it cannot be read',
      steps: [
        { forMs: 150_000, world: lost },
        { forMs: 600_000, world: placed({ shards: [shard], held: [nowhere], unread: [3] }) },
      ],
      firing: ['node 1 [absent]'],
      unknown: ['node 1', 'node 3'],
    },
    {
      name: 'resolves though another pageserver cannot be read',
      steps: [
        { forMs: 150_000, world: lost },
        { forMs: 180_000, world: placed({ shards: [shard], unread: [3] }) },
      ],
      firing: [],
      unknown: ['node 3'],
    },
    {
      name: 'leaves two owners of one generation to split_brain',
      steps: [
        {
          forMs: 600_000,
          world: placed({
            shards: [shard],
            held: [{ node: 3, shard: id, mode: 'AttachedSingle', generation }],
          }),
        },
      ],
      firing: [],
    },
    {
      name: 'leaves it to split_brain also when neither of the two owners is meant',
      steps: [
        {
          forMs: 600_000,
          world: placed({
            shards: [shard],
            held: [...onThree, { node: 2, shard: id, mode: 'AttachedSingle', generation: generation + 1 }],
          }),
        },
      ],
      firing: [],
    },
    {
      name: 'resolves two minutes after the shard is where it is meant to be',
      steps: [
        { forMs: 150_000, world: lost },
        { forMs: 180_000, world: well },
      ],
      firing: [],
      unknown: [],
    },
  ],
};
