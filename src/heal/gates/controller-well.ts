import { leaders, leadingMetrics } from '../controllers.ts';
import { type Gate, pass, refuse, unread, type Verdict } from '../gate.ts';
import type { HealInput } from '../input.ts';

const limit = 'exactly one ready and leading; for moves nothing pending and nothing stuck';
const wait = 'see `neonwatch doctor` for the storage controller';

function movesFree({ readings, looks }: HealInput): Verdict | undefined {
  const leading = leadingMetrics(readings)?.reading;
  if (leading === undefined) return unread(looks, 'controller_metrics', limit);
  const { pendingReconciles: pending, stuckReconciles: stuck } = leading;
  if (pending === undefined || stuck === undefined) {
    return refuse('unreadable', 'its metrics have no pending or stuck reconciles', limit, wait);
  }
  if (pending === 0 && stuck === 0) return undefined;
  return refuse(
    'controller_unwell',
    `${pending} reconciles pending, ${stuck} stuck`,
    limit,
    'wait until both are 0',
  );
}

/** G7: one storage controller leads, and where shards move it has nothing else to do. */
export const controllerWellGate: Gate = {
  id: 'G7',
  name: 'controller well',
  judge({ action }, input) {
    const { readings, looks } = input;
    if (readings.all('controller_health').length === 0) return unread(looks, 'controller_health', limit);
    const { live, unknown } = leaders(readings, looks);
    if (unknown.length > 0) {
      const value = `whether ${unknown.join(', ')} leads is not known`;
      return refuse('unreadable', value, limit, 'bring it back, or take it out of storageController.peers');
    }
    if (live.length !== 1) return refuse('controller_unwell', `${live.length} lead`, limit, wait);
    const busy = action.movesShards ? movesFree(input) : undefined;
    return busy ?? pass(`${live[0]} leads`, limit);
  },
};
