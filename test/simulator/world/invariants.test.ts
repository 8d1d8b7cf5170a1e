import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world/api.ts';
import { allShards, expectAgreement, expectCountsToAgree, firstShard, smallWorld, tenantsOf } from './lab.ts';

type Act = (world: World) => unknown;

const node = fc.integer({ min: 1, max: 3 });
const pick = fc.nat({ max: 1_000 });

function shardAt(world: World, at: number): string {
  const shards = allShards(world);
  return shards[at % shards.length]?.tenant_shard_id ?? '';
}

function tenantAt(world: World, at: number): string {
  const tenants = tenantsOf(world);
  return tenants[at % tenants.length]?.tenant_id ?? '';
}

const wait = fc.integer({ min: 1, max: 12_000 }).map(
  (ms): Act =>
    (world) =>
      world.advance(ms),
);

const acts = fc.oneof(
  wait,
  node.map(
    (id): Act =>
      (world) =>
        world.controller.fill(id),
  ),
  node.map(
    (id): Act =>
      (world) =>
        world.controller.drain(id),
  ),
  node.map(
    (id): Act =>
      (world) =>
        world.controller.cancelDrain(id),
  ),
  node.map(
    (id): Act =>
      (world) =>
        world.controller.configureNode(id, { scheduling: 'Active' }),
  ),
  fc.tuple(node, pick, fc.boolean()).map(
    ([id, at, prewarm]): Act =>
      (world) =>
        world.controller.migrate(shardAt(world, at), {
          node_id: id,
          migration_config: { override_scheduler: true, prewarm },
        }),
  ),
  fc.tuple(node, pick).map(
    ([id, at]): Act =>
      (world) =>
        world.controller.migrateSecondary(shardAt(world, at), { node_id: id }),
  ),
  pick.map(
    (at): Act =>
      (world) =>
        world.controller.cancelReconcile(shardAt(world, at)),
  ),
  pick.map(
    (at): Act =>
      (world) =>
        world.controller.splitShards(tenantAt(world, at), { new_shard_count: 8 }),
  ),
  fc
    .tuple(pick, fc.constantFrom('Active' as const, 'Essential' as const, 'Pause' as const, 'Stop' as const))
    .map(
      ([at, scheduling]): Act =>
        (world) =>
          world.controller.setPolicy(tenantAt(world, at), { scheduling }),
    ),
  node.map(
    (id): Act =>
      (world) =>
        world.faults.on('node_down', { node: id }),
  ),
  node.map(
    (id): Act =>
      (world) =>
        world.faults.off('node_down', { node: id }),
  ),
  node.map(
    (id): Act =>
      (world) =>
        world.faults.on('node_hung', { node: id }),
  ),
  node.map(
    (id): Act =>
      (world) =>
        world.faults.off('node_hung', { node: id }),
  ),
  node.map(
    (id): Act =>
      (world) =>
        world.faults.on('node_restarted', { node: id }),
  ),
  fc.constantFrom('503', '423', '400', 'dead', 'slow').map(
    (as): Act =>
      (world) =>
        world.faults.on('hook', { as }),
  ),
  node.map(
    (id): Act =>
      (world) =>
        world.controller.deleteNode(id),
  ),
  node.map(
    (id): Act =>
      (world) =>
        world.controller.dropNode(id),
  ),
  fc
    .tuple(
      fc.constantFrom(
        'split_brain',
        'stale_generation',
        'orphan_location',
        'intent_contradicted',
        'secondaries_missing',
        'az_violation',
        'reconcile_stuck',
        'notification_pending',
      ),
      pick,
      fc.boolean(),
    )
    .map(
      ([fault, at, on]): Act =>
        (world) => {
          const tenant = tenantAt(world, at);
          return on ? world.faults.on(fault, { tenant }) : world.faults.off(fault);
        },
    ),
  pick.map(
    (at): Act =>
      (world) =>
        world.controller.setPolicy(tenantAt(world, at), { placement: { Attached: 2 } }),
  ),
  pick.map(
    (at): Act =>
      (world) =>
        world.controller.createTenant({
          new_tenant_id: tenantAt(world, at),
          shard_parameters: { count: 2, stripe_size: 2_048 },
        }),
  ),
  fc.constant<Act>((world) => world.faults.on('operation_race', { ms: 20 })),
  fc.constant<Act>((world) => world.faults.on('database_mended')),
  fc.constant<Act>((world) => world.joinPageserver('az-b')),
  fc.constant<Act>((world) => world.faults.off('hook')),
  fc.constant<Act>((world) => world.faults.on('controller_restarted')),
  fc.constant<Act>((world) => world.faults.on('database_down')),
  fc.constant<Act>((world) => world.faults.off('database_down')),
);

/** Everything mended and everyone let do what they want. */
function mend(world: World): void {
  for (const { name } of world.faults.active()) world.faults.off(name);
  world.advance(60_000);
  // Only now: what was still waiting to be written is written.
  world.faults.on('database_mended');
  world.advance(60_000);
  for (const { tenant_id } of tenantsOf(world))
    world.controller.setPolicy(tenant_id, { scheduling: 'Active' });
  for (const { id } of world.controller.nodes()) world.controller.configureNode(id, { scheduling: 'Active' });
  world.advance(600_000);
}

describe('a world that everything happens to', () => {
  it('keeps its counts, and when all is mended everyone agrees', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(acts, { maxLength: 25 }), (seed, done) => {
        const world = smallWorld({ seed });
        for (const act of done) {
          act(world);
          expectCountsToAgree(world);
          for (const { node_attached, node_secondary } of allShards(world))
            expect(node_secondary.filter((id) => id === node_attached)).toEqual([]);
        }
        mend(world);
        expectCountsToAgree(world);
        expectAgreement(world);
        for (const shard of allShards(world))
          expect(shard).toMatchObject({ is_reconciling: false, is_pending_compute_notification: false });
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('does the same again for the same seed, and something else for another', () => {
    const trace = (seed: number) => {
      const world = smallWorld({ seed });
      world.faults.on('node_down', { node: 2 });
      world.advance(60_000);
      world.faults.off('node_down');
      world.controller.drain(1);
      world.advance(60_000);
      world.controller.splitShards(firstShard(world).tenant_shard_id.slice(0, 32), { new_shard_count: 4 });
      world.advance(120_000);
      return { hash: world.events.hash(), count: world.events.count };
    };
    expect(trace(5)).toEqual(trace(5));
    expect(trace(5).count).toBeGreaterThan(100);
    expect(trace(5).hash).not.toBe(trace(6).hash);
  });

  it('does not depend on how its time is cut up', () => {
    const trace = (stepMs: number) => {
      const world = smallWorld({ seed: 9 });
      world.faults.on('hook', { as: '503' });
      world.controller.drain(1);
      for (let ms = 0; ms < 120_000; ms += stepMs) world.advance(stepMs);
      return world.events.hash();
    };
    expect(trace(7.5)).toBe(trace(120_000));
  });
});
