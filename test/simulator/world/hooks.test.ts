import { describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world/api.ts';
import { settle, smallWorld } from './lab.ts';

/** Two shards of one tenant on two nodes, and a tenant of one shard, each with a compute. */
const sharded = '20000000000000000000000000000001';
const single = '10000000000000000000000000000001';

function pairOfTenants(): World {
  const place = (attached: number, secondary: number, preferredAz: string) => ({
    attached,
    secondaries: [secondary],
    preferredAz,
  });
  return smallWorld({
    tenants: 0,
    computes: 2,
    firstBackgroundMs: 3_600_000,
    initial: [
      { id: sharded, shardCount: 2, shards: [place(3, 1, 'az-c'), place(2, 3, 'az-b')] },
      { id: single, shardCount: 0, shards: [place(1, 2, 'az-a')] },
    ],
  });
}

const port = (node: number) => `host=127.0.0.1 port=${63_999 + node}`;

function connstringOf(world: World, tenant: string): string | undefined {
  return world.computes().find(({ tenantId }) => tenantId === tenant)?.connstring;
}

function moveTo(world: World, shard: string, node: number): void {
  const migration_config = { override_scheduler: true, prewarm: false };
  settle(world, world.controller.migrate(shard, { node_id: node, migration_config }));
}

describe('hooks', () => {
  it.for([
    { as: 'right', sharded: [port(3), port(3)], single: [port(1)], why: 'sets the compute, in order' },
    { as: 'lying', sharded: [port(3), port(2)], single: [port(1)], why: 'says 200 and does nothing' },
    { as: 'sticky', sharded: [port(3), port(3)], single: [port(1)], why: 'has nothing older the first time' },
    { as: 'order-losing', sharded: [port(3)], single: [port(1)], why: 'names each node once' },
    {
      as: 'tenant-blind',
      sharded: [port(3), port(3)],
      single: [port(3), port(3)],
      why: 'sets every compute',
    },
    { as: 'slow', sharded: [port(3), port(3)], single: [port(1)], why: 'is late, and does it' },
  ])('$as: $why', ({ as, ...expected }) => {
    const world = pairOfTenants();
    expect(connstringOf(world, sharded)).toBe([port(3), port(2)].join(','));
    world.faults.on('hook', { as });
    moveTo(world, `${sharded}-0102`, 3);
    expect(connstringOf(world, sharded)).toBe(expected.sharded.join(','));
    expect(connstringOf(world, single)).toBe(expected.single.join(','));
  });

  it('sticky: applies what it was told the time before', () => {
    const world = pairOfTenants();
    world.faults.on('hook', { as: 'sticky' });
    moveTo(world, `${sharded}-0102`, 3);
    moveTo(world, `${sharded}-0102`, 2);
    expect(connstringOf(world, sharded)).toBe([port(3), port(3)].join(','));
  });

  it('order-losing: two shards on two nodes come by node, not by number', () => {
    const world = pairOfTenants();
    world.faults.on('hook', { as: 'order-losing' });
    moveTo(world, `${sharded}-0002`, 1);
    moveTo(world, `${sharded}-0002`, 3);
    expect(connstringOf(world, sharded)).toBe([port(2), port(3)].join(','));
  });

  it('a compute that is set wrong asks pageservers for shards they do not have', () => {
    const world = pairOfTenants();
    const misrouted = () => world.pageservers().map(({ misroutedRequests }) => misroutedRequests);
    world.advance(20_000);
    expect(misrouted()).toEqual([0, 0, 0]);
    world.faults.on('compute_drift', { tenant: sharded });
    world.advance(20_000);
    expect(misrouted()[1]).toBeGreaterThan(0);
    expect(misrouted()[2]).toBeGreaterThan(0);
  });

  it('a compute that restarts goes back to what its file says, and nobody tells it', () => {
    const world = pairOfTenants();
    const heard: string[] = [];
    world.onComputeSettings(({ tenantId, connstring }) => heard.push(`${tenantId} ${connstring}`));
    moveTo(world, `${sharded}-0102`, 3);
    world.faults.on('compute_restarted', { tenant: sharded });
    world.advance(60_000);
    expect(connstringOf(world, sharded)).toBe([port(3), port(2)].join(','));
    expect(heard).toEqual([
      `${sharded} ${[port(3), port(3)].join(',')}`,
      `${sharded} ${[port(3), port(2)].join(',')}`,
    ]);
  });

  it('someone else may set a compute', () => {
    const world = pairOfTenants();
    const settings = { tenantId: sharded, connstring: port(2), stripeSize: 4_096 };
    expect(world.configureCompute(settings)).toBe(true);
    expect(world.computes().find(({ tenantId }) => tenantId === sharded)).toMatchObject({
      connstring: port(2),
      stripeSize: 4_096,
    });
    expect(world.configureCompute({ ...settings, tenantId: 'f'.repeat(32) })).toBe(false);
  });
});
