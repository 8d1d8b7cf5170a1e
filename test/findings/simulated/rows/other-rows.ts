import { isComputeRight } from '../mended.ts';
import { type FaultRow, fault, move, onSafekeeper, onTenant, type Place } from './fault-row.ts';

const settling = 'a compute that has just started is not judged for 2 min';

/** A list that reads the same from both ends is not wrong. */
function turnRound(place: Place): string | undefined {
  const nodes = place.tenant.shards.map(({ node_attached }) => node_attached);
  if (nodes.join() === nodes.toReversed().join()) return 'the list reads the same from both ends';
  return place.world.faults.on('compute_drift', onTenant(place));
}

export const otherRows: readonly FaultRow[] = [
  { name: 'safekeeper_down', begin: fault('safekeeper_down', onSafekeeper), finds: 'safekeeper_away' },
  {
    name: 'safekeeper_lag',
    begin: fault('safekeeper_lag', onSafekeeper),
    finds: undefined,
    about: 'not read: it would take a request a timeline',
  },
  {
    name: 'safekeepers_in_one_az',
    begin: fault('safekeepers_in_one_az'),
    finds: 'safekeepers_in_one_az',
  },
  { name: 'broker_down', begin: fault('broker_down'), finds: 'broker_away' },
  { name: 'compute_down', begin: fault('compute_down', onTenant), finds: 'compute_away' },
  {
    name: 'compute_restarted after a move',
    begin: async (place) => {
      const problem = move(place, place.single);
      await place.wait(60_000);
      return problem ?? place.world.faults.on('compute_restarted', { tenant: place.single.tenant_id });
    },
    finds: 'connstring_drift WRONG_NODE',
    orElse: 'connstring_drift',
    isMended: ({ world, single }) => isComputeRight(world, single),
    worldMs: 120_000,
    why: settling,
    also: ['misrouted_requests'],
    stays: true,
  },
  {
    name: 'compute_drift',
    begin: turnRound,
    finds: 'connstring_drift WRONG_ORDER',
    orElse: 'connstring_drift',
    amongMoves: ['lying_hook'],
    isMended: ({ world, tenant }) => isComputeRight(world, tenant),
    also: ['misrouted_requests'],
    stays: true,
  },
  {
    name: 'compute_status as=failed',
    begin: fault('compute_status', ({ tenant }) => ({ tenant: tenant.tenant_id, as: 'failed' })),
    finds: undefined,
    about: 'it goes on answering SQL',
  },
];
