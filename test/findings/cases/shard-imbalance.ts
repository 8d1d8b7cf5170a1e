import { shardImbalance } from '../../../src/alerts/detectors/placement/shard-imbalance.ts';
import { node } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { alike, type Placed, placed, sharded, utilization } from '../placement-world.ts';

/** Longer than the finding must last. */
const longMs = 660_000;

/** Pageservers 1 and 4 in az-a, 2 in az-b, 3 in az-c. */
const four = [node(1), node(2), node(3), node(4)];

function at(nodeId: number, count: number, first: number, az = 'az-a', others = [2]): readonly Placed[] {
  return alike(count, first, { at: nodeId, with: others, az });
}

/** So many shards of az-a on pageserver 1 and on 4, and one of each other zone. */
function inAzA(onOne: number, onFour: number) {
  return placed({
    nodes: four,
    shards: [
      ...at(1, onOne, 1),
      ...at(4, onFour, 0x100),
      ...at(2, 1, 0x200, 'az-b', [3]),
      ...at(3, 1, 0x300, 'az-c'),
    ],
  });
}

const away = placed({
  shards: [
    ...sharded('8', 8, { at: 1, with: [3], az: 'az-c' }),
    ...at(1, 1, 1),
    ...at(2, 2, 0x100, 'az-b', [3]),
  ],
});

export const cases: FindingCases = {
  detector: shardImbalance,
  cases: [
    {
      name: 'does not fire while zones are even',
      steps: [{ forMs: longMs, world: inAzA(10, 10) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire for a tenant wholly in its zone, on the only pageserver there',
      steps: [
        {
          forMs: longMs,
          world: placed({ shards: [...sharded('8', 8, { at: 3, with: [1], az: 'az-c' }), ...at(1, 1, 1)] }),
        },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when eight shards of another zone have been on one pageserver for ten minutes',
      steps: [{ forMs: longMs, world: away }],
      firing: ['node 1 [too_many]'],
    },
    {
      name: 'fires when one of two pageservers of a zone has four more than its share, which is a fifth of it',
      steps: [{ forMs: longMs, world: inAzA(24, 16) }],
      firing: ['node 1 [too_many]'],
    },
    {
      name: 'does not fire for a gap of three shards, however large a part that is',
      steps: [{ forMs: longMs, world: inAzA(6, 0) }],
      firing: [],
    },
    {
      name: 'does not fire for many shards that are less than a fifth of the share',
      steps: [{ forMs: longMs, world: inAzA(47, 33) }],
      firing: [],
    },
    {
      name: 'does not fire before ten minutes: the optimizer has not had its turn',
      steps: [{ forMs: 600_000, world: inAzA(24, 16) }],
      firing: [],
    },
    {
      name: 'does not fire while the gap shrinks',
      steps: [
        { forMs: 300_000, world: inAzA(30, 10) },
        { forMs: 450_000, world: inAzA(28, 12) },
        { forMs: 450_000, world: inAzA(26, 14) },
      ],
      firing: [],
    },
    {
      name: 'fires when the gap has stopped to shrink',
      steps: [
        { forMs: 300_000, world: inAzA(30, 10) },
        { forMs: longMs, world: inAzA(28, 12) },
      ],
      firing: ['node 1 [too_many]'],
    },
    {
      name: 'does not fire while a pageserver is drained, and waits anew when it is over',
      steps: [
        { forMs: 600_000, world: inAzA(24, 16) },
        {
          forMs: 900_000,
          world: placed({
            nodes: [node(1), node(2), node(3, { scheduling: 'Draining' }), node(4)],
            shards: [...at(1, 24, 1), ...at(4, 16, 0x100)],
          }),
        },
        { forMs: 600_000, world: inAzA(24, 16) },
      ],
      firing: [],
    },
    {
      name: 'waits anew when another pageserver may be given shards',
      steps: [
        {
          forMs: 600_000,
          world: placed({
            nodes: [node(1), node(2, { scheduling: 'Pause' }), node(3), node(4)],
            shards: [...at(1, 24, 1), ...at(4, 16, 0x100)],
          }),
        },
        { forMs: 600_000, world: inAzA(24, 16) },
      ],
      firing: [],
    },
    {
      name: 'leaves out a pageserver that may not be given shards',
      steps: [
        {
          forMs: longMs,
          world: placed({
            nodes: [node(1), node(2), node(3), node(4, { scheduling: 'PauseForRestart' })],
            shards: [...at(1, 24, 1), ...at(2, 1, 0x200, 'az-b', [3])],
          }),
        },
      ],
      firing: [],
    },
    {
      name: 'leaves out shards whose zone has no pageserver that may take them',
      steps: [
        {
          forMs: longMs,
          world: placed({
            nodes: [node(1), node(2), node(3, { availability: 'Offline' })],
            shards: sharded('8', 8, { at: 1, with: [2], az: 'az-c' }),
          }),
        },
      ],
      firing: [],
    },
    {
      name: 'fires for a new pageserver that gets nothing, when many have a little too much',
      steps: [
        {
          forMs: longMs,
          world: placed({
            nodes: [node(1), node(4), node(7), node(10), node(13), node(16), node(19)].map((one) => ({
              ...one,
              az: 'az-a',
            })),
            shards: [1, 4, 7, 10, 13, 16].flatMap((nodeId) => at(nodeId, 12, nodeId * 0x100, 'az-a', [])),
          }),
        },
      ],
      firing: ['node 19 [too_few]'],
    },
    {
      name: 'compares shards that prefer no zone over all pageservers',
      steps: [{ forMs: longMs, world: placed({ shards: alike(12, 1, { at: 2, with: [1] }) }) }],
      firing: ['node 2 [too_many]'],
    },
    {
      name: 'holds a large pageserver to a larger share',
      steps: [
        {
          forMs: longMs,
          world: [
            ...inAzA(30, 10),
            utilization(1, 3000),
            utilization(2),
            utilization(3),
            utilization(4, 1000),
          ],
        },
      ],
      firing: [],
    },
    {
      name: 'is unknown when capacities differ and one is not known',
      steps: [{ forMs: longMs, world: [...inAzA(24, 16), utilization(1, 3000), utilization(4, 1000)] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'can be told to begin later',
      steps: [{ forMs: longMs, world: away }],
      thresholds: { placement: { imbalanceShards: 20 } },
      firing: [],
    },
    {
      name: 'is unknown where placement comes from the pageservers themselves',
      steps: [{ forMs: longMs, world: placed({ shards: at(1, 24, 1), nodes: four, source: 'locations' }) }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves five minutes after it was evened out',
      steps: [
        { forMs: longMs, world: inAzA(24, 16) },
        { forMs: 330_000, world: inAzA(20, 20) },
      ],
      firing: [],
    },
  ],
};
