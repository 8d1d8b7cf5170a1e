import { z } from 'zod';
import { bool, count, epochMs, int4, int8, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import type { TableFacts } from './schema.ts';

const serverSql = `
SELECT pg_catalog.pg_is_in_recovery() AS in_recovery,
  extract(epoch FROM pg_catalog.pg_postmaster_start_time()) AS started,
  pg_catalog.current_setting('max_connections') AS max_connections`;
const ServerRow = z.object({ in_recovery: bool, started: epochMs, max_connections: count });

const sizeSql = 'SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes';
const SizeRow = z.object({ bytes: int8 });

/** Connections to this database only: the server may hold others that are none of the controller's. */
const connectionsSql = `
SELECT a.state, count(*) AS connections,
  count(*) FILTER (WHERE a.query = '<insufficient privilege>') AS hidden
FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = pg_catalog.current_database()
  AND (a.backend_type = 'client backend' OR a.backend_type IS NULL)
GROUP BY a.state
ORDER BY a.state`;
const ConnectionRow = z.object({ state: text.nullable(), connections: count, hidden: count });

const GroupRow = z.object({ name: text.nullable(), rows: count });

const ShardStateRow = z.object({
  splitting: int4,
  scheduling_policy: text,
  placement_policy: text,
  rows: count,
  bad_ids: count,
});

const NodeRow = z.object({ node_id: int8, scheduling_policy: text, lifecycle: text });

const TimelineRow = z.object({
  rows: count,
  deleted: count,
  unnotified: count,
  migrating: count,
  sk_set_unnotified: count.nullable(),
});

const HealthRow = z.object({ rows: count, unhealthy: count, oldest_scrub: epochMs.nullable() });

const ControllerRow = z.object({ address: text, started_at: epochMs });
/** A controller deletes the row of its predecessor, so there is one; a bound all the same. */
const controllersRead = 16;

const one = <Row>(rows: readonly Row[]): Row | undefined => rows[0];

/** What the controller's database is asked. Table names come from the catalog, quoted by the server itself. */
export const controllerQueries = {
  server: async (session: SqlSession) => one(await session.rows(serverSql, ServerRow)),
  size: async (session: SqlSession) => one(await session.rows(sizeSql, SizeRow))?.bytes,
  connections: (session: SqlSession) => session.rows(connectionsSql, ConnectionRow),
  /** Rows without a scheduling policy are of a version from before there was one. */
  shardStates: (session: SqlSession, { qualified, columns }: TableFacts) =>
    session.rows(
      `SELECT s.splitting, ${columns.has('scheduling_policy') ? 's.scheduling_policy' : `'"Active"'`} AS scheduling_policy,
  s.placement_policy, count(*) AS rows, count(*) FILTER (WHERE s.tenant_id !~ '^[0-9a-f]{32}$') AS bad_ids
FROM ${qualified} AS s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      ShardStateRow,
    ),
  nodes: (session: SqlSession, { qualified, columns }: TableFacts) =>
    session.rows(
      `SELECT n.node_id, n.scheduling_policy, ${columns.has('lifecycle') ? 'n.lifecycle' : `'active'`} AS lifecycle
FROM ${qualified} AS n ORDER BY n.node_id`,
      NodeRow,
    ),
  timelines: async (session: SqlSession, { qualified, columns }: TableFacts) =>
    one(
      await session.rows(
        `SELECT count(*) AS rows,
  count(*) FILTER (WHERE t.deleted_at IS NOT NULL) AS deleted,
  count(*) FILTER (WHERE t.deleted_at IS NULL AND t.cplane_notified_generation < t.generation) AS unnotified,
  count(*) FILTER (WHERE t.deleted_at IS NULL AND t.new_sk_set IS NOT NULL) AS migrating,
  ${
    columns.has('sk_set_notified_generation')
      ? 'count(*) FILTER (WHERE t.deleted_at IS NULL AND t.sk_set_notified_generation < t.generation)'
      : 'NULL'
  } AS sk_set_unnotified
FROM ${qualified} AS t`,
        TimelineRow,
      ),
    ),
  metadataHealth: async (session: SqlSession, { qualified }: TableFacts) =>
    one(
      await session.rows(
        `SELECT count(*) AS rows, count(*) FILTER (WHERE NOT h.healthy) AS unhealthy,
  extract(epoch FROM min(h.last_scrubbed_at)) AS oldest_scrub
FROM ${qualified} AS h`,
        HealthRow,
      ),
    ),
  controllers: (session: SqlSession, { qualified }: TableFacts) =>
    session.rows(
      `SELECT c.address, extract(epoch FROM c.started_at) AS started_at
FROM ${qualified} AS c ORDER BY c.started_at DESC, c.address LIMIT ${controllersRead}`,
      ControllerRow,
    ),
  pendingOps: (session: SqlSession, { qualified }: TableFacts) =>
    session.rows(
      `SELECT o.op_kind AS name, count(*) AS rows FROM ${qualified} AS o GROUP BY 1 ORDER BY 1`,
      GroupRow,
    ),
  safekeepers: (session: SqlSession, { qualified, columns }: TableFacts) =>
    session.rows(
      `SELECT ${columns.has('scheduling_policy') ? 's.scheduling_policy' : 'NULL'} AS name, count(*) AS rows
FROM ${qualified} AS s GROUP BY 1 ORDER BY 1`,
      GroupRow,
    ),
  imports: async (session: SqlSession, { qualified }: TableFacts) =>
    one(await session.rows(`SELECT count(*) AS rows FROM ${qualified} AS i`, z.object({ rows: count })))
      ?.rows,
} as const;
