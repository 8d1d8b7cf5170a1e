/** 32 lower-case hexadecimal digits, as Neon prints a tenant id. */
const tenantIdPattern = /^[0-9a-f]{32}$/;
const shardIdPattern = /^([0-9a-f]{32})(?:-([0-9a-f]{2})([0-9a-f]{2}))?$/;

/** A tenant shard id taken apart. Unsharded: number 0, count 0, as Neon has it (libs/utils/src/shard.rs). */
export interface ShardId {
  /** As the controller spelled it: `8000…0008-0108`, or the bare tenant id when unsharded. */
  readonly text: string;
  readonly tenantId: string;
  /** Position of the shard, from 0. */
  readonly number: number;
  /** Shards of the tenant; 0 when unsharded. */
  readonly count: number;
  /** `0108`; `0000` when unsharded: the `shard_id` label of the pageserver's own metrics. */
  readonly slug: string;
}

export function isTenantId(text: string): boolean {
  return tenantIdPattern.test(text);
}

/** Takes a tenant shard id apart, or returns undefined when it is none (`-0001` is: shard 0 of 1). */
export function parseShardId(text: string): ShardId | undefined {
  const match = shardIdPattern.exec(text);
  if (match?.[1] === undefined) return undefined;
  const number = Number.parseInt(match[2] ?? '00', 16);
  const count = Number.parseInt(match[3] ?? '00', 16);
  if (match[2] !== undefined && number >= count) return undefined;
  return { text, tenantId: match[1], number, count, slug: `${match[2] ?? '00'}${match[3] ?? '00'}` };
}
