import { type Breathe, eachBreathing } from '../breathe.ts';
import type { Readings } from '../collection/store.ts';
import type { TenantPlacement } from '../neon/placement.ts';

/** What the tenant list says of some tenants, by id; empty without one. */
export async function listedTenants(
  readings: Pick<Readings, 'one'>,
  tenantIds: ReadonlySet<string>,
  breathe: Breathe,
): Promise<ReadonlyMap<string, TenantPlacement>> {
  const found = new Map<string, TenantPlacement>();
  if (tenantIds.size === 0) return found;
  await eachBreathing(readings.one('tenants')?.reading.tenants ?? [], breathe, (tenant) => {
    if (tenantIds.has(tenant.tenantId)) found.set(tenant.tenantId, tenant);
  });
  return found;
}
