import { family } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import type { TargetReading } from '../collector.ts';
import type { ControllerDatabaseReading, Group } from './reading.ts';

type Input = TargetReading<ControllerDatabaseReading>;

/** One sample for the database; none when the reading does not know. */
function once(pick: (reading: ControllerDatabaseReading) => number | bigint | undefined) {
  return ({ reading }: Input) => {
    const value = pick(reading);
    return value === undefined ? [] : [sample({}, value)];
  };
}

/** Every known name, so that a change is seen as 1 to 0, and those that are newer than this program. */
function counted(known: readonly string[], groups: readonly Group[]): ReadonlyMap<string, number> {
  const counts = new Map(known.map((name) => [name, 0]));
  for (const { name, rows } of groups) counts.set(name, (counts.get(name) ?? 0) + rows);
  return counts;
}

const shape = { labels: [], cardinality: 'cluster', type: 'gauge' } as const;

const up = family({
  ...shape,
  name: 'neon_controller_database_up',
  help: "The storage controller's database answered SQL in its newest reading; absent, never 0, once it has not for a while.",
  samples: once(() => 1),
});

const inRecovery = family({
  ...shape,
  name: 'neon_controller_database_in_recovery',
  help: "Whether the storage controller's database is in recovery, which is a standby that the controller cannot write to.",
  samples: once(({ isInRecovery }) => flag(isInRecovery)),
});

const started = family({
  ...shape,
  name: 'neon_controller_database_postmaster_start_timestamp_seconds',
  unit: 'seconds',
  help: "When the Postgres of the storage controller's database was started.",
  samples: once(({ postmasterStartedAtMs }) => postmasterStartedAtMs / 1000),
});

const size = family({
  ...shape,
  name: 'neon_controller_database_size_bytes',
  unit: 'bytes',
  help: "Size of the storage controller's database.",
  samples: once(({ sizeBytes }) => sizeBytes),
});

const connections = family({
  name: 'neon_controller_database_connections',
  type: 'gauge',
  help: "Client connections to the storage controller's database by state; unknown: our role may not see it.",
  labels: ['state'],
  cardinality: 'cluster',
  samples: ({ reading }: Input) =>
    [...counted([], reading.connections)].map(([state, rows]) => sample({ state }, rows)),
});

const maxConnections = family({
  ...shape,
  name: 'neon_controller_database_max_connections',
  help: "Setting max_connections of the server that holds the storage controller's database.",
  samples: once((reading) => reading.maxConnections),
});

const tableRows = family({
  name: 'neon_controller_database_table_rows',
  type: 'gauge',
  help: "Rows in a table of the storage controller's database, deleted and splitting ones included.",
  labels: ['table'],
  cardinality: 'cluster',
  samples: ({ reading }: Input) => [...reading.tableRows].map(([table, rows]) => sample({ table }, rows)),
});

const shards = family({
  name: 'neon_controller_database_shards',
  type: 'gauge',
  help: 'Rows of tenant_shards by scheduling policy, placement policy and whether the tenant is being split; while it is, parents and children are both there.',
  labels: ['scheduling_policy', 'placement_policy', 'splitting'],
  cardinality: 'cluster',
  *samples({ reading }: Input) {
    const counts = new Map<
      string,
      { labels: Record<'scheduling_policy' | 'placement_policy' | 'splitting', string>; rows: number }
    >();
    for (const state of reading.shardStates ?? []) {
      const labels = {
        scheduling_policy: state.schedulingPolicy,
        placement_policy: state.placementPolicy,
        splitting: String(state.isSplitting),
      };
      const key = JSON.stringify(labels);
      counts.set(key, { labels, rows: (counts.get(key)?.rows ?? 0) + state.rows });
    }
    for (const { labels, rows } of counts.values()) yield sample(labels, rows);
  },
});

const nodes = family({
  name: 'neon_controller_database_nodes',
  type: 'gauge',
  help: 'Pageservers in the database by scheduling policy and lifecycle, deleted ones left out; only combinations that occur.',
  labels: ['scheduling_policy', 'lifecycle'],
  cardinality: 'cluster',
  *samples({ reading }: Input) {
    const groups = new Map<
      string,
      { labels: Record<'scheduling_policy' | 'lifecycle', string>; count: number }
    >();
    for (const { schedulingPolicy, lifecycle } of reading.nodes ?? []) {
      const labels = { scheduling_policy: schedulingPolicy, lifecycle };
      const key = JSON.stringify(labels);
      groups.set(key, { labels, count: (groups.get(key)?.count ?? 0) + 1 });
    }
    for (const { labels, count } of groups.values()) yield sample(labels, count);
  },
});

