import { type Family, family, type Sample } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import type { TargetReading } from '../collector.ts';
import type { ComputeHealthReading } from './compute-health-reading.ts';
import type { NeonFacts } from './neon-facts.ts';
import { perfFamilies } from './neon-perf-families.ts';

type Input = TargetReading<ComputeHealthReading>;

function perNeon(pick: (neon: NeonFacts, blockBytes: bigint) => number | bigint | undefined) {
  return ({ target, reading }: Input) => {
    const value = reading.neon === undefined ? undefined : pick(reading.neon, BigInt(reading.blockBytes));
    return value === undefined ? [] : [sample({ compute: target.name }, value)];
  };
}

const shape = { labels: ['compute'], cardinality: 'node' } as const;

const extensionInfo = family({
  name: 'neon_compute_extension_info',
  type: 'info',
  help: 'Version of extension neon in a compute.',
  labels: ['compute', 'version'],
  cardinality: 'node',
  samples: ({ target, reading: { neon } }: Input) =>
    neon === undefined ? [] : [sample({ compute: target.name, version: neon.version }, 1)],
});

/** A key of `neon_lfc_stats` as it is. */
const lfc = (key: string) => perNeon((neon) => neon.lfc?.get(key));
/** A key that counts chunks, in bytes. */
const lfcChunks = (key: string) =>
  perNeon((neon, blockBytes) => {
    const chunks = neon.lfc?.get(key);
    const chunkPages = neon.lfc?.get('chunk_size_pages');
    return chunks === undefined || chunkPages === undefined ? undefined : chunks * chunkPages * blockBytes;
  });

const lfcFamilies: Family<Input, 'compute'>[] = [
  family({
    ...shape,
    name: 'neon_compute_lfc_hits_total',
    type: 'counter',
    help: 'Pages that a compute found in its local file cache.',
    samples: lfc('hits'),
  }),
  family({
    ...shape,
    name: 'neon_compute_lfc_misses_total',
    type: 'counter',
    help: 'Pages that a compute did not find in its local file cache and asked a pageserver for.',
    samples: lfc('misses'),
  }),
  family({
    ...shape,
    name: 'neon_compute_lfc_writes_total',
    type: 'counter',
    help: 'Pages that a compute wrote into its local file cache.',
    samples: lfc('writes'),
  }),
  family({
    ...shape,
    name: 'neon_compute_lfc_evicted_pages_total',
    type: 'counter',
    help: 'Pages that had to leave the local file cache of a compute.',
    samples: lfc('evicted_pages'),
  }),
  family({
    ...shape,
    name: 'neon_compute_lfc_used_pages',
    type: 'gauge',
    help: 'Pages in the local file cache of a compute.',
    samples: lfc('used_pages'),
  }),
  family({
    ...shape,
    name: 'neon_compute_lfc_pinned_chunks',
    type: 'gauge',
    help: 'Chunks of the local file cache that are in use at this moment and cannot be evicted.',
    samples: lfc('chunks_pinned'),
  }),
  family({
    ...shape,
    name: 'neon_compute_lfc_chunk_size_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Size of a chunk, the unit in which the local file cache takes and gives back space.',
    samples: perNeon((neon, blockBytes) => {
      const pages = neon.lfc?.get('chunk_size_pages');
      return pages === undefined ? undefined : pages * blockBytes;
    }),
  }),
  family({
    ...shape,
    name: 'neon_compute_lfc_used_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Space of the local file cache in chunks that hold at least one page.',
    samples: lfcChunks('used'),
  }),
  family({
    ...shape,
    name: 'neon_compute_lfc_size_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Size to which the file of the local file cache has grown.',
    samples: lfcChunks('size'),
  }),
  family({
    ...shape,
    name: 'neon_compute_lfc_limit_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Size that the local file cache may grow to (neon.file_cache_size_limit).',
    samples: lfcChunks('limit'),
  }),
];

const workingSet = family({
  name: 'neon_compute_working_set_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Estimate of the distinct pages that a compute touched within a window, in bytes: what its cache would have to hold.',
  labels: ['compute', 'window'],
  cardinality: 'node',
  samples: ({ target, reading }: Input) =>
    [...(reading.neon?.workingSet ?? [])].map(([window, pages]) =>
      sample({ compute: target.name, window }, pages * reading.blockBytes),
    ),
});

const throttled = family({
  ...shape,
  name: 'neon_compute_backpressure_throttled_seconds_total',
  type: 'counter',
  unit: 'seconds',
  help: 'Time for which backends of a compute were held up because its pageservers had fallen behind.',
  samples: perNeon(({ throttledMicroseconds: micros }) =>
    micros === undefined ? undefined : Number(micros) / 1e6,
  ),
});

const lag = family({
  name: 'neon_compute_backpressure_lag_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'WAL flushed by a compute that the slowest of its pageservers has not received, not written to disk, or not uploaded; absent until one has reported.',
  labels: ['compute', 'position'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    const known = reading.neon?.lag;
    const positions = [
      ['received', known?.received],
      ['disk_consistent', known?.diskConsistent],
      ['remote_consistent', known?.remoteConsistent],
    ] as const;
    for (const [position, bytes] of positions) {
      if (bytes !== undefined) yield sample({ compute: target.name, position }, bytes);
    }
  },
});

const prewarm = family({
  name: 'neon_compute_lfc_prewarm_pages',
  type: 'gauge',
  help: 'Pages of the newest prewarm of the local file cache: total to look at, fetched, and skipped; absent until one was started.',
  labels: ['compute', 'state'],
  cardinality: 'node',
  samples: ({ target, reading }: Input): Sample<'compute' | 'state'>[] => {
    const info = reading.neon?.prewarm;
    if (info === undefined) return [];
    const pages = { total: info.totalPages, prewarmed: info.prewarmedPages, skipped: info.skippedPages };
    return Object.entries(pages).map(([state, value]) => sample({ compute: target.name, state }, value));
  },
});

const clusterSize = family({
  ...shape,
  name: 'neon_compute_cluster_size_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Logical size of all databases of a compute as its pageserver reported it.',
  samples: perNeon(({ clusterBytes }) => clusterBytes),
});

/** Events that Neon registers (pgxn/neon/neon.c), so that a change is seen as 1 to 0. */
const waitEvents = [
  'FileCache_CvWait',
  'FileCache_Maintenance',
  'FileCache_Read',
  'FileCache_Truncate',
  'FileCache_Write',
  'PS_Configuring',
  'PS_ReadIO',
  'PS_SendIO',
  'PS_Starting',
  'WAL_Download',
] as const;

const waits = family({
  name: 'neon_compute_backends_waiting',
  type: 'gauge',
  help: "Backends of a compute that wait for Neon's storage, by wait event; since PostgreSQL 17.",
  labels: ['compute', 'wait_event'],
  cardinality: 'node',
  *samples({ target, reading: { waits: known } }: Input) {
    if (known === undefined) return;
    for (const event of new Set([...waitEvents, ...known.keys()])) {
      yield sample({ compute: target.name, wait_event: event }, known.get(event) ?? 0);
    }
  },
});

export const neonFamilies = [
  extensionInfo,
  ...lfcFamilies,
  workingSet,
  throttled,
  lag,
  prewarm,
  clusterSize,
  waits,
  ...perfFamilies,
];
