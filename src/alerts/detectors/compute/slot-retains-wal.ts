import type { Detector } from '../../detector.ts';
import type { Finding, Subject } from '../../finding.ts';
import { psqlCommand, sqlText } from './compute-facts.ts';
import { figure, type PostgresObservation, partRows, perServer, type StatRow } from './postgres-server.ts';

const slotsShown = 5;

interface Slot {
  readonly name: string;
  readonly type: string;
  readonly isActive: boolean;
  readonly retainedBytes: number;
  /** `reserved`, `extended`, `unreserved`, `lost`; empty before Postgres 13. */
  readonly walStatus: string;
}

function slotOf(row: StatRow): Slot {
  return {
    name: row.texts['slot_name'] ?? '',
    type: row.texts['slot_type'] ?? '',
    isActive: figure(row, 'pg_replication_slots_active') === 1,
    retainedBytes: figure(row, 'pg_replication_slots_pg_wal_lsn_diff') ?? 0,
    walStatus: row.texts['wal_status'] ?? '',
  };
}

const isLost = ({ walStatus }: Slot) => walStatus === 'lost' || walStatus === 'unreserved';
const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

function sentence(subject: Subject, slot: Slot): string {
  const server = subject.kind === 'compute' ? `compute ${subject.name}` : "the storage controller's database";
  if (isLost(slot)) {
    return `Slot ${slot.name} of ${server} has lost WAL that its reader still needs (${slot.walStatus}): the reader cannot go on and has to be set up anew.`;
  }
  const reader = slot.isActive ? 'whose reader is far behind' : 'that nobody reads';
  return `Slot ${slot.name} of ${server}, ${reader}, holds back ${gib(slot.retainedBytes)} of WAL: it grows until the disk is full.`;
}

/** Neon's own slot of each compute: it moves on as safekeepers get the WAL, and dropping it stops all writes. */
const ownSlot = 'wal_proposer_slot';

function readerSteps(subject: Subject, { name, isActive }: Slot): Finding['remedy'] {
  if (name === ownSlot) {
    return [
      {
        text: 'This slot is of Neon itself: it holds the WAL that safekeepers lack. See that all of them answer; never drop it.',
        command: 'neonwatch doctor',
      },
    ];
  }
  return [
    isActive
      ? {
          text: 'Find out why its reader is slow: its own load, the network, or an error that it meets again and again.',
        }
      : { text: 'Start its reader again if there still is one.' },
    {
      text: 'Only when its reader is gone for good: drop the slot. The WAL goes at the next checkpoint.',
      command: psqlCommand(subject, `SELECT pg_drop_replication_slot(${sqlText(name)})`),
    },
  ];
}

function retains(
  subject: Subject,
  slots: readonly Slot[],
  worst: Slot,
  server: PostgresObservation,
): Finding {
  return {
    subject,
    severity: 'warning',
    className: isLost(worst) ? 'lost' : worst.isActive ? 'behind' : 'inactive',
    summary: sentence(subject, worst),
    evidence: slots.slice(0, slotsShown).flatMap((slot) => [
      {
        what: `held back by slot ${slot.name} (${slot.type}, ${slot.isActive ? 'active' : 'inactive'})`,
        value: slot.retainedBytes,
        unit: 'bytes',
        source: 'pg_replication_slots',
        atMs: server.lastReadAtMs,
      },
      ...(slot.walStatus === ''
        ? []
        : [
            {
              what: `WAL of slot ${slot.name}`,
              value: slot.walStatus,
              source: 'pg_replication_slots.wal_status',
            },
          ]),
    ]),
    remedy: [
      {
        text: 'See the slots, and who reads which.',
        command: psqlCommand(
          subject,
          'SELECT s.slot_name, s.slot_type, s.active, s.wal_status, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)) AS held, r.application_name, r.client_addr FROM pg_replication_slots s LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid ORDER BY s.restart_lsn',
        ),
      },
      ...readerSteps(subject, worst),
    ],
    avoid: [
      { what: 'deleting files in pg_wal', why: 'the server needs them to start after a crash' },
      {
        what: 'dropping the slot of a reader that is merely away',
        why: 'it has to copy everything again, and a subscriber misses what was written meanwhile',
      },
    ],
  };
}

/** A replication slot that keeps WAL from being removed, or has lost some. */
export const slotRetainsWal: Detector = {
  id: 'slot_retains_wal',
  alert: 'NeonSlotRetainsWal',
  layer: 'compute',
  severity: 'warning',
  summary: 'A replication slot holds back much WAL, or has lost WAL that its reader needs.',
  classes: ['inactive', 'behind', 'lost'],
  needs: ['postgres'],
  hold: { forMs: 300_000, keepFiringMs: 120_000 },
  explainedBy: [],
  detect(input) {
    const { slotRetainedMax } = input.thresholds.compute;
    return perServer(input, (server, subject) => {
      const rows = partRows(server, 'replication_slots');
      if (typeof rows === 'string') return { unknown: [{ subject, missing: [rows] }] };
      const slots = rows
        .map(slotOf)
        .filter((slot) => isLost(slot) || slot.retainedBytes >= slotRetainedMax)
        .sort((left, right) => right.retainedBytes - left.retainedBytes);
      const worst = slots.find(isLost) ?? slots[0];
      return worst === undefined ? {} : { findings: [retains(subject, slots, worst, server)] };
    });
  },
};
