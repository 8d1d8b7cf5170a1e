import { z } from 'zod';
import { compatFamily } from '../../metrics/compat.ts';
import { sample } from '../../metrics/samples.ts';
import { bool, int4, int8, text } from '../../sources/pg-values.ts';
import type { DatabaseSize } from './postgres-reading.ts';
import { serverLabel } from './server-label.ts';
import { type Input, readsAllStats, selectable } from './stat-table.ts';

/** Of a database that was dropped halfway (-2) nothing can be read, and asking fills the server's log. */
const isValid = 'd.datconnlimit <> -2';

export const databasesNeeds = [selectable('pg_database')];
export const rolesNeeds = [selectable('pg_roles')];

export const databasesSql = `SELECT true AS is_database, d.datname AS name, d.datconnlimit AS connection_limit
FROM pg_catalog.pg_database d WHERE ${isValid}`;

export const rolesSql = `SELECT false AS is_database, r.rolname AS name, r.rolconnlimit AS connection_limit
FROM pg_catalog.pg_roles r`;

export const LimitRow = z.object({ is_database: bool, name: text, connection_limit: int4 });

/** Sizes are null where `pg_database_size` would be denied. It reads the size of every file of the database. */
export const sizesSql = `SELECT d.datname, CASE
  WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') OR ${readsAllStats}
  THEN pg_catalog.pg_database_size(d.oid) END AS size_bytes
FROM pg_catalog.pg_database d WHERE ${isValid}`;

export const SizeRow = z.object({ datname: text, size_bytes: int8.nullable() });

/** Sizes that we may see, and whether there are others. */
export function readableSizes(rows: readonly z.infer<typeof SizeRow>[]): {
  readonly sizes: readonly DatabaseSize[];
  readonly areSomeDenied: boolean;
} {
  const sizes = rows.flatMap(({ datname, size_bytes: sizeBytes }) =>
    sizeBytes === null ? [] : [{ datname, sizeBytes }],
  );
  return { sizes, areSomeDenied: sizes.length < rows.length };
}

const databaseSize = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_database_size_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Disk space that a database uses; read once a minute.',
  labels: ['datname', 'server'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    const server = serverLabel(target);
    for (const { datname, sizeBytes } of reading.sizes ?? []) yield sample({ datname, server }, sizeBytes);
  },
});

const databaseConnectionLimit = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_database_connection_limit',
  type: 'gauge',
  help: 'Connections that a database may have; -1 for any number.',
  labels: ['datname', 'server'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    const server = serverLabel(target);
    for (const [datname, limit] of reading.databaseConnectionLimits ?? [])
      yield sample({ datname, server }, limit);
  },
});

const roleConnectionLimit = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_roles_connection_limit',
  type: 'gauge',
  help: 'Connections that a role may have; -1 for any number.',
  labels: ['rolname', 'server'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    const server = serverLabel(target);
    for (const [rolname, limit] of reading.roleConnectionLimits ?? [])
      yield sample({ rolname, server }, limit);
  },
});

export const databaseFamilies = [databaseSize, databaseConnectionLimit, roleConnectionLimit];
