import { attachedZero } from '../../../src/alerts/detectors/lints/attached-zero.ts';
import { tenant } from '../compute-world.ts';
import { controller, node, nodes } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { placed, tenantIds, tenantList } from '../lint-world.ts';
import { failure } from '../world.ts';

const forMs = 60_000;
const attached = (secondaries: number) => ({
  text: `Attached(${secondaries})`,
  secondariesWanted: secondaries,
  wantsAttached: true,
});
const secondaryOnly = { text: 'Secondary', secondariesWanted: 0, wantsAttached: false };

export const cases: FindingCases = {
  detector: attachedZero,
  cases: [
    {
      name: 'does not fire for Attached(1)',
      steps: [{ forMs, world: [tenantList([placed(tenant, attached(1))])] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires for Attached(0)',
      steps: [{ forMs, world: [tenantList([placed(tenant, attached(0))])] }],
      firing: [`tenant ${tenant}`],
    },
    {
      name: 'does not fire for a tenant that is not to be attached',
      steps: [{ forMs, world: [tenantList([placed(tenant, secondaryOnly)])] }],
      firing: [],
    },
    {
      name: 'does not fire in a cluster of one pageserver, which has no place for a secondary',
      steps: [{ forMs, world: [tenantList([placed(tenant, attached(0))]), nodes([node(1)])] }],
      firing: [],
    },
    {
      name: 'fires where there is another pageserver',
      steps: [{ forMs, world: [tenantList([placed(tenant, attached(0))]), nodes([node(1), node(2)])] }],
      firing: [`tenant ${tenant}`],
    },
    {
      name: 'counts in one what is more than may be named',
      thresholds: { lints: { tenantsNamed: 1 } },
      steps: [{ forMs, world: [tenantList(tenantIds(4).map((id) => placed(id, attached(0))))] }],
      firing: ['cluster', ...tenantIds(1).map((id) => `tenant ${id}`)],
    },
    {
      name: 'resolves when the policy was changed',
      steps: [
        { forMs, world: [tenantList([placed(tenant, attached(0))])] },
        { forMs: 180_000, world: [tenantList([placed(tenant, attached(1))])] },
      ],
      firing: [],
    },
    {
      name: 'says unknown when only pageservers were asked',
      steps: [{ forMs, world: [tenantList([placed(tenant, undefined)], 'locations')] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'says unknown without the list of tenants',
      steps: [{ forMs, world: [failure('tenants', controller, 'denied')] }],
      firing: [],
      unknown: ['*'],
    },
  ],
};
