import { type Gate, pass, refuse, unread } from '../gate.ts';

/** Pageservers that must be Active for anything at all. */
const fewestActive = 2;

/** G8: many pageservers away is another fault than the one that is seen. Moves need every one of them. */
export const stormGate: Gate = {
  id: 'G8',
  name: 'storm',
  judge({ action }, { readings, looks }) {
    const limit = action.movesShards ? 'all, and at least 2' : 'two thirds, and at least 2';
    const nodes = readings.one('nodes')?.reading.nodes;
    if (nodes === undefined) return unread(looks, 'nodes', limit);
    const active = nodes.filter(({ availability }) => availability === 'Active').length;
    const value = `${active} of ${nodes.length} pageservers are Active`;
    const isPart = action.movesShards ? active === nodes.length : active * 3 >= nodes.length * 2;
    if (isPart && active >= fewestActive) return pass(value, limit);
    return refuse('storm', value, limit, 'bring the pageservers back first');
  },
};