const deletedNodes = family({
  ...shape,
  name: 'neon_controller_database_deleted_nodes',
  help: 'Tombstones of deleted pageservers: one refuses a pageserver that registers again under its id.',
  samples: once((reading) => reading.deletedNodes),
});

const safekeepers = family({
  name: 'neon_controller_database_safekeepers',
  type: 'gauge',
  help: 'Safekeepers in the database by scheduling policy.',
  labels: ['scheduling_policy'],
  cardinality: 'cluster',
  samples: ({ reading }: Input) =>
    reading.safekeepers === undefined
      ? []
      : [...counted([], reading.safekeepers)].map(([policy, rows]) =>
          sample({ scheduling_policy: policy }, rows),
        ),
});

/** `SafekeeperTimelineOpKind` (storage_controller/src/persistence.rs). */
const opKinds = ['pull', 'exclude', 'delete'] as const;

const pendingOps = family({
  name: 'neon_controller_database_pending_safekeeper_operations',
  type: 'gauge',
  help: 'Timeline operations that the storage controller still has to carry out on safekeepers, by kind.',
  labels: ['op_kind'],
  cardinality: 'cluster',
  samples: ({ reading }: Input) =>
    reading.pendingOps === undefined
      ? []
      : [...counted(opKinds, reading.pendingOps)].map(([kind, rows]) => sample({ op_kind: kind }, rows)),
});

const timelinesUnnotified = family({
  ...shape,
  name: 'neon_controller_database_timelines_unnotified',
  help: 'Timelines whose newest safekeeper set the control plane was not told of yet.',
  samples: once(({ timelines }) => timelines?.unnotified),
});

const timelinesMigrating = family({
  ...shape,
  name: 'neon_controller_database_timelines_migrating',
  help: 'Timelines that are on their way to other safekeepers.',
  samples: once(({ timelines }) => timelines?.migrating),
});

const timelinesSkSetUnnotified = family({
  ...shape,
  name: 'neon_controller_database_timelines_safekeepers_unnotified',
  help: 'Timelines whose newest safekeeper set the safekeepers themselves were not told of yet.',
  samples: once(({ timelines }) => timelines?.skSetUnnotified),
});

const timelinesDeleted = family({
  ...shape,
  name: 'neon_controller_database_timelines_deleted',
  help: 'Timelines that are deleted and still have a row.',
  samples: once(({ timelines }) => timelines?.deleted),
});

const unhealthyShards = family({
  ...shape,
  name: 'neon_controller_database_unhealthy_shards',
  help: 'Tenant shards whose metadata the scrubber found unhealthy; 0 proves nothing where no scrubber runs.',
  samples: once((reading) => reading.unhealthyShards),
});

const oldestScrub = family({
  ...shape,
  name: 'neon_controller_database_oldest_scrub_timestamp_seconds',
  unit: 'seconds',
  help: 'When the tenant shard that was scrubbed longest ago was scrubbed; one that never was counts from when it was made.',
  samples: once(({ oldestScrubAtMs }) =>
    oldestScrubAtMs === undefined ? undefined : oldestScrubAtMs / 1000,
  ),
});

const leaderStarted = family({
  name: 'neon_controller_database_leader_start_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When the storage controller that the database names as leader started, by its address; none without --address-for-peers.',
  labels: ['address'],
  cardinality: 'cluster',
  *samples({ reading }: Input) {
    const seen = new Set<string>();
    for (const { address, startedAtMs } of reading.leaders ?? []) {
      // Newest first: an address may be there once for each of its starts.
      if (seen.has(address)) continue;
      seen.add(address);
      yield sample({ address }, startedAtMs / 1000);
    }
  },
});

const leaders = family({
  ...shape,
  name: 'neon_controller_database_leaders',
  help: 'Storage controllers that the database names as leader; more than one must not be.',
  samples: once((reading) => reading.leaders?.length),
});

export const controllerDatabaseFamilies = [
  up,
  inRecovery,
  started,
  size,
  connections,
  maxConnections,
  tableRows,
  shards,
  nodes,
  deletedNodes,
  safekeepers,
  pendingOps,
  timelinesUnnotified,
  timelinesMigrating,
  timelinesSkSetUnnotified,
  timelinesDeleted,
  unhealthyShards,
  oldestScrub,
  leaders,
  leaderStarted,
];
