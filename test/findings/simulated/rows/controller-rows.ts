import { type FaultRow, fault, homeless, type Place } from './fault-row.ts';

/** Both are accepted; the fill has nothing to do, the controller panics at its end, and the drain stays as it is stored. */
function fillAndDrain({ world, node }: Place): string | undefined {
  const other = world.controller.nodes().find(({ id }) => id !== node)?.id ?? node;
  const problem = world.faults.on('operation_race', { ms: 50 });
  world.controller.fill(other);
  world.controller.drain(node);
  return problem;
}

export const controllerRows: readonly FaultRow[] = [
  { name: 'controller_down', begin: fault('controller_down'), finds: 'controller_away' },
  { name: 'controller_hung', begin: fault('controller_hung'), finds: 'controller_away' },
  { name: 'controller_restarted', begin: fault('controller_restarted'), finds: undefined, stays: true },
  { name: 'controller_panicked', begin: fault('controller_panicked'), finds: undefined, stays: true },
  {
    name: 'controller_panicked, panic_restart after=never',
    begin: ({ world }) =>
      world.faults.on('panic_restart', { after: 'never' }) ?? world.faults.on('controller_panicked'),
    finds: 'controller_away',
    stays: true,
  },
  {
    name: 'PUT policy Attached:2',
    begin: ({ world, tenant }) => {
      world.controller.setPolicy(tenant.tenant_id, { placement: { Attached: 2 } });
      return undefined;
    },
    finds: 'controller_away',
    worldMs: 1_500_000,
    why: 'between two panics it answers for 0.3 s of 1.3 s, and a look that meets it then begins the hold anew',
    also: ['controller_not_ready'],
    stays: true,
  },
  {
    name: 'operation_race, fill and drain',
    begin: fillAndDrain,
    finds: 'node_stuck draining',
    worldMs: 780_000,
    why: 'the drain, and 10 min after the last shard that moved',
    also: homeless,
    isQuiet: true,
    stays: true,
  },
  { name: 'controller_not_ready', begin: fault('controller_not_ready'), finds: 'controller_not_ready' },
  { name: 'cold_start', begin: fault('cold_start'), finds: 'missing_secondaries', stays: true },
  { name: 'stepped_down', begin: fault('stepped_down'), finds: 'no_leader' },
  {
    name: 'stepped_down leader=itself',
    begin: fault('stepped_down', () => ({ leader: 'itself' })),
    finds: 'no_leader',
  },
  {
    name: 'stepped_down leader=alive',
    begin: fault('stepped_down', () => ({ leader: 'alive' })),
    finds: undefined,
    about: 'requests are forwarded to a leader, though it is none that is configured',
  },
  { name: 'candidate', begin: fault('candidate'), finds: 'no_leader' },
  { name: 'leader_missing', begin: fault('leader_missing'), finds: undefined, about: 'usual without peers' },
  {
    name: 'two_leaders',
    begin: fault('two_leaders'),
    finds: 'two_leaders other_in_database',
    worldMs: 60_000,
    why: 'the leader is asked for once a minute',
  },
  {
    name: 'database_down',
    begin: fault('database_down'),
    finds: 'controller_database_away',
    worldMs: 90_000,
    why: 'the leader is asked for once a minute, and the answer takes 30 s',
  },
  {
    name: 'open_without_auth',
    begin: fault('open_without_auth'),
    finds: 'controller_open',
  },
];
