/** 32 lower-case hexadecimal digits, as Neon prints a tenant id. */
const tenantIdPattern = /^[0-9a-f]{32}$/;
const shardIdPattern = /^[0-9a-f]{32}(?:-([0-9a-f]{2})([0-9a-f]{2}))?$/;
const tenantIdLength = 32;

/**
 * A tenant shard id taken apart. Unsharded: number 0, count 0, as Neon has it (libs/utils/src/shard.rs).
 * A class because there are hundreds of thousands of them: its parts are cut out of the text when they are asked for.
 */
export class ShardId {
  /** As the controller spelled it: `8000…0008-0108`, or the bare tenant id when unsharded. */
  readonly text: string;
  /** Position of the shard, from 0. */
  readonly number: number;
  /** Shards of the tenant; 0 when unsharded. */
  readonly count: number;

  constructor(text: string, number: number, count: number) {
    this.text = text;
    this.number = number;
    this.count = count;
  }

  get tenantId(): string {
    return this.text.slice(0, tenantIdLength);
  }

  /** `0108`; `0000` when unsharded: the `shard_id` label of the pageserver's own metrics. */
  get slug(): string {
    return this.count === 0 ? '0000' : this.text.slice(tenantIdLength + 1);
  }
}

export function isTenantId(text: string): boolean {
  return tenantIdPattern.test(text);
}

/** Takes a tenant shard id apart, or returns undefined when it is none (`-0101` is: shard 1 of 1). */
export function parseShardId(text: string): ShardId | undefined {
  const match = shardIdPattern.exec(text);
  if (match === null) return undefined;
  const [, number, count] = match;
  if (number === undefined || count === undefined) return new ShardId(text, 0, 0);
  const position = Number.parseInt(number, 16);
  const shards = Number.parseInt(count, 16);
  return position < shards ? new ShardId(text, position, shards) : undefined;
}
