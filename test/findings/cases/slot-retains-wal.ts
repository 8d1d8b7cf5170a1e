import { slotRetainsWal } from '../../../src/alerts/detectors/compute/slot-retains-wal.ts';
import { compute, server } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

const gib = 2 ** 30;

function slot(bytes: number | null, isActive: boolean, walStatus = 'reserved') {
  return {
    texts: { slot_name: 'reports', database: 'shop', slot_type: 'logical', wal_status: walStatus },
    values: {
      pg_replication_slots_active: isActive ? 1n : 0n,
      pg_replication_slots_pg_wal_lsn_diff: bytes === null ? null : BigInt(bytes),
      pg_replication_slots_wal_status: 1n,
    },
  };
}
const held = (bytes: number | null, isActive = false, walStatus = 'reserved') => [
  server({ replication_slots: [slot(bytes, isActive, walStatus)] }),
];
const forMs = 330_000;

export const cases: FindingCases = {
  detector: slotRetainsWal,
  cases: [
    {
      name: 'does not fire without a slot',
      steps: [{ forMs, world: [server({ replication_slots: [] })] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire for a slot that keeps up',
      steps: [{ forMs, world: held(gib, true) }],
      firing: [],
    },
    {
      name: 'fires when nobody reads it and it holds ten gigabytes',
      steps: [{ forMs, world: held(10 * gib) }],
      firing: ['compute main [inactive]'],
    },
    { name: 'does not fire a byte below', steps: [{ forMs, world: held(10 * gib - 1) }], firing: [] },
    {
      name: 'fires when its reader is as far behind',
      steps: [{ forMs, world: held(20 * gib, true) }],
      firing: ['compute main [behind]'],
    },
    {
      name: 'fires when WAL it needs is lost, however little it holds',
      steps: [{ forMs, world: held(null, false, 'lost') }],
      firing: ['compute main [lost]'],
    },
    {
      name: 'fires when that WAL is about to be lost',
      steps: [{ forMs, world: held(gib, true, 'unreserved') }],
      firing: ['compute main [lost]'],
    },
    { name: 'does not fire for one that was never used', steps: [{ forMs, world: held(null) }], firing: [] },
    {
      name: 'does not fire for a reader that is away for five minutes',
      steps: [{ forMs: 300_000, world: held(11 * gib) }],
      firing: [],
    },
    {
      name: 'fires where less is too much',
      thresholds: { compute: { slotRetainedMax: '1GiB' } },
      steps: [{ forMs, world: held(gib) }],
      firing: ['compute main [inactive]'],
      onlyDetector: 'the rule has the default threshold',
    },
    {
      name: 'resolves when the slot was dropped',
      steps: [
        { forMs, world: held(10 * gib) },
        { forMs: 480_000, world: [server({ replication_slots: [] })] },
      ],
      firing: [],
    },
    {
      name: 'says unknown when it may not see slots',
      steps: [
        {
          forMs: 60_000,
          world: [server({}, { skippedParts: [{ part: 'replication_slots', reason: 'no_privilege' }] })],
        },
      ],
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'says unknown of a server that cannot be read',
      steps: [{ forMs: 60_000, world: [failure('postgres', compute, 'refused')] }],
      firing: [],
      unknown: ['*'],
    },
  ],
};
