import type { ShardPlacement, TenantPlacement } from '../../neon/placement.ts';

/** States of a shard that are counted; one shard can be in several. */
export const shardStates = [
  'reconciling',
  'pending_compute_notification',
  'splitting',
  'importing',
  'unscheduled',
  'with_last_error',
] as const;
export type ShardState = (typeof shardStates)[number];

/** `ShardSchedulingPolicy` of the controller. */
const shardSchedulingPolicies = ['Active', 'Essential', 'Pause', 'Stop'] as const;

/** Sums over all tenants, kept while the pages come in so that nothing has to walk a million shards again. */
export interface TenantTotals {
  readonly tenantsByPolicy: Map<string, number>;
  readonly shardsByState: Map<ShardState, number>;
  readonly shardsBySchedulingPolicy: Map<string, number>;
  shardedTenants: number;
  shards: number;
  secondariesWanted: number;
  secondariesPresent: number;
  shardsMissingSecondaries: number;
  shardsWithoutPreferredAz: number;
}

export function emptyTotals(): TenantTotals {
  return {
    tenantsByPolicy: new Map(),
    shardsByState: new Map(shardStates.map((state) => [state, 0])),
    shardsBySchedulingPolicy: new Map(shardSchedulingPolicies.map((policy) => [policy, 0])),
    shardedTenants: 0,
    shards: 0,
    secondariesWanted: 0,
    secondariesPresent: 0,
    shardsMissingSecondaries: 0,
    shardsWithoutPreferredAz: 0,
  };
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Adds one tenant to the sums. Without a policy or flags, what depends on them is left as it is. */
export function addTenant(totals: TenantTotals, tenant: TenantPlacement): void {
  const wanted = tenant.policy?.secondariesWanted ?? 0;
  if (tenant.policy !== undefined) increment(totals.tenantsByPolicy, tenant.policy.text);
  if (tenant.shards.length > 1) totals.shardedTenants += 1;
  for (const shard of tenant.shards) {
    totals.shards += 1;
    totals.secondariesWanted += wanted;
    totals.secondariesPresent += shard.nodeSecondary.length;
    if (shard.nodeSecondary.length < wanted) totals.shardsMissingSecondaries += 1;
    addStates(totals, shard, tenant.policy?.wantsAttached ?? false);
  }
}

function addStates(totals: TenantTotals, shard: ShardPlacement, wantsAttached: boolean): void {
  const { flags } = shard;
  if (flags === undefined) return;
  const states: Readonly<Record<ShardState, boolean>> = {
    reconciling: flags.isReconciling,
    pending_compute_notification: flags.isPendingComputeNotification,
    splitting: flags.isSplitting,
    importing: flags.isImporting,
    unscheduled: wantsAttached && shard.nodeAttached === undefined,
    with_last_error: flags.hasLastError,
  };
  for (const state of shardStates) if (states[state]) increment(totals.shardsByState, state);
  increment(totals.shardsBySchedulingPolicy, flags.schedulingPolicy);
  if (flags.preferredAz === undefined) totals.shardsWithoutPreferredAz += 1;
}
