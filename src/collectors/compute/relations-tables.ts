import { family } from '../../metrics/family.ts';
import type { DatabaseRelations } from './relations-reading.ts';
import { counterSamples, databaseSamples, gaugeSamples, type RelationsInput } from './relations-reading.ts';
import type { TableColumn, TableRow } from './relations-rows.ts';

const shape = {
  of: ({ tables }: DatabaseRelations) => tables,
  labels: ([schemaname = '', relname = '']: readonly string[]) => ({ schemaname, relname }),
  other: { schemaname: '', relname: 'other' },
};

const labels = ['compute', 'datname', 'schemaname', 'relname'] as const;

function counter(name: `neon_compute_table_${string}_total`, column: TableColumn, help: string) {
  return family<
    RelationsInput,
    `neon_compute_table_${string}_total`,
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

function rowGauge(
  name: `neon_compute_table_${string}_rows`,
  valueIn: (row: TableRow) => bigint,
  help: string,
) {
  return family<RelationsInput, `neon_compute_table_${string}_rows`, 'gauge', (typeof labels)[number]>({
    name,
    type: 'gauge',
    help,
    labels,
    cardinality: 'node',
    samples: (input) => gaugeSamples(input, shape, valueIn, true),
  });
}

function timestamp(
  name: `neon_compute_table_last_${string}_timestamp_seconds`,
  instantMs: (row: TableRow) => number | null,
  help: string,
) {
  return family<
    RelationsInput,
    `neon_compute_table_last_${string}_timestamp_seconds`,
    'gauge',
    (typeof labels)[number],
    'seconds'
  >({
    name,
    type: 'gauge',
    unit: 'seconds',
    help,
    labels,
    cardinality: 'node',
    samples: (input) =>
      gaugeSamples(
        input,
        shape,
        (row) => {
          const ms = instantMs(row);
          return ms === null ? undefined : ms / 1000;
        },
        false,
      ),
  });
}

const size = family({
  name: 'neon_compute_table_size_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Estimated size of a table with its TOAST table and without indexes, as of its last vacuum or analyze.',
  labels,
  cardinality: 'node',
  samples: (input: RelationsInput) => gaugeSamples(input, shape, ({ bytes }) => bytes ?? undefined, true),
});

const tables = family({
  name: 'neon_compute_tables',
  type: 'gauge',
  help: 'User tables and materialized views of a database, without temporary ones and partitioned parents.',
  labels: ['compute', 'datname'],
  cardinality: 'node',
  samples: (input: RelationsInput) => databaseSamples(input, (relations) => relations.tables.count),
});

const unknownSizes = family({
  name: 'neon_compute_tables_of_unknown_size',
  type: 'gauge',
  help: 'User tables that were never vacuumed or analyzed, so that their size is in no other family.',
  labels: ['compute', 'datname'],
  cardinality: 'node',
  samples: (input: RelationsInput) =>
    databaseSamples(input, (relations) => {
      const { members, others } = relations.tables;
      return [...members.values(), ...others].filter(({ bytes }) => bytes === null).length;
    }),
});

export const tableFamilies = [
  counter(
    'neon_compute_table_sequential_scans_total',
    'seq_scan',
    'Sequential scans of a table; relname "other" adds up those without a name of their own, since the instant their set last changed.',
  ),
  counter(
    'neon_compute_table_sequential_rows_read_total',
    'seq_tup_read',
    'Live rows read by sequential scans of a table.',
  ),
  counter(
    'neon_compute_table_index_scans_total',
    'idx_scan',
    'Scans of the indexes of a table; vector indexes of NeuronDB do not count theirs.',
  ),
  counter(
    'neon_compute_table_index_rows_fetched_total',
    'idx_tup_fetch',
    'Live rows of a table fetched by index scans.',
  ),
  counter('neon_compute_table_rows_inserted_total', 'n_tup_ins', 'Rows inserted into a table.'),
  counter('neon_compute_table_rows_updated_total', 'n_tup_upd', 'Rows of a table updated, in place or not.'),
  counter('neon_compute_table_rows_deleted_total', 'n_tup_del', 'Rows deleted from a table.'),
  counter(
    'neon_compute_table_rows_hot_updated_total',
    'n_tup_hot_upd',
    'Rows of a table updated without touching an index.',
  ),
  counter('neon_compute_table_vacuums_total', 'vacuum_count', 'Times a table was vacuumed by hand.'),
  counter(
    'neon_compute_table_autovacuums_total',
    'autovacuum_count',
    'Times a table was vacuumed by autovacuum.',
  ),
  counter('neon_compute_table_analyzes_total', 'analyze_count', 'Times a table was analyzed by hand.'),
  counter(
    'neon_compute_table_autoanalyzes_total',
    'autoanalyze_count',
    'Times a table was analyzed by autovacuum.',
  ),
  counter(
    'neon_compute_table_blocks_read_total',
    'blks_read',
    'Blocks of a table that were not in the buffer cache.',
  ),
  counter('neon_compute_table_blocks_hit_total', 'blks_hit', 'Blocks of a table found in the buffer cache.'),
  rowGauge('neon_compute_table_live_rows', ({ live }) => live, 'Estimated live rows of a table.'),
  rowGauge('neon_compute_table_dead_rows', ({ dead }) => dead, 'Estimated dead rows of a table.'),
  rowGauge(
    'neon_compute_table_unanalyzed_rows',
    ({ changed }) => changed,
    'Estimated rows of a table changed since it was last analyzed.',
  ),
  size,
  timestamp(
    'neon_compute_table_last_vacuum_timestamp_seconds',
    ({ vacuum }) => vacuum,
    'When a table was last vacuumed by hand.',
  ),
  timestamp(
    'neon_compute_table_last_autovacuum_timestamp_seconds',
    ({ autovacuum }) => autovacuum,
    'When autovacuum last vacuumed a table.',
  ),
  timestamp(
    'neon_compute_table_last_analyze_timestamp_seconds',
    ({ analyze }) => analyze,
    'When a table was last analyzed by hand.',
  ),
  timestamp(
    'neon_compute_table_last_autoanalyze_timestamp_seconds',
    ({ autoanalyze }) => autoanalyze,
    'When autovacuum last analyzed a table.',
  ),
  tables,
  unknownSizes,
] as const;
