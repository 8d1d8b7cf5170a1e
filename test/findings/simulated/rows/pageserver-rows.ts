import { type FaultRow, fault, homeless, moved, onNode } from './fault-row.ts';

const heartbeats = 'the controller takes 30 s without a heartbeat, and up to 9 s more, to call it Offline';
const offline = { finds: 'node_offline', worldMs: 40_000, why: heartbeats };

export const pageserverRows: readonly FaultRow[] = [
  { name: 'node_down', begin: fault('node_down', onNode), ...offline, also: moved },
  { name: 'node_hung', begin: fault('node_hung', onNode), ...offline, also: moved },
  {
    name: 'node_slow ms=500',
    begin: fault('node_slow', ({ node }) => ({ node, ms: 500 })),
    finds: undefined,
  },
  {
    name: 'node_slow',
    begin: fault('node_slow', onNode),
    ...offline,
    about: 'a second is too late for a heartbeat: the controller gives it up',
    also: [...moved, 'stale_generation', 'pageserver_away'],
  },
  { name: 'node_restarted', begin: fault('node_restarted', onNode), finds: undefined, stays: true },
  {
    name: 'node_warming',
    begin: fault('node_warming', onNode),
    finds: 'node_offline',
    worldMs: 310_000,
    why: 'it may be WarmingUp for 5 min',
    also: moved,
  },
  {
    name: 'warming_stuck',
    begin: fault('warming_stuck', onNode),
    finds: 'node_stuck warming_up',
    worldMs: 600_000,
    why: 'twice what a healthy start may take',
    also: ['reconcile_stuck'],
  },
  {
    name: 'cold_secondaries',
    begin: fault('cold_secondaries', onNode),
    finds: 'cold_secondary',
    isShared: true,
    also: homeless,
  },
  {
    name: 'node_flapping',
    begin: fault('node_flapping', onNode),
    finds: 'node_flapping',
    worldMs: 330_000,
    why: 'five changes, one a minute',
    also: ['node_offline', 'cold_secondary', ...moved],
  },
  ...['Draining', 'Filling', 'Deleting'].map(
    (as): FaultRow => ({
      name: `node_policy as=${as}`,
      begin: fault('node_policy', ({ node }) => ({ node, as })),
      finds: `node_stuck ${as.toLowerCase()}`,
      worldMs: 720_000,
      why: 'an operation is waited for 10 min after the last shard that moved, and the optimizer may move one first',
      also: homeless,
      isQuiet: true,
    }),
  ),
  {
    name: 'node_policy as=PauseForRestart',
    begin: fault('node_policy', ({ node }) => ({ node, as: 'PauseForRestart' })),
    finds: 'pause_for_restart_forgotten',
    also: homeless,
    isQuiet: true,
  },
  {
    name: 'node_policy as=Pause',
    begin: fault('node_policy', ({ node }) => ({ node, as: 'Pause' })),
    finds: undefined,
    about: 'somebody means it so',
  },
  { name: 'nothing_schedulable', begin: fault('nothing_schedulable'), finds: 'nothing_schedulable' },
  {
    name: 'node_down of all but one',
    begin: ({ world, node }) => {
      for (const { id } of world.pageservers()) if (id !== node) world.faults.on('node_down', { node: id });
      return undefined;
    },
    finds: 'last_node_standing',
    worldMs: 40_000,
    why: heartbeats,
    also: ['node_offline', ...moved],
  },
];
