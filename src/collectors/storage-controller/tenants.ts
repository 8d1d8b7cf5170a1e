import { SourceError } from '../../errors.ts';
import type { PlacementSource, TenantPlacement } from '../../neon/placement.ts';
import type { CollectContext, Collector, Skipped } from '../collector.ts';
import { countSetAside, type SetAsideCount } from '../set-aside.ts';
import { tenantFamilies } from './tenant-families.ts';
import { describeTenants, listTenants, placementFromLocations, tenantIdsOf } from './tenant-list.ts';
import type { TenantsReading } from './tenant-reading.ts';
import { addTenant, emptyTotals } from './tenant-totals.ts';

type Context = CollectContext<TenantsReading>;
type Fill = (setAside: SetAsideCount, visit: (tenant: TenantPlacement) => void) => Promise<void>;

async function reading(source: PlacementSource, fill: Fill): Promise<TenantsReading> {
  const setAside = countSetAside();
  const tenants: TenantPlacement[] = [];
  const totals = emptyTotals();
  await fill(setAside, (tenant) => {
    tenants.push(tenant);
    addTenant(totals, tenant);
  });
  return { source, tenants, totals, setAside: setAside.total() };
}

/** The answer, or undefined when the token's scope does not allow it: the only failure that another way can mend. */
async function unlessDenied(attempt: Promise<TenantsReading>): Promise<TenantsReading | undefined> {
  try {
    return await attempt;
  } catch (thrown) {
    if (thrown instanceof SourceError && thrown.reason === 'denied') return undefined;
    throw thrown;
  }
}

function fromList({ http, inputs, signal }: Context): Promise<TenantsReading> {
  return reading('list', (setAside, visit) =>
    listTenants(http, inputs.settings.pageSize, setAside, signal, visit),
  );
}

/** No read-only scope may list tenants, so without `admin` placement is put together from what the pageservers hold. */
async function fromLocations({ inputs, signal }: Context): Promise<TenantsReading | Skipped> {
  const nodes = inputs.locations();
  // At a start the first pageserver to answer is not the cluster; one that is down is not waited for.
  if (nodes.length === 0 || !inputs.areLocationsTried()) return { skipped: 'waiting_for_locations' };
  const described = await unlessDenied(
    reading('describe', (setAside, visit) =>
      describeTenants(inputs.describe, tenantIdsOf(nodes), setAside, signal, visit),
    ),
  );
  if (described !== undefined) return described;
  return reading('locations', async (_, visit) => {
    for (const tenant of placementFromLocations(nodes)) visit(tenant);
  });
}

/** Where every shard is meant to be. The reading says in `source` where it was learned. */
export const tenants = {
  name: 'tenants',
  summary: 'Placement, state and policy of every tenant shard, as the storage controller intends it.',
  kind: 'storage_controller',
  families: tenantFamilies,
  async collect(context) {
    const { placement } = context.inputs.settings;
    if (placement === 'locations') return fromLocations(context);
    if (placement === 'list') return fromList(context);
    return (await unlessDenied(fromList(context))) ?? fromLocations(context);
  },
} as const satisfies Collector<TenantsReading>;
