import { z } from 'zod';
import { family } from '../../metrics/family.ts';
import { flag, sample, stateValues } from '../../metrics/samples.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';

const Instant = z.iso.datetime({ offset: true }).transform(Date.parse);

/** `GET /status` of compute_ctl (contract 4.4), only the fields we use. */
const Status = z.object({
  status: z.string().max(64),
  tenant: z.string().max(64).nullish(),
  timeline: z.string().max(64).nullish(),
  start_time: Instant.nullish(),
  last_active: Instant.nullish(),
  error: z.string().nullish(),
});

/** As compute_ctl spells them over HTTP; its own metrics write them with hyphens. */
const statuses = [
  'empty',
  'configuration_pending',
  'init',
  'running',
  'configuration',
  'failed',
  'termination_pending_fast',
  'termination_pending_immediate',
  'terminated',
  'refresh_configuration_pending',
  'refresh_configuration',
] as const;

export interface ComputeCtlReading extends ReadingBase {
  /** `running`, `configuration_pending`…; snake_case. */
  readonly status: string;
  readonly tenantId?: string | undefined;
  readonly timelineId?: string | undefined;
  readonly startedAtMs?: number | undefined;
  /** When somebody was last active; undefined: nobody since the start. */
  readonly lastActiveAtMs?: number | undefined;
  /** Whether it reports an error; its text is not kept: it may hold a connection string. */
  readonly error?: boolean | undefined;
}

type Input = TargetReading<ComputeCtlReading>;

const ctlStatus = family({
  name: 'neon_compute_ctl_status',
  type: 'gauge',
  help: 'Status of a compute as its compute_ctl tells it: 1 for the present value, 0 for the others.',
  labels: ['compute', 'status'],
  cardinality: 'node',
  samples: ({ target, reading }: Input) =>
    stateValues(statuses, reading.status).map((status) =>
      sample({ compute: target.name, status }, flag(status === reading.status)),
    ),
});

const lastActive = family({
  name: 'neon_compute_ctl_last_active_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When somebody was last active on a compute, as its compute_ctl tells it; absent when nobody was since its start.',
  labels: ['compute'],
  cardinality: 'node',
  samples: ({ target, reading }: Input) =>
    reading.lastActiveAtMs === undefined
      ? []
      : [sample({ compute: target.name }, reading.lastActiveAtMs / 1000)],
});

/** Sends no SQL and wakes nothing, so it runs under every `wake`. */
export const computeCtl = {
  name: 'compute_ctl',
  summary: 'Status and last activity of each compute, as its compute_ctl tells them over HTTP.',
  kind: 'compute_ctl',
  families: [ctlStatus, lastActive],
  async collect({ http, signal }): Promise<ComputeCtlReading> {
    const row = await http.getJson('/status', Status, signal);
    return {
      status: row.status,
      tenantId: row.tenant ?? undefined,
      timelineId: row.timeline ?? undefined,
      startedAtMs: row.start_time ?? undefined,
      lastActiveAtMs: row.last_active ?? undefined,
      error: row.error === undefined ? undefined : row.error !== null,
    };
  },
} as const satisfies Collector<ComputeCtlReading>;
