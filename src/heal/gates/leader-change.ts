import { formatDuration } from '../../settings/duration.ts';
import { agoText, type Gate, isLongAgo, pass, refuse, unread } from '../gate.ts';

/** G3: no process of the controller took over of late, by what is written in its database. */
export const leaderChangeGate: Gate = {
  id: 'G3',
  name: 'leader change',
  judge(_, { readings, looks, policy: { limits }, nowMs }) {
    const limit = `at least ${formatDuration(limits.quiet)} ago`;
    const row = readings.one('leader')?.reading;
    if (row === undefined) return unread(looks, 'leader', limit);
    // Usual for a controller without peers: its start says all.
    if (row.leader === undefined) return pass('no leader is written down', limit);
    const value = agoText(nowMs - row.leader.startedAtMs);
    if (isLongAgo(row.leader.startedAtMs, nowMs, limits.quiet)) return pass(value, limit);
    return refuse('leader_changed', value, limit, 'wait');
  },
};
