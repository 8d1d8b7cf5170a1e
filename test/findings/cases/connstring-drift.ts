import { connstringDrift } from '../../../src/alerts/detectors/drift/connstring-drift.ts';
import { metrics } from '../control-world.ts';
import { node } from '../controller-world.ts';
import {
  clusterWorld,
  computeOn,
  controllerAway,
  health,
  heldAsMeant,
  mainCompute,
  placed,
  sharded,
  shardIdOf,
  tenantOn,
  tenants,
  unsharded,
} from '../drift-world.ts';
import type { FindingCase, FindingCases } from '../finding-case.ts';
import { caseStartMs, failure, reading, type World } from '../world.ts';

const minute = 60_000;
const calm = { forMs: minute, world: [...clusterWorld(), computeOn([1, 2])] };

/** In order for a minute, then this for `forMs`. */
function afterCalm(world: World, forMs = 2 * minute): FindingCase['steps'] {
  return [calm, { forMs, world }];
}

function drifting(entries: readonly (number | string)[], changed = {}): World {
  return [...clusterWorld(), computeOn(entries, { tenantId: sharded, ...changed })];
}

const wrongOrder = drifting([2, 1]);
const wrongNode = drifting([1, 3]);

/** One row a class: what the compute has, and what it is called. */
const classes: readonly (readonly [what: string, className: string, world: World])[] = [
  ['names the right pageservers in another order', 'WRONG_ORDER', wrongOrder],
  ['asks a pageserver that does not hold the shard', 'WRONG_NODE', wrongNode],
  ['has one entry for two shards', 'WRONG_COUNT', drifting([1])],
  ['has an entry more than there are shards', 'WRONG_COUNT', drifting([1, 2, 3])],
  ['has an empty connection string', 'WRONG_COUNT', drifting([])],
  ['has an entry that has no port', 'MALFORMED', drifting([1, 'host=pageserver2 port=none'])],
  ['cuts into other stripes', 'WRONG_STRIPE', drifting([1, 2], { stripeSizeBlocks: 32_768 })],
  [
    'has one entry while both shards are on one pageserver',
    'WRONG_COUNT',
    [...placed(tenantOn([1, 1])), computeOn([1], { tenantId: sharded })],
  ],
  [
    'of an unsharded tenant asks another pageserver',
    'WRONG_NODE',
    [...clusterWorld(), computeOn([1], { tenantId: unsharded })],
  ],
  [
    'of an unsharded tenant asks the pageserver of the only other one, which is no string of that tenant alone',
    'WRONG_NODE',
    [
      ...clusterWorld({
        placements: [tenantOn([2, 2]), tenantOn([3]), tenantOn([1], { tenantId: '3'.repeat(32) })],
      }),
      computeOn([1], { tenantId: unsharded }),
    ],
  ],
  [
    'was given the connection string of another tenant',
    'WRONG_TENANT',
    [
      ...clusterWorld({ placements: [tenantOn([1, 2]), tenantOn([3, 3, 1], { tenantId: unsharded })] }),
      computeOn([3, 3, 1], { tenantId: sharded }),
    ],
  ],
  ['is a replica and names them in another order', 'WRONG_ORDER', drifting([2, 1], { isInRecovery: true })],
];

const fires: readonly FindingCase[] = classes.map(([what, className, world]) => ({
  name: `fires when a compute ${what}`,
  steps: afterCalm(world),
  firing: [`compute ${mainCompute} [${className}]`],
}));

/** What a compute may look like while nothing is wrong. */
const well: readonly (readonly [what: string, world: World])[] = [
  ['is in sync', drifting([1, 2])],
  [
    'has another default stripe size, its tenant being unsharded',
    [...clusterWorld(), computeOn([3], { stripeSizeBlocks: 16 })],
  ],
  ['spells a host in capitals', drifting(['host=PageServer1 port=6400', 2])],
  [
    'writes its entries as URIs',
    drifting(['postgres://no_user@pageserver1:6400', 'postgresql://pageserver2:6400/']),
  ],
  ['has both shards on one pageserver, and says so twice', [...placed(tenantOn([1, 1])), computeOn([1, 1])]],
  [
    'differs in what its next start will bring',
    drifting([1, 2], {
      files: { hasStripeOrderHazard: false, isConnstringShadowed: true, pendingReload: [] },
    }),
  ],
  [
    'is right while another node of the cluster is Offline',
    [
      ...clusterWorld({
        placements: [tenantOn([1, 2])],
        nodeFacts: [node(1), node(2), node(3, { availability: 'Offline' })],
      }),
      computeOn([1, 2]),
    ],
  ],
];

const doesNot: readonly FindingCase[] = well.map(([what, world]) => ({
  name: `does not fire when a compute ${what}`,
  steps: [{ forMs: 4 * minute, world }],
  firing: [],
  unknown: [],
}));

const swapped = tenantOn([1, 2]);
const moved = placed(tenantOn([1, 3], { flags: { isReconciling: true } }), {
  replaced: {
    2: [[shardIdOf(sharded, 1, 2).text, 'AttachedStale', 4]],
    3: [[shardIdOf(sharded, 1, 2).text, 'AttachedMulti', 5]],
  },
});

