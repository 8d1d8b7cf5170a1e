import { oddStripeSize } from '../../../src/alerts/detectors/lints/odd-stripe-size.ts';
import { compute, settings, tenant } from '../compute-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { striped, tenantIds, tenantList } from '../lint-world.ts';
import { failure } from '../world.ts';

const forMs = 60_000;
const one = (blocks: number, shards = 2) => [tenantList([striped(tenant, blocks, shards)])];

export const cases: FindingCases = {
  detector: oddStripeSize,
  cases: [
    { name: 'does not fire for the default', steps: [{ forMs, world: one(2048) }], firing: [], unknown: [] },
    { name: 'does not fire for another power of two', steps: [{ forMs, world: one(32_768) }], firing: [] },
    {
      name: 'fires for the slip of the runbook',
      steps: [{ forMs, world: one(65_558) }],
      firing: [`tenant ${tenant}`],
    },
    {
      name: 'fires for a slip in the other direction',
      steps: [{ forMs, world: one(65_534) }],
      firing: [`tenant ${tenant}`],
    },
    {
      name: 'does not fire for a size that is meant to be odd',
      steps: [{ forMs, world: one(24_576) }],
      firing: [],
    },
    {
      name: 'does not fire where one shard makes it meaningless',
      steps: [{ forMs, world: one(65_558, 1) }],
      firing: [],
    },
    {
      name: 'names the tenant once when its compute carries the same',
      steps: [{ forMs, world: [...one(65_558), settings({ stripeSizeBlocks: 65_558 })] }],
      firing: [`tenant ${tenant}`],
    },
    {
      name: 'fires for a compute that alone has the slip',
      steps: [{ forMs, world: [...one(65_536), settings({ stripeSizeBlocks: 65_558 })] }],
      firing: ['compute main'],
    },
    {
      name: 'counts in one what is more than may be named',
      thresholds: { lints: { tenantsNamed: 2 } },
      steps: [{ forMs, world: [tenantList(tenantIds(5).map((id) => striped(id, 65_558, 2)))] }],
      firing: ['cluster', ...tenantIds(2).map((id) => `tenant ${id}`)],
    },
    {
      name: 'resolves when the tenant is gone',
      steps: [
        { forMs, world: one(65_558) },
        { forMs: 180_000, world: [tenantList([])] },
      ],
      firing: [],
    },
    {
      name: 'says unknown of a compute that cannot be read',
      steps: [{ forMs, world: [...one(2048), failure('compute_settings', compute, 'refused')] }],
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'says unknown without the list of tenants',
      steps: [{ forMs, world: [failure('tenants', controller, 'denied')] }],
      firing: [],
      unknown: ['*'],
    },
  ],
};
