import { z } from 'zod';
import { family } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';
import { readNodeId } from './node-id.ts';

/** `GET /v1/utilization` (scope `pageserverapi`): what the controller's heartbeat reads, too. Only the fields we use. */
const Utilization = z.object({
  disk_usage_bytes: z.int().nonnegative(),
  free_space_bytes: z.int().nonnegative(),
  disk_wanted_bytes: z.int().nonnegative(),
  disk_usable_pct: z.int().nonnegative(),
  shard_count: z.int().nonnegative(),
  max_shard_count: z.int().nonnegative(),
  utilization_score: z.int().nonnegative().nullish(),
});

/** A `utilization_score` of one million is a full pageserver. */
const fullScore = 1_000_000;

export interface UtilizationReading extends ReadingBase {
  readonly nodeId: number;
  readonly diskUsageBytes: number;
  readonly diskFreeBytes: number;
  /** Bytes the pageserver would hold if nothing were evicted. */
  readonly diskWantedBytes: number;
  /** Part of the disk that it may use before it evicts, 0 to 1. */
  readonly diskUsableRatio: number;
  readonly shardCount: number;
  readonly maxShardCount: number;
  /** 1 is full; can be more. Undefined: the pageserver did not say. */
  readonly utilizationRatio: number | undefined;
}

/** A value of the reading as one sample per node; none when the pageserver did not give it. */
function perNode(pick: (reading: UtilizationReading) => number | undefined) {
  return ({ reading }: TargetReading<UtilizationReading>) => {
    const value = pick(reading);
    return value === undefined ? [] : [sample({ node_id: String(reading.nodeId) }, value)];
  };
}

const shape = { labels: ['node_id'], cardinality: 'node' } as const;

const diskUsage = family({
  ...shape,
  name: 'neon_pageserver_disk_usage_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Bytes in use on the file system of a pageserver.',
  samples: perNode((reading) => reading.diskUsageBytes),
});

const diskFree = family({
  ...shape,
  name: 'neon_pageserver_disk_free_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Bytes free on the file system of a pageserver.',
  samples: perNode((reading) => reading.diskFreeBytes),
});

const diskWanted = family({
  ...shape,
  name: 'neon_pageserver_disk_wanted_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Bytes a pageserver would hold for its shards if it never evicted a layer.',
  samples: perNode((reading) => reading.diskWantedBytes),
});

const diskUsable = family({
  ...shape,
  name: 'neon_pageserver_disk_usable_ratio',
  type: 'gauge',
  unit: 'ratio',
  help: 'Part of its disk that a pageserver may fill before it evicts layers.',
  samples: perNode((reading) => reading.diskUsableRatio),
});

const slotsUsed = family({
  ...shape,
  name: 'neon_pageserver_shard_slots_used',
  type: 'gauge',
  help: 'Tenant shards on a pageserver, attached and secondary, by its own count.',
  samples: perNode((reading) => reading.shardCount),
});

const slotsMax = family({
  ...shape,
  name: 'neon_pageserver_shard_slots_max',
  type: 'gauge',
  help: 'Tenant shards at which a pageserver counts as full.',
  samples: perNode((reading) => reading.maxShardCount),
});

const utilization = family({
  ...shape,
  name: 'neon_pageserver_utilization_ratio',
  type: 'gauge',
  unit: 'ratio',
  help: 'Utilization by which the storage controller chooses among pageservers; 1 is full, and it can be more.',
  samples: perNode((reading) => reading.utilizationRatio),
});

/** Disk and shard slots of a pageserver; the controller's node list does not have them. */
export const pageserverUtilization = {
  name: 'pageserver_utilization',
  summary: 'Disk and shard slots of each pageserver, and the score by which the controller schedules.',
  kind: 'pageserver',
  families: [diskUsage, diskFree, diskWanted, diskUsable, slotsUsed, slotsMax, utilization],
  async collect({ http, target, signal }) {
    const nodeId = await readNodeId(http, target, signal);
    const row = await http.getJson('/v1/utilization', Utilization, signal);
    return {
      nodeId,
      diskUsageBytes: row.disk_usage_bytes,
      diskFreeBytes: row.free_space_bytes,
      diskWantedBytes: row.disk_wanted_bytes,
      diskUsableRatio: row.disk_usable_pct / 100,
      shardCount: row.shard_count,
      maxShardCount: row.max_shard_count,
      utilizationRatio: row.utilization_score == null ? undefined : row.utilization_score / fullScore,
    };
  },
} as const satisfies Collector<UtilizationReading>;
