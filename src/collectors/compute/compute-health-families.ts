import { family } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import type { TargetReading } from '../collector.ts';
import { otherName } from './compute-health-activity.ts';
import type { ComputeHealthReading } from './compute-health-reading.ts';

type Input = TargetReading<ComputeHealthReading>;

/** One sample per compute; none when the reading does not know. */
function perCompute(pick: (reading: ComputeHealthReading) => number | bigint | undefined) {
  return ({ target, reading }: Input) => {
    const value = pick(reading);
    return value === undefined ? [] : [sample({ compute: target.name }, value)];
  };
}

const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);

const shape = { labels: ['compute'], cardinality: 'node', type: 'gauge' } as const;

const up = family({
  ...shape,
  name: 'neon_compute_up',
  help: 'A compute answered SQL in its newest reading; absent, never 0, once it has not for a while.',
  samples: perCompute(() => 1),
});

const inRecovery = family({
  ...shape,
  name: 'neon_compute_in_recovery',
  help: 'Whether a compute is in recovery: a read-only replica, or one that is starting.',
  samples: perCompute(({ isInRecovery }) => flag(isInRecovery)),
});

const started = family({
  ...shape,
  name: 'neon_compute_postmaster_start_timestamp_seconds',
  unit: 'seconds',
  help: 'When the Postgres of a compute was started.',
  samples: perCompute(({ postmasterStartedAtMs }) => seconds(postmasterStartedAtMs)),
});

const connections = family({
  name: 'neon_compute_connections',
  type: 'gauge',
  help: 'Client connections by state, role and database; beyond the largest groups they are summed up as other. State unknown: our role may not see it.',
  labels: ['compute', 'state', 'usename', 'datname'],
  cardinality: 'node',
  samples: ({ target, reading }: Input) =>
    reading.activity.connections.map(({ state, usename, datname, connections: value }) =>
      sample({ compute: target.name, state, usename, datname }, value),
    ),
});

const maxConnections = family({
  ...shape,
  name: 'neon_compute_max_connections',
  help: 'Setting max_connections of a compute.',
  samples: perCompute((reading) => reading.maxConnections),
});

const superuserReserved = family({
  ...shape,
  name: 'neon_compute_superuser_reserved_connections',
  help: 'Connections of a compute that are kept for superusers.',
  samples: perCompute((reading) => reading.superuserReservedConnections),
});

const reserved = family({
  ...shape,
  name: 'neon_compute_reserved_connections',
  help: 'Connections of a compute that are kept for roles with pg_use_reserved_connections; since PostgreSQL 16.',
  samples: perCompute((reading) => reading.reservedConnections),
});

const oldestTransaction = family({
  ...shape,
  name: 'neon_compute_oldest_transaction_timestamp_seconds',
  unit: 'seconds',
  help: 'When the oldest open transaction of a client began; absent when there is none, or when some cannot be seen.',
  samples: perCompute(({ activity }) => seconds(activity.oldestTransactionAtMs)),
});

const oldestIdleInTransaction = family({
  ...shape,
  name: 'neon_compute_oldest_idle_in_transaction_timestamp_seconds',
  unit: 'seconds',
  help: 'Since when the client that has been idle in its transaction for longest is idle; absent when there is none, or when some cannot be seen.',
  samples: perCompute(({ activity }) => seconds(activity.oldestIdleInTransactionAtMs)),
});

const databaseCount = family({
  ...shape,
  name: 'neon_compute_databases',
  help: 'Databases of a compute, templates included, invalid ones not.',
  samples: perCompute((reading) => reading.databases?.databases),
});

const invalidDatabases = family({
  ...shape,
  name: 'neon_compute_invalid_databases',
  help: 'Databases that an interrupted DROP DATABASE left behind; they can only be dropped again.',
  samples: perCompute((reading) => reading.databases?.invalid),
});

const databaseSize = family({
  name: 'neon_compute_database_size_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Size of a database; beyond the largest they are summed up as other, once all of them were measured.',
  labels: ['compute', 'datname'],
  cardinality: 'node',
  *samples({ target, reading: { databases, top } }: Input) {
    if (databases === undefined) return;
    // A database that bears the name of the sum is counted in the sum.
    const isNamed = ({ datname }: { datname: string }, index: number) => index < top && datname !== otherName;
    for (const [index, size] of databases.sizes.entries()) {
      if (isNamed(size, index)) yield sample({ compute: target.name, datname: size.datname }, size.bytes);
    }
    const rest = databases.sizes.filter((size, index) => !isNamed(size, index));
    if (rest.length === 0 || !databases.isComplete) return;
    const restBytes = rest.reduce((sum, { bytes }) => sum + bytes, 0n);
    yield sample({ compute: target.name, datname: otherName }, restBytes);
  },
});

const riskySetting = family({
  name: 'neon_compute_risky_setting',
  type: 'gauge',
  help: 'Whether a setting has a value that hurts one day: log_statement is all; archive_command writes over a file that is there already.',
  labels: ['compute', 'setting'],
  cardinality: 'node',
  samples: ({ target, reading: { risks } }: Input) =>
    [...(risks ?? [])].map(([setting, isRisky]) => sample({ compute: target.name, setting }, flag(isRisky))),
});

export const computeHealthFamilies = [
  up,
  inRecovery,
  started,
  connections,
  maxConnections,
  superuserReserved,
  reserved,
  oldestTransaction,
  oldestIdleInTransaction,
  databaseCount,
  invalidDatabases,
  databaseSize,
  riskySetting,
];
