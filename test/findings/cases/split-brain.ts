import { splitBrain } from '../../../src/alerts/detectors/placement/split-brain.ts';
import { controller, node, nodes } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { generation, type Placed, placed, shardText } from '../placement-world.ts';
import { failure, reading } from '../world.ts';

const shard: Placed = { tenant: '1', at: 1, with: [2], az: 'az-a' };
const id = shardText('1');
const second = { tenant: '2', number: 1, count: 2, at: 2, with: [1], az: 'az-b' };
const well = placed({ shards: [shard, second] });
const both = { node: 3, shard: id, mode: 'AttachedSingle' };
const torn = placed({ shards: [shard], held: [{ ...both, generation }] });
const nameless = placed({ shards: [shard], held: [both] });
const older = placed({ shards: [shard], held: [{ ...both, generation: generation - 1 }] });
const live = placed({
  shards: [{ ...shard, flags: { isReconciling: true } }],
  held: [
    { node: 1, shard: id, mode: 'AttachedStale', generation },
    { node: 3, shard: id, mode: 'AttachedMulti', generation: generation + 1 },
  ],
});

/** A compute of tenant 1 that asks this pageserver for its shard. */
function compute(nodeId: number, host = `pageserver${nodeId}`) {
  return reading('compute_settings', 'main', {
    live: {
      readVia: 'pg_settings',
      connstring: { endpoints: [{ host, port: 6400 }] },
      stripeSizeBlocks: 2048,
      tenantId: id,
      timelineId: undefined,
      computeMode: undefined,
      safekeepers: undefined,
      sources: [],
      files: undefined,
      blockBytes: 8192,
      confLoadedAtMs: 0,
      postmasterStartedAtMs: 0,
      isInRecovery: false,
      nextStart: undefined,
    },
    skippedParts: [],
  });
}

const alone = [
  nodes([node(1), node(2), node(3)]),
  failure('tenants', controller, 'timeout'),
  ...torn.filter((one) => one.collector === 'pageserver_locations'),
];

export const cases: FindingCases = {
  detector: splitBrain,
  cases: [
    {
      name: 'does not fire while each shard has one owner',
      steps: [{ forMs: 600_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when two pageservers hold a shard with the same generation for a minute',
      steps: [{ forMs: 90_000, world: torn }],
      firing: [`shard ${id} [same_generation]`],
    },
    {
      name: 'fires when one of two owners does not say its generation',
      steps: [{ forMs: 90_000, world: nameless }],
      firing: [`shard ${id} [same_generation]`],
    },
    {
      name: 'does not fire for what lasted just less than a minute',
      steps: [
        { forMs: 60_000, world: torn },
        { forMs: 15_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'leaves a lower generation that nobody asks to stale_generation',
      steps: [{ forMs: 600_000, world: [...older, compute(1)] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when a compute asks the pageserver with the lower generation',
      steps: [{ forMs: 90_000, world: [...older, compute(3)] }],
      firing: [`shard ${id} [compute_on_stale]`],
    },
    {
      name: 'fires when the compute knows that pageserver by another name',
      thresholds: { drift: { aliases: { 'pageserver3:6400': '10.0.0.3:6400' } } },
      steps: [{ forMs: 90_000, world: [...older, compute(3, '10.0.0.3')] }],
      firing: [`shard ${id} [compute_on_stale]`],
    },
    {
      name: 'does not fire while a live migration has two attached locations',
      steps: [{ forMs: 600_000, world: live }],
      firing: [],
    },
    {
      name: 'fires also while the controller does not answer for tenants',
      steps: [{ forMs: 90_000, world: alone }],
      firing: [`shard ${id} [same_generation]`],
    },
    {
      name: 'neither fires nor resolves while one of the two pageservers cannot be read',
      steps: [
        { forMs: 90_000, world: torn },
        { forMs: 600_000, world: placed({ shards: [shard], held: [{ ...both, generation }], unread: [3] }) },
      ],
      firing: [`shard ${id} [same_generation]`],
      unknown: ['node 3', `shard ${id}`],
    },
    {
      name: 'does not begin to fire while one of the two pageservers cannot be read',
      steps: [
        { forMs: 30_000, world: torn },
        { forMs: 600_000, world: placed({ shards: [shard], held: [{ ...both, generation }], unread: [3] }) },
      ],
      firing: [],
    },
    {
      name: 'resolves when one of them has let go for two minutes',
      steps: [
        { forMs: 90_000, world: torn },
        { forMs: 180_000, world: well },
      ],
      firing: [],
      unknown: [],
    },
  ],
};
