import { z } from 'zod';
import type { PlacementPolicy, ShardFlags, ShardPlacement, TenantPlacement } from '../../neon/placement.ts';
import { isTenantId, parseShardId } from '../../neon/shard-id.ts';
import type { SetAsideCount } from '../set-aside.ts';

/** `TenantDescribeResponseShard`, only the fields we use. */
const Shard = z.object({
  tenant_shard_id: z.string(),
  node_attached: z.int().nonnegative().nullable(),
  node_secondary: z.array(z.int().nonnegative()),
  last_error: z.string(),
  is_reconciling: z.boolean(),
  is_pending_compute_notification: z.boolean(),
  is_splitting: z.boolean(),
  is_importing: z.boolean(),
  scheduling_policy: z.string(),
  preferred_az_id: z.string().nullish(),
});

/** `TenantDescribeResponse`: an element of the tenant list, and the answer to a describe. Only the fields we use. */
export const Tenant = z.object({
  tenant_id: z.string(),
  shards: z.array(Shard),
  stripe_size: z.int().nonnegative().nullish(),
  policy: z.union([z.object({ Attached: z.int().nonnegative() }), z.string()]),
});

type TenantRow = z.infer<typeof Tenant>;

/** `PlacementPolicy`: `{"Attached": n}`, `"Secondary"` (one secondary, nothing attached) or `"Detached"`. */
function placementPolicy(policy: TenantRow['policy']): PlacementPolicy {
  if (typeof policy === 'string') {
    return { text: policy, secondariesWanted: policy === 'Secondary' ? 1 : 0, wantsAttached: false };
  }
  return { text: `Attached(${policy.Attached})`, secondariesWanted: policy.Attached, wantsAttached: true };
}

function shardFlags(row: z.infer<typeof Shard>): ShardFlags {
  return {
    isReconciling: row.is_reconciling,
    isPendingComputeNotification: row.is_pending_compute_notification,
    isSplitting: row.is_splitting,
    isImporting: row.is_importing,
    hasLastError: row.last_error !== '',
    schedulingPolicy: row.scheduling_policy,
    preferredAz: row.preferred_az_id ?? undefined,
  };
}

function isSame(left: ShardFlags, right: ShardFlags): boolean {
  return (Object.keys(left) as (keyof ShardFlags)[]).every((key) => left[key] === right[key]);
}

/** Shards of a tenant are mostly alike: equal flags are one object, which is a third of what a shard takes. */
function shardPlacement(
  row: z.infer<typeof Shard>,
  previous: ShardFlags | undefined,
): ShardPlacement | undefined {
  const id = parseShardId(row.tenant_shard_id);
  if (id === undefined) return undefined;
  const flags = shardFlags(row);
  const shared = previous !== undefined && isSame(previous, flags) ? previous : flags;
  return {
    id,
    nodeAttached: row.node_attached ?? undefined,
    nodeSecondary: row.node_secondary,
    flags: shared,
  };
}

/**
 * A tenant as the controller describes it; shards with an id that is none, or that stand there twice, are set aside.
 * Undefined when the tenant id itself is none.
 */
export function tenantPlacement(row: TenantRow, setAside: SetAsideCount): TenantPlacement | undefined {
  if (!isTenantId(row.tenant_id)) {
    setAside.add('bad_id');
    return undefined;
  }
  const shards = new Map<string, ShardPlacement>();
  let flags: ShardFlags | undefined;
  for (const shardRow of row.shards) {
    const shard = shardPlacement(shardRow, flags);
    flags = shard?.flags;
    if (shard === undefined || shard.id.tenantId !== row.tenant_id) setAside.add('bad_id');
    else if (shards.has(shard.id.text)) setAside.add('duplicate');
    else shards.set(shard.id.text, shard);
  }
  return {
    tenantId: row.tenant_id,
    policy: placementPolicy(row.policy),
    stripeSizeBlocks: row.stripe_size ?? undefined,
    shards: [...shards.values()],
  };
}