/** Where the compute cannot be right, however long that lasts. */
const transitions: readonly (readonly [what: string, world: World])[] = [
  ['the tenant is being moved', [...moved, computeOn([1, 2])]],
  [
    'the hook has not taken the notification yet',
    [...placed(tenantOn([1, 3], { flags: { isPendingComputeNotification: true } })), computeOn([1, 2])],
  ],
  [
    'the tenant is being split',
    [...placed(tenantOn([1, 2], { flags: { isSplitting: true } })), computeOn([1], { tenantId: sharded })],
  ],
  [
    'shards of two counts are listed',
    [
      ...placed({
        ...swapped,
        shards: [...swapped.shards, ...tenantOn([1, 1, 2, 2], { tenantId: sharded }).shards],
      }),
      computeOn([1, 2]),
    ],
  ],
  ['a shard is attached nowhere', [...placed(tenantOn([1, undefined])), computeOn([1, 2])]],
  [
    'the policy attaches the tenant nowhere',
    [
      ...placed(
        tenantOn([undefined, undefined], {
          policy: { text: 'Secondary', secondariesWanted: 1, wantsAttached: false },
        }),
      ),
      computeOn([1, 2]),
    ],
  ],
  [
    'the controller does not list the tenant, which is detached',
    [...placed(tenantOn([3])), computeOn([1, 2])],
  ],
  [
    'the pageserver is not yet where the controller means it, and nothing is marked',
    [
      ...placed(tenantOn([1, 3]), {
        replaced: { 2: [[shardIdOf(sharded, 1, 2).text, 'AttachedSingle', 1]], 3: [] },
      }),
      computeOn([1, 2]),
    ],
  ],
];

const waits: readonly FindingCase[] = transitions.map(([what, world]) => ({
  name: `waits while ${what}`,
  steps: afterCalm(world, 10 * minute),
  firing: [],
  unknown: [`compute ${mainCompute}`],
}));

/** What is missing when nothing can be said. */
const unreadable: readonly (readonly [what: string, world: World])[] = [
  [
    'the compute cannot be read',
    [...clusterWorld(), failure('compute_settings', mainCompute, 'timeout'), computeOn([3], {}, 'other')],
  ],
  [
    'the compute hides behind a pooler',
    [...clusterWorld(), reading('compute_settings', mainCompute, { live: undefined })],
  ],
  [
    'the pageserver of one of its shards cannot be read',
    [...clusterWorld({ without: ['pageserver_locations pageserver2:9898'] }), computeOn([2, 1])],
  ],
  [
    'a slot on a pageserver is in progress',
    [
      ...placed(tenantOn([1, 2]), { replaced: { 2: [[shardIdOf(sharded, 1, 2).text, 'InProgress']] } }),
      computeOn([2, 1]),
    ],
  ],
  [
    'the controller has no leader',
    [...clusterWorld({ without: ['controller_health controller:1234'] }), health(false), computeOn([2, 1])],
  ],
  [
    'two controllers say that they lead',
    [...clusterWorld(), health(true, 'controller2:1234'), computeOn([2, 1])],
  ],
  [
    'placement was put together from the pageservers',
    [
      ...clusterWorld({ without: ['tenants controller:1234'] }),
      tenants([tenantOn([1, 2])], 'locations'),
      computeOn([2, 1]),
    ],
  ],
  ['the compute says no tenant', drifting([2, 1], { tenantId: undefined })],
  [
    'the stripe size of the tenant is not known',
    [...placed(tenantOn([1, 2], { stripeSizeBlocks: undefined })), computeOn([1, 2])],
  ],
];

const unknown: readonly FindingCase[] = unreadable.map(([what, world]) => ({
  name: `says nothing when ${what}`,
  steps: [{ forMs: 10 * minute, world }],
  firing: [],
  unknown: [`compute ${mainCompute}`],
}));

const restarted = (agoMs: number) =>
  drifting([2, 1], { postmasterStartedAtMs: caseStartMs + minute - agoMs });
const nodeBack = (availability: string) =>
  clusterWorld({ nodeFacts: [node(1), node(2, { availability }), node(3)] });

