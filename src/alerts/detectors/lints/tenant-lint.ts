import { type Breathe, eachBreathing } from '../../../breathe.ts';
import type { TenantPlacement } from '../../../neon/placement.ts';
import { cluster, type Finding } from '../../finding.ts';
import { firstFew, keepFirst } from '../../placement/first-few.ts';

export interface TenantLint {
  readonly tenants: readonly TenantPlacement[];
  /** Tenants that get a finding of their own. */
  readonly named: number;
  readonly breathe: Breathe;
  readonly isWrong: (tenant: TenantPlacement) => boolean;
  /** The finding about a tenant that is. */
  readonly judge: (tenant: TenantPlacement) => Finding;
  /** Says in one finding about the cluster what is wrong with the tenants beyond the named ones. */
  readonly others: (count: number, first: TenantPlacement) => Omit<Finding, 'subject'>;
}

/**
 * Walks all tenants. The first ones by id get findings of their own; the rest share one, so that a habit of the whole
 * cluster is not a hundred thousand findings.
 */
export async function lintTenants({
  tenants,
  named,
  breathe,
  isWrong,
  judge,
  others,
}: TenantLint): Promise<Finding[]> {
  const wrong = firstFew<TenantPlacement>(named + 1);
  await eachBreathing(tenants, breathe, (tenant) => {
    if (isWrong(tenant)) keepFirst(wrong, tenant.tenantId, tenant);
  });
  const findings = wrong.first.slice(0, named).map(({ item }) => judge(item));
  const next = wrong.first[named];
  if (next === undefined) return findings;
  return [...findings, { subject: cluster, ...others(wrong.count - named, next.item) }];
}
