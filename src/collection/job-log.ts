import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { createRepeatLimit } from '../log.ts';
import type { JobStatus } from './job.ts';

/**
 * Writes a line when a job begins to fail, fails otherwise than before, has failed for ten more minutes,
 * or is well again. What several collectors of a target say in the same words, such as that it is down, is said once.
 * The only place where failures of collectors are logged.
 */
export function createJobLog(logger: Logger, clock: Clock): (status: JobStatus) => void {
  const limit = createRepeatLimit(clock);
  /** What each failing collector said last. */
  const failing = new Map<string, string>();
  const sentences = createRepeatLimit(clock);
  return ({ collector, target, up, lastError }) => {
    const subject = `${collector} ${target.name}`;
    const about = { collector, target: target.name };
    if (lastError !== undefined) {
      const { reason, message } = lastError;
      failing.set(subject, message);
      const admitted = limit.admit(subject, `${reason} ${message}`);
      if (admitted !== undefined && sentences.admit(`${target.name} ${message}`, ''))
        logger.warn({ ...about, reason, error: message, ...admitted }, 'collector failed');
      return;
    }
    const said = failing.get(subject);
    if (up !== true || said === undefined) return;
    failing.delete(subject);
    // Whoever says it next says something new.
    limit.admit(subject, 'up');
    sentences.admit(`${target.name} ${said}`, 'over');
    logger.info(about, 'collector is well again');
  };
}
