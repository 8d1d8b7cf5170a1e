import type { Family } from '../src/metrics/family.ts';

/** One made-up shard of a timeline. Tenant and timeline are 32 random hexadecimal digits each, as real ids are. */
export interface SyntheticShard {
  readonly tenantId: string;
  readonly timelineId: string;
  /** `0108`: shard 1 of 8. */
  readonly shardId: string;
  readonly nodeId: string;
}

export interface SyntheticReading {
  readonly shards: readonly SyntheticShard[];
  /** Added to every value, so that each round renders other numbers. */
  readonly round: number;
}

export const syntheticLabels = ['tenant_id', 'timeline_id', 'shard_id', 'node_id'] as const;
export const syntheticName = 'neon_synthetic_size_bytes';
/** What Neon splits a large tenant into by default; the shards of one tenant come one after the other. */
const shardsPerTenant = 8;
const nodes = 16;

/** The same shards for the same count; tenants in no particular order of their ids. */
export function syntheticShards(count: number): SyntheticShard[] {
  return Array.from({ length: count }, (_, index) => {
    const tenant = Math.floor(index / shardsPerTenant);
    return {
      tenantId: hexadecimal(tenant),
      timelineId: hexadecimal(tenant + 1_000_000_000),
      shardId: `0${index % shardsPerTenant}08`,
      nodeId: String(index % nodes),
    };
  });
}

export function syntheticValue(index: number, round: number): number {
  return index * 1.5 + round;
}

/** One series per shard. */
export const syntheticFamily: Family<SyntheticReading> = {
  name: syntheticName,
  type: 'gauge',
  unit: 'bytes',
  help: 'A made-up size per shard.',
  labels: syntheticLabels,
  cardinality: 'shard',
  stability: 'stable',
  *samples({ shards, round }) {
    for (const [index, shard] of shards.entries()) {
      yield { labels: syntheticLabelsOf(shard), value: syntheticValue(index, round) };
    }
  },
};

export function syntheticLabelsOf({
  tenantId,
  timelineId,
  shardId,
  nodeId,
}: SyntheticShard): Record<(typeof syntheticLabels)[number], string> {
  return { tenant_id: tenantId, timeline_id: timelineId, shard_id: shardId, node_id: nodeId };
}

/** 32 digits from a linear congruential generator. */
function hexadecimal(seed: number): string {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  let digits = '';
  while (digits.length < 32) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    digits += state.toString(16).padStart(8, '0');
  }
  return digits;
}
