import { formatDuration } from '../../settings/duration.ts';
import { agoText, type Gate, isLongAgo, pass, refuse, waived } from '../gate.ts';

/** G3: neonwatch itself has been looking for a while. */
export const healerStartGate: Gate = {
  id: 'G3',
  name: 'healer start',
  judge(_, { policy: { limits }, nowMs, watchingSinceMs, isByHand }) {
    const limit = `at least ${formatDuration(limits.quiet)} ago`;
    const value = agoText(nowMs - watchingSinceMs);
    if (isLongAgo(watchingSinceMs, nowMs, limits.quiet)) return pass(value, limit);
    return isByHand ? waived(value, limit) : refuse('healer_started', value, limit, 'wait');
  },
};
