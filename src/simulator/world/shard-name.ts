const hexByte = (value: number) => value.toString(16).padStart(2, '0');

/** `2000…0002-0102` is shard 1 of 2; a tenant of no shards (count 0) has no suffix. */
export function shardName(tenantId: string, number: number, count: number): string {
  return count === 0 ? tenantId : `${tenantId}-${hexByte(number)}${hexByte(count)}`;
}

/** @returns undefined when the text is no shard's name. */
export function parseShardName(
  name: string,
): { readonly tenantId: string; readonly number: number; readonly count: number } | undefined {
  const match = /^([0-9a-f]{32})(?:-([0-9a-f]{2})([0-9a-f]{2}))?$/i.exec(name);
  if (match === null) return undefined;
  const [, tenantId = '', number = '0', count = '0'] = match;
  return { tenantId: tenantId.toLowerCase(), number: parseInt(number, 16), count: parseInt(count, 16) };
}

/** The numbers of the shards that shard `number` of `oldCount` becomes, as Neon splits: every oldCount-th. */
export function childNumbers(number: number, oldCount: number, newCount: number): number[] {
  const step = Math.max(1, oldCount);
  const children: number[] = [];
  for (let child = number; child < newCount; child += step) children.push(child);
  return children;
}
