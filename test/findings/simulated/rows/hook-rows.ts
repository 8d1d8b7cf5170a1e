import { isComputeRight } from '../mended.ts';
import { tenantsOf } from '../operations.ts';
import { type FaultRow, fault, move, moved, onTenant, type Place } from './fault-row.ts';

function hookThenMove(as: string): FaultRow['begin'] {
  return (place) => place.world.faults.on('hook', { as }) ?? move(place, place.single);
}

/** It repeats what it was told before, so that it has to be told something before. */
async function sticky(place: Place): Promise<string | undefined> {
  const problem = move(place, place.single) ?? place.world.faults.on('hook', { as: 'sticky' });
  if (problem !== undefined) return problem;
  await place.wait(90_000);
  return move(place, place.single);
}

/** Where node ids rise with the shard numbers there is no order to lose. */
function loseOrder(place: Place): string | undefined {
  const { shards } = place.tenant;
  const rises = shards.every(
    ({ node_attached: id }, at) => at === 0 || (id ?? 0) > (shards[at - 1]?.node_attached ?? 0),
  );
  if (rises) return 'the shards are on rising node ids';
  return place.world.faults.on('hook', { as: 'order-losing' }) ?? move(place, place.tenant);
}

/**
 * A reconcile that ends after a notification has failed clears the flag of it (neon-contract.md 4.5), as in a split: then
 * the compute is never told, and the hook looks as if it had lied.
 */
const lostFlag = ['connstring_drift', 'lying_hook'];

export const hookRows: readonly FaultRow[] = [
  { name: 'hook as=dead', begin: fault('hook', () => ({ as: 'dead' })), finds: 'hook_away' },
  { name: 'hook as=slow, a move', begin: hookThenMove('slow'), finds: undefined, also: moved },
  ...['503', '423'].map(
    (as): FaultRow => ({
      name: `hook as=${as}, a move`,
      begin: hookThenMove(as),
      finds: 'reconcile_stuck long_running',
      worldMs: 150_000,
      why: 'the controller asks again without an end, and calls that long after 2 min',
      also: [
        'notification_pending',
        'notifications_failing',
        'misrouted_requests',
        'pair_in_one_az',
        ...lostFlag,
        ...moved,
      ],
    }),
  ),
  {
    name: 'hook as=400, a move',
    begin: hookThenMove('400'),
    finds: 'notification_pending',
    worldMs: 45_000,
    why: 'the move itself',
    also: [
      'notifications_failing',
      'reconcile_stuck',
      'misrouted_requests',
      'pair_in_one_az',
      ...lostFlag,
      ...moved,
    ],
  },
  {
    name: 'hook as=lying, a move',
    begin: hookThenMove('lying'),
    finds: 'lying_hook NOT_APPLIED',
    orElse: 'connstring_drift',
    isMended: ({ world, single }) => isComputeRight(world, single),
    worldMs: 45_000,
    why: 'the move itself',
    also: ['lying_hook', 'connstring_drift', 'misrouted_requests'],
    stays: true,
  },
  {
    name: 'hook as=sticky, two moves',
    begin: sticky,
    finds: 'lying_hook NOT_APPLIED',
    isMended: ({ world, single }) => isComputeRight(world, single),
    orElse: 'connstring_drift',
    worldMs: 45_000,
    why: 'the move itself',
    also: ['lying_hook', 'connstring_drift', 'misrouted_requests', ...moved],
    stays: true,
  },
  {
    name: 'hook as=order-losing, a move',
    begin: loseOrder,
    finds: 'lying_hook ORDER_LOST',
    isMended: ({ world, tenant }) => isComputeRight(world, tenant),
    orElse: 'connstring_drift',
    worldMs: 45_000,
    why: 'the move itself',
    also: ['lying_hook', 'connstring_drift', 'misrouted_requests', ...moved],
    stays: true,
  },
  {
    name: 'hook as=tenant-blind, a move',
    begin: hookThenMove('tenant-blind'),
    finds: 'lying_hook OTHER_TENANT',
    isMended: ({ world }) => tenantsOf(world).every((tenant) => isComputeRight(world, tenant)),
    orElse: 'connstring_drift',
    worldMs: 45_000,
    why: 'the move itself',
    also: ['lying_hook', 'connstring_drift', 'misrouted_requests', ...moved],
    stays: true,
  },
  {
    name: 'notification_pending',
    begin: fault('notification_pending', onTenant),
    finds: 'notification_pending',
    also: ['notifications_failing', 'reconcile_stuck'],
  },
];
