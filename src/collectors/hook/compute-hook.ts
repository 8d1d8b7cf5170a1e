import { family } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';
import { type Responding, readResponding } from '../responding.ts';

/** Whether something speaks HTTP where the hook should be; `status` is what it answered, mostly 404 or 405. */
export interface ComputeHookReading extends ReadingBase, Responding {}

const responding = family({
  name: 'neon_compute_hook_responding',
  type: 'gauge',
  help: 'Whether anything speaks HTTP where the compute hook should be; 0 when the connection is refused or nothing answers in time. It says nothing of what the hook does with a notification.',
  labels: ['target'],
  cardinality: 'cluster',
  samples: ({ target, reading }: TargetReading<ComputeHookReading>) => [
    sample({ target: target.name }, flag(reading.isResponding)),
  ],
});

/**
 * The hook has no route that only reads (contract 4.5), so any status of `GET /` counts as alive. Never a PUT: that
 * would be a notification, and computes would follow it.
 */
export const computeHook = {
  name: 'compute_hook',
  summary: 'Whether anything speaks HTTP where the compute hook should be.',
  kind: 'compute_hook',
  families: [responding],
  async collect({ http, signal }): Promise<ComputeHookReading> {
    return readResponding(http, '/', signal);
  },
} as const satisfies Collector<ComputeHookReading>;
