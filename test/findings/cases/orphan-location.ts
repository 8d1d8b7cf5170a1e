import { orphanLocation } from '../../../src/alerts/detectors/placement/orphan-location.ts';
import type { FindingCases } from '../finding-case.ts';
import { generation, type Placed, placed, shardText } from '../placement-world.ts';

const shard: Placed = { tenant: '1', at: 1, with: [2], az: 'az-a' };
const id = shardText('1');
const well = placed({ shards: [shard] });
const extra = { node: 3, shard: id, mode: 'Secondary' };
const orphan = placed({ shards: [shard], held: [extra] });
const stranger = { node: 2, shard: shardText('9'), mode: 'AttachedSingle', generation };
const child = { node: 3, shard: shardText('1', 1, 2), mode: 'AttachedSingle', generation };
const splitting = { ...shard, flags: { isSplitting: true } };

export const cases: FindingCases = {
  detector: orphanLocation,
  cases: [
    {
      name: 'does not fire while every location is meant',
      steps: [{ forMs: 900_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires for a secondary that nobody has meant for five minutes',
      steps: [{ forMs: 330_000, world: orphan }],
      firing: ['node 3 [not_intended]'],
    },
    {
      name: 'does not fire for a secondary that was removed just before five minutes',
      steps: [
        { forMs: 300_000, world: orphan },
        { forMs: 15_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'fires for a tenant that the controller does not list',
      steps: [{ forMs: 330_000, world: placed({ shards: [shard], held: [stranger] }) }],
      firing: ['node 2 [unknown_tenant]'],
    },
    {
      name: 'fires for a shard that its tenant does not have',
      steps: [{ forMs: 330_000, world: placed({ shards: [shard], held: [child] }) }],
      firing: ['node 3 [unknown_shard]'],
    },
    {
      name: 'names the gravest of several reasons',
      steps: [
        { forMs: 330_000, world: placed({ shards: [shard], held: [extra, { ...stranger, node: 3 }] }) },
      ],
      firing: ['node 3 [unknown_tenant]'],
    },
    {
      name: 'does not fire for children while their tenant is being split',
      steps: [{ forMs: 900_000, world: placed({ shards: [splitting], held: [child] }) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire while the shard is reconciled',
      steps: [
        {
          forMs: 900_000,
          world: placed({ shards: [{ ...shard, flags: { isReconciling: true } }], held: [extra] }),
        },
      ],
      firing: [],
    },
    {
      name: 'does not fire for a shard with policy Stop: nothing is cleaned up because somebody wants it so',
      steps: [
        {
          forMs: 900_000,
          world: placed({ shards: [{ ...shard, flags: { schedulingPolicy: 'Stop' } }], held: [extra] }),
        },
      ],
      firing: [],
    },
    {
      name: 'does not fire for what is detached',
      steps: [
        { forMs: 900_000, world: placed({ shards: [shard], held: [{ ...stranger, mode: 'Detached' }] }) },
      ],
      firing: [],
    },
    {
      name: 'leaves a second attached location to the findings about generations',
      steps: [
        {
          forMs: 900_000,
          world: placed({
            shards: [shard],
            held: [{ node: 3, shard: id, mode: 'AttachedSingle', generation: 4 }],
          }),
        },
      ],
      firing: [],
    },
    {
      name: 'neither fires nor resolves while that pageserver cannot be read',
      steps: [
        { forMs: 330_000, world: orphan },
        { forMs: 900_000, world: placed({ shards: [shard], held: [extra], unread: [3] }) },
      ],
      firing: ['node 3 [not_intended]'],
      unknown: ['node 3'],
    },
    {
      name: 'is unknown where placement comes from the pageservers themselves',
      steps: [{ forMs: 900_000, world: placed({ shards: [shard], held: [extra], source: 'locations' }) }],
      firing: [],
      unknown: ['*'],
    },
  ],
};
