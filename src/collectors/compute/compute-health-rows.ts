import { z } from 'zod';
import { bool, count, epochMs, int4, int8, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';

/** `reserved_connections` came with 16; an unknown setting is null, not an error. */
const serverSql = `
SELECT
  pg_catalog.pg_is_in_recovery() AS in_recovery,
  extract(epoch FROM pg_catalog.pg_postmaster_start_time()) AS started,
  pg_catalog.current_setting('max_connections') AS max_connections,
  pg_catalog.current_setting('superuser_reserved_connections') AS superuser_reserved,
  pg_catalog.current_setting('reserved_connections', true) AS reserved,
  pg_catalog.current_setting('block_size') AS block_size,
  coalesce(pg_catalog.current_setting('neon.tenant_id', true), '') <> '' AS is_neon`;

const ServerRow = z.object({
  in_recovery: bool,
  started: epochMs,
  max_connections: count,
  superuser_reserved: count,
  reserved: count.nullable(),
  block_size: int4,
  is_neon: bool,
});
export type ServerRow = z.infer<typeof ServerRow>;

/** Our own transaction is no news, so it is left out of the oldest ones; our connection counts as any other. */
const activitySql = `
SELECT a.state, a.usename, a.datname,
  count(*) AS connections,
  count(*) FILTER (WHERE a.query = '<insufficient privilege>') AS hidden,
  extract(epoch FROM min(a.xact_start) FILTER (WHERE a.pid <> pg_catalog.pg_backend_pid())) AS oldest_transaction,
  extract(epoch FROM min(a.state_change) FILTER (WHERE a.state LIKE 'idle in transaction%')) AS oldest_idle
FROM pg_catalog.pg_stat_activity AS a
WHERE a.backend_type = 'client backend' OR (a.backend_type IS NULL AND a.datid IS NOT NULL)
GROUP BY a.state, a.usename, a.datname`;

const ActivityRow = z.object({
  state: text.nullable(),
  usename: text.nullable(),
  datname: text.nullable(),
  connections: count,
  hidden: count,
  oldest_transaction: epochMs.nullable(),
  oldest_idle: epochMs.nullable(),
});
export type ActivityRow = z.infer<typeof ActivityRow>;

/** Since 17 Neon names its own events; before that they bear the names of others. All kinds of backends wait. */
const waitsSql = `
SELECT a.wait_event, count(*) AS backends
FROM pg_catalog.pg_stat_activity AS a
WHERE a.wait_event LIKE 'Neon/%'
GROUP BY a.wait_event
ORDER BY count(*) DESC, a.wait_event`;

const WaitRow = z.object({ wait_event: text, backends: count });
export type WaitRow = z.infer<typeof WaitRow>;

/** Without CONNECT the size is refused, and that of an invalid database (a DROP that failed) is an error at storage. */
const databasesSql = `
SELECT d.oid, d.datname, d.datconnlimit = -2 AS is_invalid,
  pg_catalog.has_database_privilege(d.oid, 'CONNECT')
    OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS is_allowed
FROM pg_catalog.pg_database AS d
ORDER BY d.oid`;

const DatabaseRow = z.object({ oid: int8, datname: text, is_invalid: bool, is_allowed: bool });
export type DatabaseRow = z.infer<typeof DatabaseRow>;

const SizeRow = z.object({ bytes: int8.nullable() });

export async function readServer(session: SqlSession): Promise<ServerRow | undefined> {
  const [row] = await session.rows(serverSql, ServerRow);
  return row;
}

export function readActivity(session: SqlSession): Promise<ActivityRow[]> {
  return session.rows(activitySql, ActivityRow);
}

export function readWaits(session: SqlSession): Promise<WaitRow[]> {
  return session.rows(waitsSql, WaitRow);
}

export function readDatabases(session: SqlSession): Promise<DatabaseRow[]> {
  return session.rows(databasesSql, DatabaseRow);
}

/** Bytes of one database; undefined when it was dropped meanwhile. By oid: a name would have to be quoted. */
export async function readDatabaseSize(session: SqlSession, oid: bigint): Promise<bigint | undefined> {
  const [row] = await session.rows(`SELECT pg_catalog.pg_database_size(${oid}::oid) AS bytes`, SizeRow);
  return row?.bytes ?? undefined;
}
