import { z } from 'zod';
import { compatFamily } from '../../metrics/compat.ts';
import { flag, sample } from '../../metrics/samples.ts';
import { bool, float8, text } from '../../sources/pg-values.ts';
import type { ServerFacts } from './postgres-reading.ts';
import { serverLabel } from './server-label.ts';
import type { Input } from './stat-table.ts';

const replayAge = 'extract(epoch FROM pg_catalog.now() - pg_catalog.pg_last_xact_replay_timestamp())';

/**
 * What functions say that anybody may call, and whether each of `conditions` holds, in columns `c0`, `c1`, ...:
 * asking first means that what is denied is no error in the server's log at every look.
 */
export function serverSql(conditions: readonly string[]): string {
  const asked = conditions.map((condition, index) => `, ${condition} AS c${index}`).join('');
  return `SELECT pg_catalog.version() AS version, pg_catalog.pg_is_in_recovery() AS in_recovery,
  CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN 0
    WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() THEN 0
    WHEN ${replayAge} < 0 THEN 0 ELSE ${replayAge} END AS lag_seconds,
  CASE WHEN pg_catalog.pg_is_in_recovery() THEN
    CASE WHEN ${replayAge} < 0 THEN 0 ELSE ${replayAge} END END AS last_replay_seconds${asked}`;
}

const serverShape = {
  version: text,
  in_recovery: bool,
  lag_seconds: float8.nullable(),
  last_replay_seconds: float8.nullable(),
};

/** A row of `serverSql`; the conditions that hold are in `holding`. */
export function serverRow(conditions: readonly string[]) {
  const held: Record<string, typeof bool> = Object.fromEntries(
    conditions.map((_, index) => [`c${index}`, bool]),
  );
  return z.object(serverShape).and(
    z.object(held).transform((row) => ({
      holding: new Set(conditions.filter((_, index) => row[`c${index}`] === true)),
    })),
  );
}

export function serverFacts(
  row: z.infer<z.ZodObject<typeof serverShape>>,
  serverVersion: number,
): ServerFacts {
  return {
    version: row.version,
    shortVersion: `${Math.trunc(serverVersion / 10_000)}.${serverVersion % 10_000}.0`,
    isInRecovery: row.in_recovery,
    replicationLagSeconds: row.lag_seconds ?? undefined,
    lastReplaySeconds: row.last_replay_seconds ?? undefined,
  };
}

/** A figure of the server as one sample; none when it is not known. */
function perServer(pick: (server: ServerFacts) => number | undefined) {
  return ({ target, reading }: Input) => {
    const value = pick(reading.server);
    return value === undefined ? [] : [sample({ server: serverLabel(target) }, value)];
  };
}

const version = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_static',
  type: 'unknown',
  help: 'Version of the server as labels; the value is 1.',
  labels: ['server', 'short_version', 'version'],
  cardinality: 'cluster',
  samples: ({ target, reading: { server } }: Input) => [
    sample({ server: serverLabel(target), short_version: server.shortVersion, version: server.version }, 1),
  ],
});

const replicationLag = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_replication_lag_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'How far a replica is behind its primary; 0 on a primary and when all that came is replayed.',
  labels: ['server'],
  cardinality: 'cluster',
  samples: perServer((server) => server.replicationLagSeconds),
});

const isReplica = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_replication_is_replica',
  type: 'gauge',
  help: 'Whether the server is in recovery.',
  labels: ['server'],
  cardinality: 'cluster',
  samples: perServer((server) => flag(server.isInRecovery)),
});

const lastReplay = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_replication_last_replay_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'Age of the transaction that a replica replayed last; absent on a primary.',
  labels: ['server'],
  cardinality: 'cluster',
  samples: perServer((server) => server.lastReplaySeconds),
});

export const serverFamilies = [version, replicationLag, isReplica, lastReplay];
