import { computeSettings } from '../../../src/collectors/compute/compute-settings.ts';
import type { SourceError } from '../../../src/errors.ts';
import type { PgRow } from '../../../src/sources/postgres-rows.ts';
import { fakeSql } from '../../support/fake-sql.ts';
import { answers, collectSql, skips, sqlSeries } from './compute-collect.ts';

export const tenant = '10000000000000000000000000000001';

export function setting(name: string, value: string, changed: PgRow = {}): PgRow {
  return {
    name: `neon.${name}`,
    setting: value,
    source: 'configuration file',
    sourcefile: '/var/db/postgres/compute/pgdata/postgresql.conf',
    pending_restart: 'f',
    ...changed,
  };
}

export const live = [
  setting('compute_mode', 'primary'),
  setting(
    'pageserver_connstring',
    'postgres://cloud_admin:hunter2@pageserver1:6400,host=pageserver2 port=6400',
  ),
  setting('safekeepers', 'safekeeper1:5454,safekeeper2:5454'),
  setting('stripe_size', '2048'),
  setting('tenant_id', tenant),
  setting('timeline_id', '2'.repeat(32)),
];

const server: PgRow = {
  ...Object.fromEntries([0, 1, 2, 3, 4, 5].map((index) => [`setting${index}`, null])),
  block_size: '8192',
  conf_loaded: '1760000000.25',
  started: '1750000000',
  in_recovery: 'f',
  reads_files: 't',
};

export function fileRow(seqno: number, name: string, value: string, changed: PgRow = {}): PgRow {
  return {
    seqno: String(seqno),
    sourcefile: '/pgdata/postgresql.conf',
    name: `neon.${name}`,
    setting: value,
    applied: 't',
    ...changed,
  };
}
export const connstring = String(live[1]?.['setting']);
export const auto = { sourcefile: '/pgdata/postgresql.auto.conf' };
export const files = [
  fileRow(1, 'stripe_size', '16MB'),
  fileRow(2, 'pageserver_connstring', connstring),
  fileRow(3, 'safekeepers', 'safekeeper1:5454,safekeeper2:5454'),
];

interface World {
  readonly settings?: readonly PgRow[];
  readonly server?: PgRow;
  readonly files?: readonly PgRow[] | SourceError;
  readonly isPooled?: boolean;
  readonly configJson?: string;
}

/** One run over a server that answers as `world` says; what is left out is a healthy compute. */
export async function look(world: World = {}) {
  const sql = fakeSql(
    answers({
      pg_conf_load_time: [{ ...server, ...world.server }],
      'FROM pg_catalog.pg_file_settings': world.files ?? files,
      'FROM pg_catalog.pg_settings': world.settings ?? live,
    }),
    { isPooled: world.isPooled ?? false },
  );
  const reading = await collectSql(computeSettings, sql, { configJson: world.configJson });
  return { reading, series: sqlSeries(computeSettings, reading), skips: skips(reading), asked: sql.asked };
}
