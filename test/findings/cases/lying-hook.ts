import { lyingHook } from '../../../src/alerts/detectors/drift/lying-hook.ts';
import {
  clusterWorld,
  computeOn,
  type Live,
  mainCompute,
  placed,
  sharded,
  tenantOn,
} from '../drift-world.ts';
import type { CaseStep, FindingCase, FindingCases } from '../finding-case.ts';
import { caseStartMs, failure, type World } from '../world.ts';

const minute = 60_000;

const before = tenantOn([1, 2]);
const after = tenantOn([3, 2]);
const moving = tenantOn([3, 2], { flags: { isReconciling: true } });

function at(
  tenant: typeof before,
  entries: readonly (number | string)[],
  changed: Partial<Live> = {},
): World {
  return [...placed(tenant), computeOn(entries, { tenantId: sharded, ...changed })];
}

/** Two minutes in order, a short move, and then this. */
function afterMove(then: World, forMs = 5 * minute): CaseStep[] {
  return [
    { forMs: 2 * minute, world: at(before, [1, 2]) },
    { forMs: 15_000, world: at(moving, [1, 2]) },
    { forMs, world: then },
  ];
}

const movedAtMs = caseStartMs + 2 * minute;
const reloaded = { confLoadedAtMs: movedAtMs + 15_000 };

const lies: readonly FindingCase[] = [
  {
    name: 'fires when a hook said yes and did nothing',
    steps: afterMove(at(after, [1, 2])),
    firing: ['compute_hook compute_hook [NOT_APPLIED]'],
  },
  {
    name: 'fires when it set what the tenant had never had',
    steps: afterMove(at(after, [1, 1], reloaded)),
    firing: ['compute_hook compute_hook [NOT_APPLIED]'],
  },
  {
    name: 'fires when it turned the order round',
    steps: afterMove(at(after, [2, 3], reloaded)),
    firing: ['compute_hook compute_hook [ORDER_LOST]'],
  },
  {
    name: 'fires when it made one entry of two shards on one pageserver',
    steps: [
      { forMs: 2 * minute, world: at(before, [1, 2]) },
      { forMs: 5 * minute, world: at(tenantOn([2, 2]), [2], reloaded) },
    ],
    firing: ['compute_hook compute_hook [ORDER_LOST]'],
  },
  {
    name: 'does not take a string that stayed as it was for that of another tenant',
    steps: [
      { forMs: 2 * minute, world: at(before, [1, 2]) },
      {
        forMs: 5 * minute,
        world: [
          ...clusterWorld({ placements: [after, tenantOn([1, 2], { tenantId: '4'.repeat(32) })] }),
          computeOn([1, 2], reloaded),
        ],
      },
    ],
    firing: ['compute_hook compute_hook [NOT_APPLIED]'],
  },
  {
    name: 'calls it a lost order when the entry that is left happens to be the string of another tenant there',
    steps: [tenantOn([1, 2]), tenantOn([2, 2])].map((tenant, step) => ({
      forMs: (2 + 3 * step) * minute,
      world: [
        ...clusterWorld({ placements: [tenant, tenantOn([2], { tenantId: '4'.repeat(32) })] }),
        step === 0 ? computeOn([1, 2]) : computeOn([2], { tenantId: sharded, ...reloaded }),
      ],
    })),
    firing: ['compute_hook compute_hook [ORDER_LOST]'],
  },
  {
    name: 'fires when it gave a compute that was right the string of another tenant',
    steps: [
      {
        forMs: 2 * minute,
        world: [...clusterWorld({ placements: [before, tenantOn([3])] }), computeOn([1, 2])],
      },
      {
        forMs: 5 * minute,
        world: [
          ...clusterWorld({ placements: [before, tenantOn([3])] }),
          computeOn([3], { tenantId: sharded, ...reloaded }),
        ],
      },
    ],
    firing: ['compute_hook compute_hook [OTHER_TENANT]'],
  },
];

const innocent: readonly FindingCase[] = [
  {
    name: 'does not fire when the compute follows the move',
    steps: afterMove(at(after, [3, 2], reloaded)),
    firing: [],
    unknown: [],
  },
  {
    name: 'does not fire when the compute follows a minute late',
    steps: [
      ...afterMove(at(after, [1, 2]), minute),
      { forMs: 5 * minute, world: at(after, [3, 2], reloaded) },
    ],
    firing: [],
    unknown: [],
  },
  {
    name: 'does not fire when nothing has moved: somebody set the compute by hand',
    steps: [
      { forMs: 2 * minute, world: at(before, [1, 2]) },
      { forMs: 5 * minute, world: at(before, [2, 1], reloaded) },
    ],
    firing: [],
    unknown: [],
  },
  {
    name: 'does not fire when the compute had followed and was set by hand afterwards',
    steps: [
      ...afterMove(at(after, [3, 2], reloaded), minute),
      { forMs: 5 * minute, world: at(after, [2, 3], { confLoadedAtMs: caseStartMs + 4 * minute }) },
    ],
    firing: [],
    unknown: [],
  },
  {
    name: 'does not fire when the compute has started since, with its old file',
    steps: afterMove(at(after, [1, 2], { postmasterStartedAtMs: movedAtMs })),
    firing: [],
    unknown: [],
  },
  {
    name: 'does not fire while the hook is still asked',
    steps: afterMove(
      at(tenantOn([3, 2], { flags: { isPendingComputeNotification: true } }), [1, 2]),
      10 * minute,
    ),
    firing: [],
  },
  {
    name: 'does not fire for a compute that was wrong from the first look',
    steps: [{ forMs: 10 * minute, world: at(before, [2, 1]) }],
    firing: [],
    unknown: [],
  },
];

const overTime: readonly FindingCase[] = [
  {
    name: 'does not fire before two minutes',
    steps: afterMove(at(after, [1, 2]), 2 * minute),
    firing: [],
  },
  {
    name: 'fires a look after the move was seen and two minutes',
    steps: afterMove(at(after, [1, 2]), 2 * minute + 30_000),
    firing: ['compute_hook compute_hook [NOT_APPLIED]'],
  },
  {
    name: 'goes on firing while the compute cannot be read',
    steps: [
      ...afterMove(at(after, [1, 2])),
      {
        forMs: 10 * minute,
        world: [
          ...placed(after),
          failure('compute_settings', mainCompute, 'timeout'),
          computeOn([3], {}, 'other'),
        ],
      },
    ],
    firing: ['compute_hook compute_hook [NOT_APPLIED]'],
    unknown: ['compute_hook compute_hook'],
  },
  {
    name: 'resolves when the compute has been set right',
    steps: [...afterMove(at(after, [1, 2])), { forMs: 5 * minute, world: at(after, [3, 2], reloaded) }],
    firing: [],
    unknown: [],
  },
];

export const cases: FindingCases = { detector: lyingHook, cases: [...lies, ...innocent, ...overTime] };
