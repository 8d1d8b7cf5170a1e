import type { World } from '../../../src/simulator/world/api.ts';
import type { ShardDescription, TenantDescription } from '../../../src/simulator/world/wire.ts';
import { tenantsOf } from './operations.ts';

/** Whether what was broken is well again by what was under way: then nobody has to find it. */

export function shardsNow(world: World, { tenant_id: id }: TenantDescription): readonly ShardDescription[] {
  return tenantsOf(world).find(({ tenant_id }) => tenant_id === id)?.shards ?? [];
}

/** The compute asks the pageservers that the controller means, in the order of the shards. */
export function isComputeRight(world: World, tenant: TenantDescription): boolean {
  const entries = shardsNow(world, tenant).map(({ node_attached }) => {
    const { host, pgPort } = world.config.address('pageserver', node_attached ?? 0);
    return `host=${host} port=${pgPort}`;
  });
  const compute = world.computes().find(({ tenantId }) => tenantId === tenant.tenant_id);
  return compute?.connstring === entries.join(',');
}

/** Just the pageservers that the controller means hold the tenant's first shard. */
export function isHeldAsMeant(world: World, tenant: TenantDescription): boolean {
  const [shard] = shardsNow(world, tenant);
  const meant = [shard?.node_attached, ...(shard?.node_secondary ?? [])].toSorted();
  const holders = world
    .pageservers()
    .filter((one) => [...one.locations()].some(([id]) => id === shard?.tenant_shard_id))
    .map(({ id }) => id)
    .toSorted();
  return meant.join() === holders.join();
}

/** One pageserver alone has the highest generation of the tenant's first shard. */
export function hasOneOwner(world: World, tenant: TenantDescription): boolean {
  const [shard] = shardsNow(world, tenant);
  const generations = world
    .pageservers()
    .flatMap((one) => [...one.locations()].filter(([id]) => id === shard?.tenant_shard_id))
    .flatMap(([, config]) => (config?.mode === 'AttachedSingle' ? [config.generation ?? 0] : []))
    .toSorted((one, other) => other - one);
  return generations[0] !== generations[1];
}

function zoneOf(world: World, node: number | null | undefined): string | undefined {
  return world.controller.nodes().find(({ id }) => id === node)?.availability_zone_id;
}

/** The first shard is in the zone that it prefers. */
export function isAtHome(world: World, tenant: TenantDescription): boolean {
  const [shard] = shardsNow(world, tenant);
  return zoneOf(world, shard?.node_attached) === shard?.preferred_az_id;
}

/** The first shard and its secondaries are in different zones. */
export function isSpread(world: World, tenant: TenantDescription): boolean {
  const [shard] = shardsNow(world, tenant);
  const zone = zoneOf(world, shard?.node_attached);
  return shard?.node_secondary.every((node) => zoneOf(world, node) !== zone) === true;
}
