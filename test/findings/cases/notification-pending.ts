import { notificationPending } from '../../../src/alerts/detectors/controller/notification-pending.ts';
import { hook, looksOfEach } from '../control-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { alike, type Placed, sharded, shardText, tenants } from '../placement-world.ts';
import { failure } from '../world.ts';

const fiveMinutesMs = 315_000;
const flags = { isPendingComputeNotification: true };
const told: Placed = { tenant: '1', at: 1, with: [2] };
const well = [tenants([told])];
const pending = [tenants([{ ...told, flags }]), hook(true)];
const name = (tenant: string) => `tenant ${shardText(tenant)}`;
const many = alike(25, 1, { at: 1, with: [2], flags });

export const cases: FindingCases = {
  detector: notificationPending,
  cases: [
    {
      name: 'does not fire while all are told',
      steps: [{ forMs: 600_000, world: well }],
      firing: [],
      unknown: [],
    },
    { name: 'does not fire within five minutes', steps: [{ forMs: 300_000, world: pending }], firing: [] },
    {
      name: 'fires after five minutes',
      steps: [{ forMs: fiveMinutesMs, world: pending }],
      firing: [name('1')],
    },
    {
      name: 'fires once for a tenant of several shards',
      steps: [{ forMs: fiveMinutesMs, world: [tenants(sharded('8', 8, { at: 1, with: [2], flags }))] }],
      firing: [name('8')],
    },
    {
      name: 'does not fire while a fill tells one after the other',
      steps: looksOfEach(60, (at) => [
        tenants(many.map((one, place) => (place === at % many.length ? one : { ...one, flags: {} }))),
      ]),
      firing: [],
    },
    {
      name: 'names twenty tenants and counts the others in one finding',
      steps: [{ forMs: fiveMinutesMs, world: [tenants(many)] }],
      firing: ['cluster', ...many.slice(0, 20).map(({ tenant }) => name(tenant))],
    },
    {
      name: 'keeps the names when another one joins, so that nobody begins to wait anew',
      steps: [
        { forMs: 150_000, world: [tenants(many.slice(5))] },
        { forMs: 165_000, world: [tenants(many)] },
      ],
      firing: many.slice(5).map(({ tenant }) => name(tenant)),
    },
    {
      name: 'is unknown where placement came from the pageservers, which know nothing of it',
      steps: [{ forMs: 600_000, world: [tenants([told], 'locations')] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'is unknown while the tenant list cannot be read',
      steps: [
        { forMs: 285_000, world: pending },
        { forMs: 300_000, world: [failure('tenants', controller, 'refused')] },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when the hook has taken it',
      steps: [
        { forMs: fiveMinutesMs, world: pending },
        { forMs: 90_000, world: well },
      ],
      firing: [],
    },
  ],
};