const windows: readonly FindingCase[] = [
  {
    name: 'does not fire after less than a minute',
    steps: afterCalm(wrongOrder, minute),
    firing: [],
    unknown: [],
  },
  {
    name: 'fires at a minute',
    steps: afterCalm(wrongOrder, minute + 15_000),
    firing: [`compute ${mainCompute} [WRONG_ORDER]`],
  },
  {
    name: 'does not fire for what was seen in one look',
    steps: [...afterCalm(wrongOrder, 15_000), { forMs: 2 * minute, world: calm.world }],
    firing: [],
  },
  {
    name: 'does not fire when the hook is one look late after a move',
    steps: [
      calm,
      { forMs: 15_000, world: [...moved, computeOn([1, 2])] },
      { forMs: 15_000, world: [...placed(tenantOn([1, 3])), computeOn([1, 2])] },
      { forMs: 3 * minute, world: [...placed(tenantOn([1, 3])), computeOn([1, 3])] },
    ],
    firing: [],
    unknown: [],
  },
  {
    name: 'waits two minutes after a compute has started with its old file',
    steps: afterCalm(restarted(0), 2 * minute),
    firing: [],
    unknown: [`compute ${mainCompute}`],
  },
  {
    name: 'fires then, for a compute that started with its old file is drifted',
    steps: afterCalm(restarted(0), 4 * minute),
    firing: [`compute ${mainCompute} [WRONG_ORDER]`],
  },
  {
    name: 'waits two minutes after a pageserver has come back',
    steps: [
      { forMs: minute, world: [...nodeBack('WarmingUp'), computeOn([1, 2])] },
      { forMs: 105_000, world: [...nodeBack('Active'), computeOn([2, 1])] },
    ],
    firing: [],
    unknown: [`compute ${mainCompute}`],
  },
  {
    name: 'waits two minutes after the controller has come back',
    steps: [
      {
        forMs: minute,
        world: [
          ...clusterWorld({ without: ['controller_health controller:1234'] }),
          health(false),
          computeOn([1, 2]),
        ],
      },
      { forMs: 105_000, world: wrongOrder },
    ],
    firing: [],
    unknown: [`compute ${mainCompute}`],
  },
  {
    name: 'waits as long as the configuration says',
    steps: afterCalm(restarted(0), 2 * minute),
    thresholds: { drift: { settle: '15s' } },
    firing: [`compute ${mainCompute} [WRONG_ORDER]`],
  },
  {
    name: 'goes on firing while the controller cannot be read',
    steps: [
      ...afterCalm(wrongOrder),
      {
        forMs: 10 * minute,
        world: [...controllerAway, ...heldAsMeant([tenantOn([1, 2])], [1, 2, 3]), computeOn([2, 1])],
      },
    ],
    firing: [`compute ${mainCompute} [WRONG_ORDER]`],
    unknown: ['*'],
  },
  {
    name: 'goes on firing while its tenant moves',
    steps: [...afterCalm(wrongOrder), { forMs: 5 * minute, world: [...moved, computeOn([2, 1])] }],
    firing: [`compute ${mainCompute} [WRONG_ORDER]`],
    unknown: [`compute ${mainCompute}`],
  },
  {
    name: 'resolves when the compute has been right for a minute',
    steps: [...afterCalm(wrongOrder), { forMs: 3 * minute, world: calm.world }],
    firing: [],
    unknown: [],
  },
];

const aliases = { 'pageserver1:6400': '10.0.0.1:6400', '10.0.0.2:6400': 'pageserver2:6400' };
const byNumber = drifting(['host=10.0.0.1 port=6400', 'host=10.0.0.2 port=6400']);

const addresses: readonly FindingCase[] = [
  {
    name: 'does not fire for addresses that are mapped, in either direction',
    steps: [{ forMs: 3 * minute, world: byNumber }],
    thresholds: { drift: { aliases } },
    firing: [],
    unknown: [],
  },
  {
    name: 'sees a wrong order behind aliases',
    steps: [{ forMs: 3 * minute, world: drifting(['host=10.0.0.2 port=6400', 'host=10.0.0.1 port=6400']) }],
    thresholds: { drift: { aliases } },
    firing: [`compute ${mainCompute} [WRONG_ORDER]`],
  },
  {
    name: 'fires for addresses of no pageserver: they are to be mapped',
    steps: [{ forMs: 3 * minute, world: byNumber }],
    firing: [`compute ${mainCompute} [WRONG_NODE]`],
  },
  {
    name: 'fires for another port of the right host',
    steps: [{ forMs: 3 * minute, world: drifting(['host=pageserver1 port=6401', 2]) }],
    firing: [`compute ${mainCompute} [WRONG_NODE]`],
  },
];

const several: readonly FindingCase[] = [
  {
    name: 'fires also where the one controller is reached at two addresses',
    steps: [
      {
        forMs: 3 * minute,
        world: [...drifting([2, 1]), metrics(), health(true, 'balancer:1234'), metrics({}, 'balancer:1234')],
      },
    ],
    firing: [`compute ${mainCompute} [WRONG_ORDER]`],
  },
  {
    name: 'tells the computes of one tenant apart',
    steps: [
      {
        forMs: 3 * minute,
        world: [
          ...clusterWorld(),
          computeOn([1, 2], {}, 'primary'),
          computeOn([2, 1], { isInRecovery: true, computeMode: 'replica' }, 'replica'),
        ],
      },
    ],
    firing: ['compute replica [WRONG_ORDER]'],
    unknown: [],
  },
  {
    name: 'judges one compute while another cannot be read',
    steps: [
      {
        forMs: 3 * minute,
        world: [...clusterWorld(), failure('compute_settings', 'asleep', 'refused'), computeOn([2, 1])],
      },
    ],
    firing: [`compute ${mainCompute} [WRONG_ORDER]`],
    unknown: ['compute asleep'],
  },
];

export const cases: FindingCases = {
  detector: connstringDrift,
  cases: [...fires, ...doesNot, ...waits, ...unknown, ...windows, ...addresses, ...several],
};
