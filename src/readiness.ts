import type { JobStatus } from './collection/job.ts';
import type { CollectorStatus } from './http/landing.ts';

function hasRun({ attempts, skipped }: JobStatus): boolean {
  return attempts > 0 || skipped.size > 0;
}

/**
 * Why a scrape would not yet be complete: collectors that have not run once. A target that is down does not count:
 * that it is down is what the scrape has to say. Empty when ready.
 */
export function notReady(statuses: readonly JobStatus[], isStopping: boolean): readonly string[] {
  if (isStopping) return ['stopping'];
  if (statuses.length === 0) return ['no target yet'];
  return statuses
    .filter((status) => !hasRun(status))
    .map(({ collector, target }) => `${collector} at ${target.name} has not run yet`);
}

/** One line a collector and target, for people. */
export function collectorStatuses(statuses: readonly JobStatus[]): readonly CollectorStatus[] {
  return statuses.map((status) => {
    const [waiting] = status.skipped.keys();
    const pending = waiting === undefined ? 'has not run yet' : waiting.replaceAll('_', ' ');
    return {
      collector: status.collector,
      target: status.target.name,
      up: status.up,
      lastSuccessMs: status.lastSuccessAtMs,
      reason: status.lastError?.message ?? (status.up === undefined ? pending : undefined),
    };
  });
}
