import { readsAllStats, type StatColumn, type StatTable, selectable } from './stat-table.ts';

/** Position up to which this server has WAL: written on a primary, received on a replica. */
const ownPosition = `CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn()
  ELSE pg_catalog.pg_current_wal_lsn() END`;

const bytesOf = (position: string) => `pg_catalog.pg_wal_lsn_diff(${position}, '0/0')`;
const bytesBehind = (position: string) => `pg_catalog.pg_wal_lsn_diff(${ownPosition}, ${position})`;

const senderLabels = ['application_name', 'client_addr', 'state', 'slot_name'];

function sender(name: string, type: StatColumn['type'], help: string, sql: string): StatColumn {
  return {
    name: `pg_stat_replication_${name}`,
    type,
    help,
    sql: () => sql,
    whenNull: 'nan',
    labels: senderLabels,
  };
}

/** `pg_stat_replication`: who receives WAL from this server. */
export const replication: StatTable = {
  part: 'replication',
  needs: () => [selectable('pg_stat_replication'), selectable('pg_replication_slots'), readsAllStats],
  texts: {
    application_name: 'r.application_name',
    client_addr: 'pg_catalog.host(r.client_addr)',
    state: 'r.state',
    slot_name: 's.slot_name',
  },
  // Of two receivers that no label tells apart the one further behind counts.
  from: () => `pg_catalog.pg_stat_replication r
    LEFT JOIN pg_catalog.pg_replication_slots s ON s.active_pid = r.pid ORDER BY r.replay_lsn, r.pid`,
  cardinality: 'node',
  columns: [
    sender(
      'pg_current_wal_lsn_bytes',
      'gauge',
      'WAL position of this server in bytes.',
      bytesOf(ownPosition),
    ),
    sender(
      'pg_wal_lsn_diff',
      'gauge',
      'Bytes of WAL that the receiver has not replayed yet; NaN when it does not say.',
      bytesBehind('r.replay_lsn'),
    ),
    sender(
      'reply_time',
      'unknown',
      'When the receiver sent its last reply, seconds since 1970.',
      'pg_catalog.floor(extract(epoch FROM r.reply_time))',
    ),
  ],
};

const slotLabels = ['slot_name', 'slot_type'];

/** Figures that 0.12 to 0.19 call pg_replication_slot_* and 0.20 calls pg_replication_slots_*. */
function laterSlotColumns(prefix: string): readonly StatColumn[] {
  const later = (
    name: string,
    help: string,
    sql: string,
    labels: readonly string[] = slotLabels,
  ): StatColumn => ({
    name: `${prefix}_${name}`,
    type: 'gauge',
    help,
    sql: () => sql,
    whenNull: 'absent',
    labels,
  });
  return [
    later('slot_current_wal_lsn', 'WAL position of this server in bytes.', bytesOf(ownPosition)),
    later(
      'slot_confirmed_flush_lsn',
      'Position in bytes up to which the reader of an active logical slot has confirmed WAL.',
      `CASE WHEN s.active THEN ${bytesOf('s.confirmed_flush_lsn')} END`,
    ),
    later('slot_is_active', 'Whether a receiver uses the slot.', 's.active::int4'),
    later(
      'safe_wal_size_bytes',
      'Bytes of WAL that may still be written before the slot is lost.',
      's.safe_wal_size',
    ),
    later(
      'wal_status',
      'Whether the WAL that the slot needs is there, as label; the value is 1.',
      'CASE WHEN s.wal_status IS NOT NULL THEN 1 END',
      [...slotLabels, 'wal_status'],
    ),
  ];
}

const slot = (name: string, help: string, sql: string): StatColumn => ({
  name: `pg_replication_slots_${name}`,
  type: 'gauge',
  help,
  sql: () => sql,
  whenNull: 'nan',
  labels: ['slot_name', 'database'],
});

/** `pg_replication_slots`. */
export const replicationSlots: StatTable = {
  part: 'replication_slots',
  needs: () => [selectable('pg_replication_slots')],
  texts: {
    slot_name: 's.slot_name',
    database: 's.database',
    slot_type: 's.slot_type',
    wal_status: 's.wal_status',
  },
  from: () => 'pg_catalog.pg_replication_slots s ORDER BY s.slot_name',
  cardinality: 'node',
  columns: [
    slot('active', 'Whether a receiver uses the slot.', 's.active::int4'),
    slot(
      'pg_wal_lsn_diff',
      'Bytes of WAL that the slot holds back; NaN for one not used yet.',
      bytesBehind('s.restart_lsn'),
    ),
    ...laterSlotColumns('pg_replication_slots'),
    ...laterSlotColumns('pg_replication_slot'),
  ],
};
