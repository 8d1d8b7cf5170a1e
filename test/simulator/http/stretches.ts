import type { Lab, LabOptions } from './lab.ts';
import { recordedPlacements } from './recorded.ts';

/** A stretch of the recording, replayed in one world. */
export interface Stretch {
  readonly name: string;
  /** Seconds of the recording; every request between is replayed at its time. */
  readonly from: number;
  readonly to: number;
  readonly world: () => LabOptions;
  /** What was done to the cluster besides requests, at that second. */
  readonly acts?: readonly { readonly at: number; readonly act: (lab: Lab) => void }[];
}

type Arguments = Readonly<Record<string, string | number>>;

function broken(at: number, name: string, args: Arguments = {}) {
  return {
    at,
    act: ({ world }: Lab): void => {
      const problem = world.faults.on(name, args);
      if (problem !== undefined) throw new Error(problem);
    },
  };
}

function mended(at: number, name: string) {
  return {
    at,
    act: ({ world }: Lab): void => {
      const problem = world.faults.off(name);
      if (problem !== undefined) throw new Error(problem);
    },
  };
}

/** The tenant of a creation that was refused for want of nodes, and is there nevertheless. */
const unscheduled = {
  id: 'f'.repeat(32),
  shardCount: 0,
  shards: [{ attached: null, secondaries: [], preferredAz: null }],
};

/** Nearly all secondaries cold, as after a restart of the pageservers: drains skip them and are quick. */
const nearlyAllCold = (state: string) => () => ({
  initial: recordedPlacements(state, (tenantIndex) => tenantIndex % 15 !== 0),
});

const before = (state: string) => () => ({ initial: recordedPlacements(state) });

export const stretches: readonly Stretch[] = [
  { name: 'no pageservers yet', from: 0, to: 300, world: () => ({ pageservers: 0 }) },
  {
    name: 'creation, imbalance, fill, drain, policies, a panic',
    from: 440,
    to: 711,
    world: () => ({ initial: [unscheduled] }),
    // Nothing started the recorded controller again.
    acts: [broken(440, 'panic_restart', { after: 'never' })],
  },
  {
    name: 'paused, stopped and essential shards; node policies',
    from: 786,
    to: 802,
    world: before('after_storcon_restart'),
  },
  {
    name: 'a node down',
    from: 826,
    to: 851,
    world: before('before_node_down'),
    acts: [broken(827, 'node_down', { node: 3 })],
  },
  {
    name: 'a hook that answers 503, one that is slow, a controller killed in the middle of a fill',
    from: 900,
    to: 995,
    world: before('before_node_down'),
    acts: [
      broken(905.6, 'hook', { as: '503' }),
      mended(938.9, 'hook'),
      broken(964.05, 'hook', { as: 'slow' }),
      mended(972.35, 'hook'),
      broken(976.49, 'hook', { as: 'slow' }),
      broken(985, 'controller_restarted'),
      mended(988.8, 'hook'),
    ],
  },
  {
    name: 'splits, and creations over what is there',
    from: 1030,
    to: 1086,
    world: before('before_node_down'),
  },
  { name: 'deletion, creation, errors', from: 1121, to: 1216, world: before('warming_up') },
  {
    name: 'a node warming up',
    from: 1235,
    to: 1254,
    world: before('before_node_down'),
    acts: [broken(1245, 'node_warming', { node: 3 })],
  },
  {
    name: 'five hundred tenants drained, their node killed and filled again',
    from: 1386,
    to: 1426,
    world: nearlyAllCold('scale_filled'),
    acts: [broken(1392, 'node_down', { node: 3 }), mended(1415, 'node_down')],
  },
  {
    name: 'stepped down, and the database lost',
    from: 1470,
    to: 1576,
    world: before('before_node_down'),
    acts: [
      broken(1472, 'stepped_down', { leader: 'dead' }),
      mended(1473, 'stepped_down'),
      broken(1475, 'controller_restarted'),
      broken(1477, 'database_down'),
      mended(1570.1, 'database_down'),
    ],
  },
  {
    name: 'a fourth pageserver comes and goes',
    from: 2200,
    to: 2243,
    world: before('before_node_down'),
    acts: [{ at: 2205, act: ({ world }) => void world.joinPageserver('az-a') }],
  },
  {
    name: 'a reconcile that takes long, graceful migrations',
    from: 2243,
    to: 2305,
    world: before('before_node_down'),
    acts: [broken(2243.5, 'hook', { as: 'slow' }), mended(2253, 'hook')],
  },
  {
    name: 'placement policies, drains and fills with warm secondaries',
    from: 2382,
    to: 2421,
    world: nearlyAllCold('scale_filled'),
  },
  { name: 'safekeepers of a timeline', from: 2711, to: 2712, world: before('before_node_down') },
];
