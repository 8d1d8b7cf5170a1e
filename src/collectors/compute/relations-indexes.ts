import { family } from '../../metrics/family.ts';
import {
  counterSamples,
  type DatabaseRelations,
  databaseSamples,
  gaugeSamples,
  type RelationsInput,
} from './relations-reading.ts';
import type { IndexColumn } from './relations-rows.ts';

const shape = {
  of: ({ indexes }: DatabaseRelations) => indexes,
  labels: ([schemaname = '', relname = '', indexrelname = '']: readonly string[]) => ({
    schemaname,
    relname,
    indexrelname,
  }),
  other: { schemaname: '', relname: '', indexrelname: 'other' },
};

const labels = ['compute', 'datname', 'schemaname', 'relname', 'indexrelname'] as const;

function counter(name: `neon_compute_index_${string}_total`, column: IndexColumn, help: string) {
  return family<
    RelationsInput,
    `neon_compute_index_${string}_total`,
    'counter',
    (typeof labels)[number] | 'since'
  >({
    name,
    type: 'counter',
    help,
    labels: [...labels, 'since'],
    cardinality: 'node',
    samples: (input) => counterSamples(input, shape, column),
  });
}

const size = family({
  name: 'neon_compute_index_size_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Estimated size of an index, as of the last vacuum or analyze of its table.',
  labels,
  cardinality: 'node',
  samples: (input: RelationsInput) => gaugeSamples(input, shape, ({ bytes }) => bytes ?? undefined, true),
});

const lastScan = family({
  name: 'neon_compute_index_last_scan_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When an index was last scanned; told by PostgreSQL 16 and later.',
  labels,
  cardinality: 'node',
  samples: (input: RelationsInput) =>
    gaugeSamples(input, shape, ({ scanned }) => (scanned === null ? undefined : scanned / 1000), false),
});

const indexes = family({
  name: 'neon_compute_indexes',
  type: 'gauge',
  help: 'Indexes of user tables of a database.',
  labels: ['compute', 'datname'],
  cardinality: 'node',
  samples: (input: RelationsInput) => databaseSamples(input, (relations) => relations.indexes.count),
});

const invalidIndexes = family({
  name: 'neon_compute_invalid_indexes',
  type: 'gauge',
  help: 'Indexes that are not valid: being built, or left behind by a concurrent build that failed.',
  labels: ['compute', 'datname'],
  cardinality: 'node',
  samples: (input: RelationsInput) => databaseSamples(input, (relations) => relations.invalidIndexes),
});

export const indexFamilies = [
  counter(
    'neon_compute_index_scans_total',
    'idx_scan',
    'Scans of an index; indexrelname "other" adds up those without a name of their own. NeuronDB does not count the scans of its vector indexes.',
  ),
  counter('neon_compute_index_entries_read_total', 'idx_tup_read', 'Entries returned by scans of an index.'),
  counter(
    'neon_compute_index_rows_fetched_total',
    'idx_tup_fetch',
    'Live rows fetched by simple scans of an index.',
  ),
  counter(
    'neon_compute_index_blocks_read_total',
    'blks_read',
    'Blocks of an index that were not in the buffer cache.',
  ),
  counter('neon_compute_index_blocks_hit_total', 'blks_hit', 'Blocks of an index found in the buffer cache.'),
  size,
  lastScan,
  indexes,
  invalidIndexes,
] as const;
