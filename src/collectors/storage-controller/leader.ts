import { z } from 'zod';
import { family } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';

/** `GET /control/v1/leader`: null whenever the controller runs without `--address-for-peers`. */
const Leader = z
  .object({ address: z.string(), started_at: z.iso.datetime({ offset: true }).transform(Date.parse) })
  .nullable();

export interface LeaderReading extends ReadingBase {
  /** Undefined: no leader is written down, which is usual for a single controller. */
  readonly leader: { readonly address: string; readonly startedAtMs: number } | undefined;
}

type Input = TargetReading<LeaderReading>;

const registered = family({
  name: 'neon_storage_controller_leader_registered',
  type: 'gauge',
  help: 'Whether a leader is written down in the controller database; 0 is usual without --address-for-peers.',
  labels: [],
  cardinality: 'cluster',
  samples: ({ reading }: Input) => [sample({}, flag(reading.leader !== undefined))],
});

const leaderInfo = family({
  name: 'neon_storage_controller_leader_info',
  type: 'info',
  help: 'Address of the leader written down in the controller database.',
  labels: ['address'],
  cardinality: 'cluster',
  samples: ({ reading }: Input) =>
    reading.leader === undefined ? [] : [sample({ address: reading.leader.address }, 1)],
});

const leaderStarted = family({
  name: 'neon_storage_controller_leader_started_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When the leader written down in the controller database took over.',
  labels: [],
  cardinality: 'cluster',
  samples: ({ reading }: Input) =>
    reading.leader === undefined ? [] : [sample({}, reading.leader.startedAtMs / 1000)],
});

/** Its own collector because the route takes 30 s to fail while the controller's database is away. */
export const leader = {
  name: 'leader',
  summary: 'The leader that is written down in the storage controller database.',
  kind: 'storage_controller',
  families: [registered, leaderInfo, leaderStarted],
  async collect({ http, signal }) {
    const row = await http.getJson('/control/v1/leader', Leader, signal);
    return { leader: row === null ? undefined : { address: row.address, startedAtMs: row.started_at } };
  },
} as const satisfies Collector<LeaderReading>;
