import { nodeStuck } from '../../../src/alerts/detectors/nodes/node-stuck.ts';
import { looksOfEach, metrics, startedAtMs, threeNodes } from '../control-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { alike, tenants } from '../placement-world.ts';
import { failure, type World } from '../world.ts';

const running = metrics();
const restarted = metrics({ startedAtMs: startedAtMs + 1_800_000 });
/** So many shards attached to node 2. */
const shards = (count: number) => tenants(alike(count, 1, { at: 2, with: [1] }));
const inState = (scheduling: string, count = 20, counters = running): World => [
  threeNodes({ scheduling }),
  shards(count),
  counters,
];
const warming: World = [threeNodes({ availability: 'WarmingUp' }), shards(0), running];
const well: World = inState('Active');
const withoutTenants: World = [
  threeNodes({ scheduling: 'Draining' }),
  failure('tenants', controller, 'denied'),
  running,
];
const away: World = [failure('nodes', controller, 'refused')];

const tenMinutesMs = 615_000;

export const cases: FindingCases = {
  detector: nodeStuck,
  cases: [
    {
      name: 'does not fire while every node is Active',
      steps: [{ forMs: tenMinutesMs, world: well }],
      firing: [],
    },
    {
      name: 'does not fire for a node that warms up for ten minutes less a look',
      steps: [{ forMs: 600_000, world: warming }],
      firing: [],
    },
    {
      name: 'fires for a node that has been WarmingUp for ten minutes',
      steps: [{ forMs: tenMinutesMs, world: warming }],
      firing: ['node 2 [warming_up]'],
    },
    ...['Draining', 'Filling', 'Deleting'].map((scheduling) => ({
      name: `fires for a node that has been ${scheduling} for ten minutes without a shard that moves`,
      steps: [{ forMs: tenMinutesMs, world: inState(scheduling) }],
      firing: [`node 2 [${scheduling.toLowerCase()}]`],
    })),
    {
      name: 'does not fire for a long drain that goes on moving shards',
      steps: looksOfEach(120, (at) => inState('Draining', 20 - Math.floor(at / 20))),
      firing: [],
    },
    {
      name: 'fires when a drain has stood still for ten minutes',
      steps: [
        ...looksOfEach(20, (at) => inState('Draining', 20 - at)),
        { forMs: tenMinutesMs, world: inState('Draining', 1) },
      ],
      firing: ['node 2 [draining]'],
    },
    {
      name: 'does not fire for a fill that ends in time',
      steps: [
        { forMs: 300_000, world: inState('Filling') },
        { forMs: 600_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'does not fire for a drain that ends in PauseForRestart',
      steps: [
        { forMs: 300_000, world: inState('Draining') },
        { forMs: 900_000, world: inState('PauseForRestart') },
      ],
      firing: [],
    },
    {
      name: 'does not fire within a minute of a restart of the controller in the middle of a fill',
      steps: [
        { forMs: 60_000, world: inState('Filling') },
        { forMs: 60_000, world: inState('Filling', 20, restarted) },
      ],
      firing: [],
    },
    {
      name: 'fires a minute after a restart of the controller in the middle of a fill',
      steps: [
        { forMs: 60_000, world: inState('Filling') },
        { forMs: 30_000, world: away },
        { forMs: 75_000, world: inState('Filling', 20, restarted) },
      ],
      firing: ['node 2 [filling]'],
    },
    {
      name: 'does not take a fill for forgotten that began after the restart',
      steps: [
        { forMs: 60_000, world: well },
        { forMs: 30_000, world: [threeNodes(), shards(20), restarted] },
        { forMs: 300_000, world: inState('Filling', 20, restarted) },
      ],
      firing: [],
    },
    {
      name: 'does not fire for a node that warms up after the controller has restarted',
      steps: [
        { forMs: 60_000, world: warming },
        { forMs: 240_000, world: [threeNodes({ availability: 'WarmingUp' }), shards(0), restarted] },
      ],
      firing: [],
    },
    {
      name: 'is unknown for a drain of which the tenant list cannot say whether it moves',
      steps: [{ forMs: tenMinutesMs, world: withoutTenants }],
      firing: [],
      unknown: ['node 2'],
    },
    {
      name: 'is unknown while the node list cannot be read',
      steps: [
        { forMs: 585_000, world: warming },
        { forMs: 600_000, world: away },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when the node is freed',
      steps: [
        { forMs: tenMinutesMs, world: inState('Filling') },
        { forMs: 120_000, world: well },
      ],
      firing: [],
    },
  ],
};
