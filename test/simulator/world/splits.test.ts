import { describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world/api.ts';
import type { TenantDescription } from '../../../src/simulator/world/wire.ts';
import { expectAgreement, expectCountsToAgree, settle, smallWorld } from './lab.ts';

const tenant = '20000000000000000000000000000002';

/** Two shards, on pageservers 2 and 3. */
function twoShards(): World {
  const place = (attached: number, secondary: number, preferredAz: string) => ({
    attached,
    secondaries: [secondary],
    preferredAz,
  });
  return smallWorld({
    tenants: 3,
    computes: 0,
    initial: [{ id: tenant, shardCount: 2, shards: [place(2, 1, 'az-b'), place(3, 1, 'az-c')] }],
  });
}

function described(world: World): TenantDescription {
  const answer = world.controller.tenant(tenant);
  if (!answer.ok) throw new Error(answer.body.msg);
  return answer.body;
}

function facts(world: World) {
  const { shards } = described(world);
  return {
    shards: shards.length,
    splitting: shards.filter(({ is_splitting }) => is_splitting).length,
    secondaries: shards.flatMap(({ node_secondary }) => node_secondary).length,
  };
}

const whole = { shards: 2, splitting: 0, secondaries: 2 };

describe('a split of which a pageserver dies', () => {
  it.for(['node_down', 'node_hung'])('%s: is undone, and the parents go on', (fault) => {
    const world = twoShards();
    world.advance(5_000);
    const reply = world.controller.splitShards(tenant, { new_shard_count: 8 });
    world.advance(60);
    world.faults.on(fault, { node: 3 });
    world.advance(2_000);
    expect(facts(world)).toEqual({ shards: 2, splitting: 2, secondaries: 0 });
    const answer = settle(world, reply, 120_000);
    expect(answer).toMatchObject({ ok: false });
    world.advance(60_000);
    expect(facts(world)).toEqual(whole);
    expect(described(world).shards.every(({ node_attached }) => node_attached !== 3)).toBe(true);
    world.faults.off(fault);
    world.advance(300_000);
    expect(facts(world)).toEqual(whole);
    expectAgreement(world);
    expectCountsToAgree(world);
    expect(settle(world, world.controller.splitShards(tenant, { new_shard_count: 8 })).status).toBe(200);
  });

  it('that is back in time goes through', () => {
    const world = twoShards();
    const reply = world.controller.splitShards(tenant, { new_shard_count: 8 });
    world.advance(60);
    world.faults.on('node_hung', { node: 3 });
    world.advance(3_000);
    world.faults.off('node_hung');
    expect(settle(world, reply)).toMatchObject({ status: 200 });
    expect(facts(world)).toMatchObject({ shards: 8, splitting: 0 });
    world.advance(120_000);
    expectAgreement(world);
  });

  it('of which nobody is told: the hook hears of the parents only', () => {
    const world = twoShards();
    world.advance(5_000);
    const reply = world.controller.splitShards(tenant, { new_shard_count: 8 });
    world.advance(60);
    world.faults.on('node_down', { node: 3 });
    settle(world, reply, 120_000);
    world.advance(120_000);
    const told = world.hook.sent
      .map(({ notification }) => notification)
      .filter(({ body }) => body.tenant_id === tenant);
    const counts = told.map(({ body }) => ('shards' in body ? body.shards.length : 0));
    expect(new Set(counts)).toEqual(new Set([2]));
  });
});

describe('a split in which the controller dies', () => {
  it('is undone at its next start', () => {
    const world = twoShards();
    world.advance(5_000);
    const reply = world.controller.splitShards(tenant, { new_shard_count: 8 });
    world.advance(60);
    world.faults.on('controller_panicked');
    expect(reply.answer).toMatchObject({ ok: false, status: 0 });
    world.advance(60_000);
    expect(facts(world)).toEqual(whole);
    expectAgreement(world);
  });
});
