import { describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world/api.ts';
import { allShards, expectAgreement, firstShard, settle, shardCalled, smallWorld } from './lab.ts';

function nodeOf(world: World, id: number): string {
  const { availability, scheduling } = world.snapshot().nodes.find((node) => node.id === id) ?? {};
  return `${availability}/${scheduling}`;
}

function statusOf(world: World, reply: Parameters<typeof settle>[1]): number {
  return settle(world, reply).status;
}

describe('a pageserver', () => {
  it('that hangs is Offline a little later than one that is dead, and comes back without a re-attach', () => {
    const offlineAfter = (fault: string) => {
      const world = smallWorld();
      world.advance(1);
      world.faults.on(fault, { node: 3 });
      for (let ms = 0; ms < 60_000; ms += 100) {
        world.advance(100);
        if (nodeOf(world, 3).startsWith('Offline')) return ms;
      }
      return Number.POSITIVE_INFINITY;
    };
    // Measured: 10.1 s and 14.1 s.
    expect(offlineAfter('node_down')).toBeGreaterThan(9_900);
    expect(offlineAfter('node_down')).toBeLessThan(12_500);
    expect(offlineAfter('node_hung')).toBeGreaterThan(offlineAfter('node_down'));
    expect(offlineAfter('node_hung')).toBeLessThan(18_000);
  });

  it('that hung keeps what it had at its old generation until the controller knows better', () => {
    const world = smallWorld({ firstBackgroundMs: 3_600_000 });
    const { tenant_shard_id: name, node_attached } = firstShard(world);
    const id = node_attached ?? 0;
    world.faults.on('node_hung', { node: id });
    world.advance(30_000);
    expect(world.pageserver(id)?.location(name)).toMatchObject({
      body: { mode: 'AttachedSingle', generation: 1 },
    });
    expect(shardCalled(world, name).node_attached).not.toBe(id);
    world.faults.off('node_hung');
    world.advance(10_000);
    expect(world.pageserver(id)?.location(name)).toMatchObject({ body: { mode: 'Secondary' } });
    expectAgreement(world);
  });

  it('that restarts quickly: WarmingUp, one generation up, nothing moves', () => {
    const world = smallWorld({ firstBackgroundMs: 3_600_000 });
    const { tenant_shard_id: name, node_attached } = firstShard(world);
    const id = node_attached ?? 0;
    world.faults.on('node_restarted', { node: id });
    world.advance(260);
    expect(nodeOf(world, id)).toBe('WarmingUp/Active');
    expect(statusOf(world, world.controller.fill(id))).toBe(503);
    world.advance(10_000);
    expect(nodeOf(world, id)).toBe('Active/Active');
    expect(shardCalled(world, name).node_attached).toBe(id);
    expect(world.pageserver(id)?.location(name)).toMatchObject({
      body: { mode: 'AttachedSingle', generation: 2 },
    });
  });

  it('that restarts is out of PauseForRestart, and its secondaries are cold', () => {
    const world = smallWorld();
    const { tenant_shard_id: name, node_secondary } = firstShard(world);
    const id = node_secondary[0] ?? 0;
    expect(world.pageserver(id)?.secondaryStatus(name)).not.toMatchObject({ body: { heatmap_mtime: null } });
    world.controller.configureNode(id, { scheduling: 'PauseForRestart' });
    world.faults.on('node_restarted', { node: id });
    world.advance(10_000);
    expect(nodeOf(world, id)).toBe('Active/Active');
    expect(world.pageserver(id)?.secondaryStatus(name)).toMatchObject({
      body: { heatmap_mtime: null, bytes_total: 0 },
    });
    world.advance(180_000);
    expect(world.pageserver(id)?.secondaryStatus(name)).toMatchObject({ body: { bytes_total: 24_117_248 } });
  });

  it('that does not get to answering: WarmingUp for 30 s, then Offline', () => {
    const world = smallWorld();
    world.faults.on('node_warming', { node: 2 });
    world.advance(29_000);
    expect(nodeOf(world, 2)).toBe('WarmingUp/Active');
    // Measured: 35.8 s.
    world.advance(9_000);
    expect(nodeOf(world, 2)).toBe('Offline/Active');
    world.faults.off('node_warming');
    world.advance(10_000);
    expect(nodeOf(world, 2)).toBe('Active/Active');
  });

  it('started while the controller is away takes connections and hangs', () => {
    const world = smallWorld();
    world.faults.on('node_down', { node: 1 });
    world.faults.on('controller_down');
    world.faults.off('node_down');
    world.advance(10_000);
    expect(world.pageserver(1)?.state).toBe('hung');
    world.faults.off('controller_down');
    world.advance(5_000);
    expect(world.pageserver(1)?.state).toBe('up');
  });

  it('that is killed while there is no other: its shards stay where they are meant to be', () => {
    const world = smallWorld({ pageservers: 1 });
    world.faults.on('node_down', { node: 1 });
    world.advance(30_000);
    expect(new Set(allShards(world).map(({ node_attached }) => node_attached))).toEqual(new Set([1]));
  });

  it('that joins gets nothing from a fill', () => {
    const world = smallWorld({ firstBackgroundMs: 3_600_000 });
    const id = world.joinPageserver('az-a');
    world.advance(5_000);
    expect(statusOf(world, world.controller.fill(id))).toBe(202);
    world.advance(5_000);
    expect(world.snapshot().nodes.find((node) => node.id === id)).toMatchObject({
      scheduling: 'Active',
      attached: 0,
    });
    expect(statusOf(world, world.controller.deleteNode(id))).toBe(200);
    world.advance(1_000);
    expect(world.controller.node(id)).toMatchObject({ status: 404 });
    expect(world.controller.tombstones()).toMatchObject([
      { id, availability: 'Offline', scheduling: 'Deleting' },
    ]);
  });
});
