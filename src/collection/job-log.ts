import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { createRepeatLimit } from '../log.ts';
import type { JobStatus } from './job.ts';

/**
 * Writes a line when a job begins to fail, fails otherwise than before, has failed for ten more minutes,
 * or is well again. The only place where failures of collectors are logged.
 */
export function createJobLog(logger: Logger, clock: Clock): (status: JobStatus) => void {
  const limit = createRepeatLimit(clock);
  const failing = new Set<string>();
  return ({ collector, target, up, lastError }) => {
    const subject = `${collector} ${target.name}`;
    const about = { collector, target: target.name };
    if (lastError !== undefined) {
      failing.add(subject);
      const { reason, message } = lastError;
      const admitted = limit.admit(subject, `${reason} ${message}`);
      if (admitted !== undefined)
        logger.warn({ ...about, reason, error: message, ...admitted }, 'collector failed');
      return;
    }
    if (up !== true || !failing.delete(subject)) return;
    limit.admit(subject, 'up');
    logger.info(about, 'collector is well again');
  };
}
