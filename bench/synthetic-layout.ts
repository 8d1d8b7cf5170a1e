/** Which shard is where in a made-up cluster: the same for whoever serves it and for whoever puts it together at once. */
export interface Layout {
  readonly tenants: number;
  /** 1 makes unsharded tenants, whose shard id is the tenant's. */
  readonly shardsPerTenant: number;
  readonly pageservers: number;
}

const zones = 3;

export function tenantIdAt(index: number): string {
  return index.toString(16).padStart(32, '0');
}

export function shardIdAt({ shardsPerTenant }: Layout, index: number, shard: number): string {
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  const tenantId = tenantIdAt(index);
  return shardsPerTenant === 1 ? tenantId : `${tenantId}-${hex(shard)}${hex(shardsPerTenant)}`;
}

/** Node ids begin at 1. */
export function attachedTo({ pageservers }: Layout, index: number, shard: number): number {
  return 1 + ((index + shard) % pageservers);
}

export function secondaryOn({ pageservers }: Layout, index: number, shard: number): number {
  return 1 + ((index + shard + 1) % pageservers);
}

export function zoneOf(nodeId: number): string {
  return `az-${nodeId % zones}`;
}
