import { describe, expect, it } from 'vitest';
import type { World } from '../../src/simulator/world/api.ts';
import { createWorld } from '../../src/simulator/world/world.ts';
import { watchPlacement } from './simulated-placement.ts';

const minuteMs = 60_000;

/** Numbers between 0 and 1 that follow from the seed alone (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function must(problem: string | undefined): void {
  if (problem !== undefined) throw new Error(problem);
}

type Watch = (forMs: number) => Promise<void>;
type Operation = (world: World, random: () => number, watch: Watch) => Promise<void> | void;

function anyNode(world: World, random: () => number): number {
  const list = world.controller.nodes();
  return list[Math.floor(random() * list.length)]?.id ?? 1;
}

function anyShard(world: World, random: () => number) {
  const shards = [...world.controller.tenants()].flatMap((tenant) => tenant.shards);
  const shard = shards[Math.floor(random() * shards.length)];
  if (shard === undefined) throw new Error('a world without shards');
  return shard;
}

/** What people and the controller do to a cluster that is well. */
const operations: Readonly<Record<string, Operation>> = {
  migrate(world, random) {
    const { tenant_shard_id: id, node_secondary: to } = anyShard(world, random);
    world.controller.migrate(id, { node_id: to[0] ?? 1, migration_config: { override_scheduler: true } });
  },
  migrate_at_once(world, random) {
    const { tenant_shard_id: id, node_secondary: to } = anyShard(world, random);
    const migration_config = { override_scheduler: true, prewarm: false };
    world.controller.migrate(id, { node_id: to[0] ?? 1, migration_config });
  },
  async drain_restart_fill(world, random, watch) {
    const node = anyNode(world, random);
    world.controller.drain(node);
    await watch(2 * minuteMs);
    must(world.faults.on('node_restarted', { node }));
    await watch(2 * minuteMs);
    world.controller.configureNode(node, { scheduling: 'Active' });
    world.controller.fill(node);
  },
  restart_pageserver(world, random) {
    must(world.faults.on('node_restarted', { node: anyNode(world, random) }));
  },
  restart_controller(world) {
    must(world.faults.on('controller_restarted'));
  },
  async failover(world, random, watch) {
    const node = anyNode(world, random);
    must(world.faults.on('node_down', { node }));
    await watch(4 * minuteMs);
    must(world.faults.off('node_down', { node }));
  },
  async split(world, _, watch) {
    const tenant = [...world.controller.tenants()].find(({ shards }) => shards.length === 1);
    if (tenant !== undefined) world.controller.splitShards(tenant.tenant_id, { new_shard_count: 4 });
    await watch(minuteMs);
  },
  async deploy(world, _, watch) {
    for (const { id: node } of world.controller.nodes()) {
      must(world.faults.on('node_restarted', { node }));
      await watch(3 * minuteMs);
    }
  },
};

function cluster(seed: number): World {
  return createWorld({
    seed,
    pageservers: 3 + (seed % 4),
    azs: 3,
    tenants: 24,
    shardsPerTenant: (tenant) => (tenant % 5 === 0 ? 8 : 1),
    computes: 0,
  });
}

/** Findings that a healthy operation must never give. */
const never =
  /^(split_brain|stale_generation|intent_contradicted|orphan_location|shard_imbalance|unscheduled_shard|missing_secondaries|pair_in_one_az|safekeepers_in_one_az|az_violation|cold_secondary)/;

describe('over an hour of healthy operations', () => {
  it.each(Array.from({ length: 4 }, (_, seed) => seed))(
    'nothing is found wrong with placement (seed %i)',
    async (seed) => {
      const world = cluster(seed);
      const random = chance(seed);
      const { watch, fired } = watchPlacement(world);
      await watch(5 * minuteMs);
      const names = Object.keys(operations);
      const done: string[] = [];
      for (let count = 0; count < 8; count += 1) {
        const name = names[Math.floor(random() * names.length)] ?? 'migrate';
        done.push(name);
        await operations[name]?.(world, random, watch);
        await watch((1 + Math.floor(random() * 6)) * minuteMs);
      }
      await watch(20 * minuteMs);
      const found = [...fired.keys()].filter((name) => never.test(name));
      expect(found, done.join(', ')).toEqual([]);
    },
  );
});
