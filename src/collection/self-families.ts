import { type SetAsideReason, skipReasons } from '../collectors/collector.ts';
import { failureReasons } from '../errors.ts';
import { family } from '../metrics/family.ts';
import { flag, sample } from '../metrics/samples.ts';
import type { JobStatus } from './job.ts';

const setAsideReasons: readonly SetAsideReason[] = ['duplicate', 'bad_id', 'bad_line'];

/** The two labels that every one of these has. */
function labelsOf({ collector, target }: JobStatus) {
  return { collector, target: target.name };
}

const shape = { labels: ['collector', 'target'], cardinality: 'process' } as const;

/** A value of each job as one sample; none for a job that does not have it yet. */
function perJob(pick: (status: JobStatus) => number | undefined) {
  return function* samples(statuses: readonly JobStatus[]) {
    for (const status of statuses) {
      const value = pick(status);
      if (value !== undefined) yield sample(labelsOf(status), value);
    }
  };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

const up = family({
  ...shape,
  name: 'neonwatch_collector_up',
  type: 'gauge',
  help: 'Whether the last run of a collector at a target succeeded; absent before the first has ended.',
  samples: perJob((status) => (status.up === undefined ? undefined : flag(status.up))),
});

const duration = family({
  ...shape,
  name: 'neonwatch_collector_duration_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'Duration of the last run of a collector at a target, failed ones included.',
  samples: perJob((status) => seconds(status.durationMs)),
});

const attempts = family({
  ...shape,
  name: 'neonwatch_collector_attempts_total',
  type: 'counter',
  help: 'Runs of a collector at a target, skipped ones not included.',
  samples: perJob((status) => status.attempts),
});

const failures = family({
  name: 'neonwatch_collector_failures_total',
  type: 'counter',
  help: 'Failed runs of a collector at a target by reason.',
  labels: ['collector', 'target', 'reason'],
  cardinality: 'process',
  *samples(statuses: readonly JobStatus[]) {
    for (const status of statuses) {
      for (const reason of failureReasons) {
        yield sample({ ...labelsOf(status), reason }, status.failures.get(reason) ?? 0);
      }
    }
  },
});

const skipped = family({
  name: 'neonwatch_collector_skipped_total',
  type: 'counter',
  help: 'Runs of a collector at a target that were not made, by reason: still_running when the former run was under way, waiting_for_locations before the first locations were read, suspended when a look would wake or keep awake a compute.',
  labels: ['collector', 'target', 'reason'],
  cardinality: 'process',
  *samples(statuses: readonly JobStatus[]) {
    for (const status of statuses) {
      for (const reason of skipReasons) {
        yield sample({ ...labelsOf(status), reason }, status.skipped.get(reason) ?? 0);
      }
    }
  },
});

const lastAttempt = family({
  ...shape,
  name: 'neonwatch_collector_last_attempt_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When the last run of a collector at a target began.',
  samples: perJob((status) => seconds(status.lastAttemptAtMs)),
});

const lastSuccess = family({
  ...shape,
  name: 'neonwatch_collector_last_success_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When a collector last read a target whole; absent when it never did.',
  samples: perJob((status) => seconds(status.lastSuccessAtMs)),
});

const setAside = family({
  name: 'neonwatch_collector_rows_set_aside',
  type: 'gauge',
  help: 'Rows that the last successful run of a collector at a target left out: duplicate, with an id that is none, or lines of a metrics page that are none.',
  labels: ['collector', 'target', 'reason'],
  cardinality: 'process',
  *samples(statuses: readonly JobStatus[]) {
    for (const status of statuses) {
      if (status.lastSuccessAtMs === undefined) continue;
      for (const reason of setAsideReasons) {
        yield sample({ ...labelsOf(status), reason }, status.setAside[reason] ?? 0);
      }
    }
  },
});

const partSkipped = family({
  name: 'neonwatch_collector_part_skipped',
  type: 'gauge',
  help: 'A part that the last successful run of a collector could not have, and why: an extension, object or grant is missing, or it is not for this server. Always 1; absent when the part was read.',
  labels: ['collector', 'target', 'part', 'reason'],
  cardinality: 'process',
  *samples(statuses: readonly JobStatus[]) {
    for (const status of statuses) {
      for (const { part, reason } of status.skippedParts) {
        yield sample({ ...labelsOf(status), part, reason }, 1);
      }
    }
  },
});

const targetInfo = family({
  name: 'neonwatch_target_info',
  type: 'info',
  help: 'A target that is watched, under its announced address, and the address that is dialled for it.',
  labels: ['target', 'kind', 'dialled'],
  cardinality: 'process',
  *samples(statuses: readonly JobStatus[]) {
    const seen = new Set<string>();
    for (const { target } of statuses) {
      const key = `${target.kind} ${target.name}`;
      if (seen.has(key)) continue;
      seen.add(key);
      yield sample({ target: target.name, kind: target.kind, dialled: URL.parse(target.url)?.host ?? '' }, 1);
    }
  },
});

/** The version that is running. */
export const buildInfo = family({
  name: 'neonwatch_build_info',
  type: 'info',
  help: 'The version of neonwatch that made this exposition.',
  labels: ['version'],
  cardinality: 'process',
  samples: (version: string) => [sample({ version }, 1)],
});

/** What neonwatch says of its own looking: honest freshness for each collector and target. */
export const collectionFamilies = [
  up,
  duration,
  attempts,
  failures,
  skipped,
  lastAttempt,
  lastSuccess,
  setAside,
  partSkipped,
  targetInfo,
];
