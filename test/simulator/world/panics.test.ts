import { describe, expect, it } from 'vitest';
import type { World, WorldEvent } from '../../../src/simulator/world/api.ts';
import { allShards, expectAgreement, settle, smallWorld } from './lab.ts';

const single = '10000000000000000000000000000002';
const sharded = '20000000000000000000000000000001';

function panics(world: World): WorldEvent[] {
  return world.events.since(0).filter(({ kind }) => kind === 'controller_panicked');
}

function schedulingOf(world: World, id: number): string | undefined {
  return world.snapshot().nodes.find((node) => node.id === id)?.scheduling;
}

describe('Attached(2) for a tenant of Attached(1)', () => {
  it('is written down, and then kills the controller: now, and at each start', () => {
    const world = smallWorld();
    world.faults.on('panic_restart', { after: '2000' });
    const reply = world.controller.setPolicy(single, { placement: { Attached: 2 } });
    expect(reply.answer).toMatchObject({ ok: false, status: 0 });
    expect(world.controller.admit('GET', '/ready')).toBe('refused');
    world.advance(9_000);
    expect(panics(world).map(({ detail }) => detail)).toEqual(Array(4).fill('attached_2'));
    expect(world.controller.ready()).toBe(503);
    world.faults.on('database_mended');
    world.advance(60_000);
    expect(world.controller.ready()).toBe(200);
    expect(world.controller.tenant(single)).toMatchObject({ body: { policy: { Attached: 1 } } });
    expectAgreement(world);
  });

  it('cuts off whoever waits for an answer', () => {
    const world = smallWorld();
    world.faults.on('hook', { as: '503' });
    const [shard] = allShards(world);
    const waiting = world.controller.migrate(shard?.tenant_shard_id ?? '', {
      node_id: shard?.node_secondary[0] ?? 0,
      migration_config: { override_scheduler: true, prewarm: false },
    });
    world.advance(500);
    world.controller.setPolicy(single, { placement: { Attached: 2 } });
    expect(waiting.answer).toMatchObject({ ok: false, status: 0 });
  });

  it.for([{ placement: { Attached: 1 } }, { placement: { Attached: 0 } }, { scheduling: 'Pause' as const }])(
    'is the only policy that does: not %j',
    (policy) => {
      const world = smallWorld();
      expect(settle(world, world.controller.setPolicy(single, policy)).status).toBe(200);
      world.advance(60_000);
      expect(panics(world)).toEqual([]);
    },
  );
});

describe('a tenant that is created again', () => {
  const again = (world: World, count: number) =>
    world.controller.createTenant({
      new_tenant_id: sharded,
      shard_parameters: { count, stripe_size: 2_048 },
    });

  it('with as many shards is answered with those there are', () => {
    const world = smallWorld();
    expect(settle(world, again(world, 4)).status).toBe(201);
    world.advance(30_000);
    expect(panics(world)).toEqual([]);
  });

  it('with other shards is answered 201 with shards that overlap, and the controller dies of them', () => {
    const world = smallWorld();
    const reply = again(world, 2);
    expect(reply.answer).toMatchObject({ status: 201 });
    expect(JSON.stringify(reply.answer)).toContain(`${sharded}-0102`);
    world.advance(5_000);
    expect(panics(world).map(({ detail }) => detail)).toEqual(['duplicate_tenant']);
    expect(world.controller.ready()).toBe(200);
  });
});

describe('two node operations at once', () => {
  const race = (world: World): readonly number[] => {
    const replies = [world.controller.fill(1), world.controller.drain(2)];
    return replies.map((reply) => settle(world, reply).status);
  };

  it('are one and a refusal while the check is also the start', () => {
    const world = smallWorld();
    expect(race(world)).toEqual([202, 412]);
    world.advance(60_000);
    expect(panics(world)).toEqual([]);
  });

  it('are both taken when the database is slow in between, and the controller dies when one ends', () => {
    const world = smallWorld();
    world.faults.on('operation_race', { ms: 20 });
    world.faults.on('panic_restart', { after: 'never' });
    expect(race(world)).toEqual([202, 202]);
    world.advance(60_000);
    expect(panics(world).map(({ detail }) => detail)).toEqual(['concurrent_operations']);
    expect(world.controller.admit('GET', '/status')).toBe('refused');
  });

  it('leave their policies behind, as every death of the controller does', () => {
    const world = smallWorld();
    world.faults.on('operation_race', { ms: 20 });
    race(world);
    world.advance(10_000);
    expect(world.controller.ready()).toBe(200);
    const left = [1, 2].map((id) => schedulingOf(world, id));
    expect(left.filter((policy) => policy !== 'Active').length).toBeGreaterThan(0);
  });

  it('one after the other are safe: who waits for the first answer meets a refusal', () => {
    const world = smallWorld();
    world.faults.on('operation_race', { ms: 20 });
    expect(settle(world, world.controller.drain(1)).status).toBe(202);
    expect(settle(world, world.controller.fill(2)).status).toBe(412);
  });
});

describe('a panic', () => {
  it('loses what was only in memory, and everybody is told again', () => {
    const world = smallWorld();
    world.advance(30_000);
    const before = world.hook.sent.length;
    world.faults.on('controller_panicked', { cause: 'unknown' });
    world.advance(10_000);
    expect(world.controller.ready()).toBe(200);
    expect(world.hook.sent.length - before).toBe(12);
    expect(world.snapshot().panics).toBe(1);
    expectAgreement(world);
  });

  it('of a controller that someone has stopped does not start it', () => {
    const world = smallWorld();
    world.faults.on('controller_panicked');
    world.faults.on('controller_down');
    world.advance(10_000);
    expect(world.controller.admit('GET', '/ready')).toBe('refused');
  });

  it.for([
    { name: 'controller_panicked', args: { cause: 'boredom' }, problem: 'a panic has no cause boredom' },
    {
      name: 'panic_restart',
      args: { after: 'soon' },
      problem: 'after is a number of ms, or never, not soon',
    },
  ])('is not made of $args', ({ name, args, problem }) => {
    expect(smallWorld().faults.on(name, args)).toBe(problem);
  });
});
