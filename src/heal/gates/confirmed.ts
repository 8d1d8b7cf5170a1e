import { formatDuration } from '../../settings/duration.ts';
import { type Gate, pass, refuse, waived } from '../gate.ts';

/** G6: the finding fires, is there now, and has been known for long enough in readings enough. */
export const confirmedGate: Gate = {
  id: 'G6',
  name: 'confirmed',
  judge({ action: { kind }, shown: { alert } }, { policy, isByHand }) {
    const { confirmFor, confirmLooks } = policy.actions[kind];
    const limit = `firing, for ${formatDuration(confirmFor)} in ${confirmLooks} looks`;
    const { phase, isFrozen, goneMs, knownMs, samples } = alert;
    const value = `${phase}, for ${formatDuration(Math.max(0, Math.round(knownMs / 1000) * 1000))} in ${samples} ${samples === 1 ? 'look' : 'looks'}`;
    if (isFrozen) {
      return refuse('frozen', 'it could not be judged at the last look', limit, 'have it judged again');
    }
    if (goneMs !== 0) return refuse('not_confirmed', 'it was not there at the last look', limit, 'nothing');
    const isLong = phase === 'firing' && knownMs >= confirmFor && samples >= confirmLooks;
    if (isLong) return pass(value, limit);
    return isByHand
      ? waived(value, limit)
      : refuse('not_confirmed', value, limit, 'wait until it has lasted');
  },
};
