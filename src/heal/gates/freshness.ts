import type { Observation } from '../../collection/store.ts';
import type { CollectorName } from '../../collectors/registry.ts';
import { formatDuration } from '../../settings/duration.ts';
import { agoText, type Candidate, type Gate, pass, refuse, unread } from '../gate.ts';
import type { HealInput } from '../input.ts';

/** Of the computes only the one that would be acted on counts; of everything else all. */
function relevant(
  name: CollectorName,
  { target }: Candidate,
  { readings }: HealInput,
): readonly Observation<unknown>[] {
  const all: readonly Observation<unknown>[] = readings.all(name);
  const isOwn = name === 'compute_settings' && target.kind === 'compute';
  return isOwn ? all.filter((one) => one.target.name === target.name) : all;
}

/**
 * G5: every reading that the action rests on is there and fresh, counted from its first request: a look that took long
 * is as old as its beginning.
 */
export const freshnessGate: Gate = {
  id: 'G5',
  name: 'fresh',
  judge(candidate, input) {
    const { looks, nowMs, policy } = input;
    const limit = `every reading at most ${formatDuration(policy.limits.freshness)} old`;
    let oldestMs = 0;
    for (const name of candidate.action.needs) {
      const found = relevant(name, candidate, input);
      if (found.length === 0) return unread(looks, name, limit);
      for (const { firstReadAtMs, target } of found) {
        const ageMs = nowMs - firstReadAtMs;
        const isFresh = ageMs >= 0 && ageMs <= policy.limits.freshness;
        if (!isFresh) {
          const value = `${name} of ${target.name} was read ${agoText(ageMs)}`;
          return refuse('stale', value, limit, `have ${name} read again`);
        }
        oldestMs = Math.max(oldestMs, ageMs);
      }
    }
    return pass(`the oldest was read ${agoText(oldestMs)}`, limit);
  },
};
