import type { PlacementSource, TenantPlacement } from '../../neon/placement.ts';
import type { ReadingBase } from '../collector.ts';
import type { TenantTotals } from './tenant-totals.ts';

export interface TenantsReading extends ReadingBase {
  readonly source: PlacementSource;
  /** Sharded tenants hold several shards. A tenant whose policy is Detached is not listed by the controller. */
  readonly tenants: readonly TenantPlacement[];
  readonly totals: TenantTotals;
}
