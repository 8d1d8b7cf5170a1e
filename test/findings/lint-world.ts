import { addTenant, emptyTotals } from '../../src/collectors/storage-controller/tenant-totals.ts';
import type { PlacementPolicy, PlacementSource, TenantPlacement } from '../../src/neon/placement.ts';
import { ShardId } from '../../src/neon/shard-id.ts';
import { controller } from './controller-world.ts';
import { reading } from './world.ts';

/** `count` ids of tenants, rising. */
export function tenantIds(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `4${String(at).padStart(31, '0')}`);
}

const attachedOnce: PlacementPolicy = { text: 'Attached(1)', secondariesWanted: 1, wantsAttached: true };

function shardIdOf(tenantId: string, number: number, count: number): ShardId {
  if (count === 1) return new ShardId(tenantId, 0, 0);
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return new ShardId(`${tenantId}-${hex(number)}${hex(count)}`, number, count);
}

function shardsOf(tenantId: string, count: number): TenantPlacement['shards'] {
  return Array.from({ length: count }, (_, number) => ({
    id: shardIdOf(tenantId, number, count),
    nodeAttached: 1,
    nodeSecondary: [],
    flags: undefined,
  }));
}

export function striped(tenantId: string, stripeSizeBlocks: number, shards: number): TenantPlacement {
  return { tenantId, policy: attachedOnce, stripeSizeBlocks, shards: shardsOf(tenantId, shards) };
}

export function placed(tenantId: string, policy: PlacementPolicy | undefined): TenantPlacement {
  return { tenantId, policy, stripeSizeBlocks: 2048, shards: shardsOf(tenantId, 1) };
}

/** What the controller lists. */
export function tenantList(tenants: readonly TenantPlacement[], source: PlacementSource = 'list') {
  const totals = emptyTotals();
  for (const one of tenants) addTenant(totals, one);
  return reading('tenants', controller, { source, tenants, totals });
}
