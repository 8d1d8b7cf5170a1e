import { describe, expect, it } from 'vitest';
import { allShards, expectAgreement, firstShard, settle, shardCalled, smallWorld, tenantsOf } from './lab.ts';

const immediate = (node: number) => ({
  node_id: node,
  migration_config: { override_scheduler: true, prewarm: false },
});

describe('placement policies', () => {
  it('a detached tenant vanishes: 404, not in the list, nowhere; attached again it is back', () => {
    const world = smallWorld();
    const { tenant_shard_id: id } = firstShard(world);
    settle(world, world.controller.setPolicy(id, { placement: 'Detached' }));
    world.advance(2_000);
    expect(world.controller.tenant(id)).toMatchObject({ status: 404 });
    expect(tenantsOf(world).some(({ tenant_id }) => tenant_id === id)).toBe(false);
    expect(world.pageservers().some((pageserver) => pageserver.location(id).ok)).toBe(false);
    expect(world.controller.migrate(id, immediate(1)).answer).toMatchObject({ status: 404 });
    settle(world, world.controller.setPolicy(id, { placement: { Attached: 1 } }));
    world.advance(2_000);
    expect(shardCalled(world, id).node_attached).not.toBeNull();
    expectAgreement(world);
  });

  it('a tenant of policy Secondary is attached nowhere and has one warm place', () => {
    const world = smallWorld();
    const { tenant_shard_id: id } = firstShard(world);
    settle(world, world.controller.setPolicy(id, { placement: 'Secondary' }));
    world.advance(2_000);
    const { node_attached, node_secondary } = shardCalled(world, id);
    expect(node_attached).toBeNull();
    expect(node_secondary).toHaveLength(1);
    expect(world.controller.locate(id)).toMatchObject({ status: 400 });
    settle(world, world.controller.setPolicy(id, { placement: { Attached: 1 } }));
    world.advance(2_000);
    expectAgreement(world);
  });
});

describe('scheduling policies', () => {
  it.for([
    { scheduling: 'Active' as const, comesBack: true },
    { scheduling: 'Essential' as const, comesBack: false },
    { scheduling: 'Pause' as const, comesBack: false },
  ])('$scheduling: an override is undone: $comesBack', ({ scheduling, comesBack }) => {
    const world = smallWorld();
    const { tenant_shard_id: id, node_attached, node_secondary } = firstShard(world);
    const away = node_secondary[0] ?? 0;
    world.controller.setPolicy(id, { scheduling });
    expect(settle(world, world.controller.migrate(id, immediate(away)))).toMatchObject({ ok: true });
    expect(shardCalled(world, id).node_attached).toBe(away);
    world.advance(120_000);
    expect(shardCalled(world, id).node_attached).toBe(comesBack ? node_attached : away);
  });

  it('Stop: the order is taken, said to be done, and is not', () => {
    const world = smallWorld();
    const { tenant_shard_id: id, node_attached, node_secondary } = firstShard(world);
    world.controller.setPolicy(id, { scheduling: 'Stop' });
    expect(world.controller.migrate(id, immediate(node_secondary[0] ?? 0)).answer).toMatchObject({
      status: 200,
    });
    world.advance(120_000);
    expect(shardCalled(world, id)).toMatchObject({
      node_attached: node_secondary[0],
      is_reconciling: false,
      last_error: '',
    });
    expect(world.pageserver(node_attached ?? 0)?.location(id)).toMatchObject({
      body: { mode: 'AttachedSingle' },
    });
    const both = world.controller.nodeShards(node_attached ?? 0).shards;
    expect(both.find(({ tenant_shard_id }) => tenant_shard_id === id)).toMatchObject({
      is_observed_secondary: false,
      is_intended_secondary: true,
    });
  });

  it('a prewarm to a cold place is said to be done and happens when it is warm', () => {
    const world = smallWorld();
    const { tenant_shard_id: id, node_secondary } = firstShard(world);
    const to = node_secondary[0] ?? 0;
    world.faults.on('cold_secondaries', { node: to });
    const order = { node_id: to, migration_config: { override_scheduler: true, prewarm: true } };
    expect(world.controller.migrate(id, order).answer).toMatchObject({ status: 200 });
    world.advance(60_000);
    expect(shardCalled(world, id).node_attached).not.toBe(to);
    world.faults.off('cold_secondaries');
    for (let ms = 0; ms < 60_000 && shardCalled(world, id).node_attached !== to; ms += 100)
      world.advance(100);
    expect(shardCalled(world, id).node_attached).toBe(to);
  });
});

describe('what the metrics say', () => {
  it('a reconcile is long running after 120 s, and its series ends with it', () => {
    const world = smallWorld();
    const { tenant_shard_id: id, node_secondary } = firstShard(world);
    world.faults.on('hook', { as: '503' });
    world.controller.migrate(id, immediate(node_secondary[0] ?? 0));
    world.advance(119_000);
    expect(world.controller.metrics().longRunning).toEqual([]);
    world.advance(2_000);
    expect(world.controller.metrics().longRunning).toMatchObject([{ tenantId: id, shardNumber: 0 }]);
    world.faults.off('hook');
    world.advance(30_000);
    expect(world.controller.metrics()).toMatchObject({
      longRunning: [],
      reconcileComplete: { ok_no_notify: 1 },
    });
  });

  it('gauges of nodes are as old as the last background pass, and outlive the node', () => {
    const world = smallWorld({ firstBackgroundMs: 10_000 });
    const attachedAt = (node: number) =>
      world.controller.metrics().nodes.find(({ nodeId }) => nodeId === node)?.attachedShards;
    const before = attachedAt(1);
    world.controller.drain(1);
    world.advance(9_000);
    expect(allShards(world).some(({ node_attached }) => node_attached === 1)).toBe(false);
    expect(attachedAt(1)).toBe(before);
    world.advance(2_000);
    expect(attachedAt(1)).toBe(0);
    world.controller.dropNode(1);
    world.advance(60_000);
    expect(attachedAt(1)).toBeDefined();
  });
});
