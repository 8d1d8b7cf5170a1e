import { compatFamily } from '../../metrics/compat.ts';
import type { Family } from '../../metrics/family.ts';
import { flag, sample, stateValues } from '../../metrics/samples.ts';
import { serverLabel } from './server-label.ts';
import { type Input, readsAllStats, type StatColumn, type StatTable, selectable } from './stat-table.ts';

/** Phases by the numbers of `pg_stat_progress_vacuum`. */
const phases = [
  'initializing',
  'scanning heap',
  'vacuuming indexes',
  'vacuuming heap',
  'cleaning up indexes',
  'truncating heap',
  'performing final cleanup',
];

/** Since 17 dead tuples are kept in a tree: their number is `num_dead_item_ids` and their limit is in bytes. */
const deadItems = 170_000;

function column(name: string, help: string, sql: StatColumn['sql']): StatColumn {
  return {
    name: `pg_stat_progress_vacuum_${name}`,
    type: 'gauge',
    help,
    sql,
    whenNull: 'absent',
    labels: ['datname', 'relname'],
  };
}

/** A table of this database by name, with its schema unless that is public; of another one by oid. */
const relationName = `coalesce(
  CASE WHEN n.nspname = 'public' THEN pg_catalog.quote_ident(c.relname)
  ELSE pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) END, v.relid::pg_catalog.text)`;

/** `pg_stat_progress_vacuum`: vacuums under way. */
export const vacuum: StatTable = {
  part: 'vacuum',
  needs: () => [selectable('pg_stat_progress_vacuum'), readsAllStats],
  texts: {
    datname: 'v.datname',
    relname: relationName,
    phase: 'v.phase',
  },
  from: () => `pg_catalog.pg_stat_progress_vacuum v
    LEFT JOIN pg_catalog.pg_class c ON c.oid = v.relid AND v.datname = pg_catalog.current_database()
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`,
  cardinality: 'node',
  columns: [
    column('heap_blks', 'Blocks of the table that is vacuumed.', () => 'v.heap_blks_total'),
    column('heap_blks_scanned', 'Blocks scanned so far.', () => 'v.heap_blks_scanned'),
    column('heap_blks_vacuumed', 'Blocks vacuumed so far.', () => 'v.heap_blks_vacuumed'),
    column('index_vacuums', 'Times that the indexes were vacuumed.', () => 'v.index_vacuum_count'),
    column(
      'max_dead_tuples',
      'Dead tuples that are gathered before indexes are vacuumed; before Postgres 17.',
      (version) => (version < deadItems ? 'v.max_dead_tuples' : undefined),
    ),
    column('num_dead_tuples', 'Dead tuples gathered since indexes were last vacuumed.', (version) =>
      version < deadItems ? 'v.num_dead_tuples' : 'v.num_dead_item_ids',
    ),
  ],
};

/** The phase of each vacuum: 1 for the present one. */
export const vacuumPhase: Family<Input> = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_stat_progress_vacuum_phase',
  type: 'gauge',
  help: 'Phase of a vacuum under way: 1 for the present one, 0 for the others.',
  labels: ['server', 'datname', 'relname', 'phase'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    const server = serverLabel(target);
    for (const { texts } of reading.rows.get(vacuum.part) ?? []) {
      const { datname = '', relname = '', phase: present = '' } = texts;
      for (const phase of stateValues(phases, present)) {
        yield sample({ server, datname, relname, phase }, flag(phase === present));
      }
    }
  },
});
