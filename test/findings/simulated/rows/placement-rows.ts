import { hasOneOwner, isAtHome, isHeldAsMeant, isSpread } from '../mended.ts';
import { type FaultRow, fault, moved, onNode, onTenant } from './fault-row.ts';

export const placementRows: readonly FaultRow[] = [
  {
    name: 'split_brain',
    begin: fault('split_brain', onTenant),
    finds: 'split_brain same_generation',
    amongMoves: ['stale_generation'],
    isMended: ({ world, tenant }) => hasOneOwner(world, tenant),
  },
  {
    name: 'stale_generation',
    begin: fault('stale_generation', onTenant),
    finds: 'stale_generation',
    isMended: ({ world, tenant }) => isHeldAsMeant(world, tenant),
  },
  {
    name: 'orphan_location',
    begin: fault('orphan_location', onTenant),
    finds: 'orphan_location not_intended',
    isMended: ({ world, tenant }) => isHeldAsMeant(world, tenant),
  },
  {
    name: 'unknown_location',
    begin: fault('unknown_location', onNode),
    finds: 'orphan_location unknown_tenant',
  },
  {
    name: 'intent_contradicted',
    begin: fault('intent_contradicted', onTenant),
    finds: 'intent_contradicted absent',
    isMended: ({ world, tenant }) => isHeldAsMeant(world, tenant),
    also: ['misrouted_requests'],
  },
  {
    name: 'secondaries_missing',
    begin: fault('secondaries_missing', onTenant),
    finds: 'missing_secondaries',
  },
  {
    name: 'az_violation',
    begin: fault('az_violation', onTenant),
    finds: 'az_violation',
    amongMoves: ['pair_in_one_az'],
    isShared: true,
    isMended: ({ world, tenant }) => isAtHome(world, tenant),
    also: moved,
  },
  {
    name: 'pair_in_one_az',
    begin: fault('pair_in_one_az', onTenant),
    finds: 'pair_in_one_az',
    isShared: true,
    isMended: ({ world, tenant }) => isSpread(world, tenant),
    also: moved,
  },
  {
    name: 'reconcile_stuck',
    begin: fault('reconcile_stuck', onTenant),
    finds: 'reconcile_stuck long_running',
    worldMs: 120_000,
    why: 'the controller calls it long after 2 min',
  },
  {
    name: 'reconcile_stuck as=failing',
    begin: fault('reconcile_stuck', ({ tenant }) => ({ tenant: tenant.tenant_id, as: 'failing' })),
    finds: 'reconcile_stuck failing',
    worldMs: 220_000,
    why: 'the controller calls it stuck after ten failures, one each 20 s',
  },
  { name: 'metadata_unhealthy', begin: fault('metadata_unhealthy', onTenant), finds: undefined },
];
