import { reconcileStuck } from '../../../src/alerts/detectors/controller/reconcile-stuck.ts';
import { hook, looksOfEach, metrics, peer } from '../control-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { alike, sharded, shardText, tenants } from '../placement-world.ts';
import { failure, type World } from '../world.ts';

const fiveMinutesMs = 315_000;
const placement = tenants(sharded('8', 8, { at: 1, with: [2] }));
const long = (names: readonly string[], shardNumber = 1): World => [
  metrics({
    longRunning: names.map((name) => ({ tenantId: shardText(name), shardNumber, sequence: '4' })),
  }),
  placement,
  hook(true),
];
const well = long([]);
const stuck = (stuckReconciles: number): World => [metrics({ stuckReconciles })];
const many = alike(25, 1, { at: 1, with: [2] }).map(({ tenant }) => tenant);
const name = (tenant: string) => `tenant ${shardText(tenant)} [long_running]`;

export const cases: FindingCases = {
  detector: reconcileStuck,
  cases: [
    {
      name: 'does not fire while reconciles end',
      steps: [{ forMs: 600_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire within five minutes, as a live migration may take',
      steps: [{ forMs: 300_000, world: long(['8']) }],
      firing: [],
    },
    {
      name: 'fires after five minutes',
      steps: [{ forMs: fiveMinutesMs, world: long(['8']) }],
      firing: [name('8')],
    },
    {
      name: 'does not fire while a drain has a long one at each look, each time of another tenant',
      steps: looksOfEach(60, (at) => long([many[at % many.length] ?? '1'])),
      firing: [],
    },
    {
      name: 'names twenty tenants and counts the others in one finding',
      steps: [{ forMs: fiveMinutesMs, world: long(many) }],
      firing: ['cluster [long_running]', ...many.slice(0, 20).map(name)],
    },
    {
      name: 'leaves out what is no tenant id, since ids end up in commands',
      steps: [
        {
          forMs: fiveMinutesMs,
          world: [metrics({ longRunning: [{ tenantId: '$(id)', shardNumber: 0, sequence: '1' }] })],
        },
      ],
      firing: [],
    },
    {
      name: 'fires for shards that fail again and again',
      steps: [{ forMs: fiveMinutesMs, world: stuck(3) }],
      firing: ['controller controller:1234 [failing]'],
    },
    {
      name: 'does not fire for none that fails',
      steps: [{ forMs: fiveMinutesMs, world: stuck(0) }],
      firing: [],
    },
    {
      name: 'listens only to the one that leads',
      steps: [
        {
          forMs: fiveMinutesMs,
          world: [metrics({ stuckReconciles: 9, leadership: 'stepped_down' }), metrics({}, peer)],
        },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'is unknown when none leads',
      steps: [
        {
          forMs: fiveMinutesMs,
          world: [
            metrics({ stuckReconciles: 9, leadership: 'stepped_down' }),
            metrics({ leadership: 'candidate' }, peer),
          ],
        },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'is unknown while the counters cannot be read',
      steps: [
        { forMs: 285_000, world: long(['8']) },
        { forMs: 300_000, world: [failure('controller_metrics', controller, 'timeout')] },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when it has ended',
      steps: [
        { forMs: fiveMinutesMs, world: long(['8']) },
        { forMs: 90_000, world: well },
      ],
      firing: [],
    },
  ],
};
