import { formatDuration } from '../../settings/duration.ts';
import { leadingMetrics } from '../controllers.ts';
import { agoText, type Gate, isLongAgo, pass, refuse, unread } from '../gate.ts';

/** G3: the storage controller has run for a while. After a start it tells every compute anew, by itself. */
export const controllerStartGate: Gate = {
  id: 'G3',
  name: 'controller start',
  judge(_, { readings, looks, policy: { limits }, nowMs }) {
    const limit = `at least ${formatDuration(limits.quiet)} ago`;
    const leading = leadingMetrics(readings);
    if (leading === undefined) return unread(looks, 'controller_metrics', limit);
    const { startedAtMs } = leading.reading;
    if (startedAtMs === undefined) {
      return refuse(
        'unreadable',
        'its metrics do not say when it started',
        limit,
        'have it export process_*',
      );
    }
    const value = agoText(nowMs - startedAtMs);
    if (isLongAgo(startedAtMs, nowMs, limits.quiet)) return pass(value, limit);
    return refuse('controller_started', value, limit, 'wait');
  },
};
