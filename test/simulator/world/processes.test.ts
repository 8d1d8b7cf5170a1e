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

describe('the controller process', () => {
  it('killed in a fill leaves the policy behind: fill 409, cancel 412, only Active gets it out', () => {
    const world = smallWorld();
    world.advance(1_000);
    world.controller.drain(1);
    world.advance(5_000);
    world.controller.configureNode(1, { scheduling: 'Active' });
    world.controller.fill(1);
    world.advance(20);
    world.faults.on('controller_down');
    expect(world.controller.admit('GET', '/ready')).toBe('refused');
    world.advance(2_000);
    world.faults.off('controller_down');
    expect(world.controller.ready()).toBe(503);
    world.advance(2_000);
    expect(world.controller.ready()).toBe(200);
    expect(nodeOf(world, 1)).toBe('Active/Filling');
    const { controller } = world;
    expect(statusOf(world, controller.fill(1))).toBe(409);
    expect(statusOf(world, controller.cancelFill(1))).toBe(412);
    expect(statusOf(world, controller.drain(1))).toBe(412);
    expect(statusOf(world, controller.fill(2))).toBe(202);
    world.advance(2_000);
    expect(statusOf(world, controller.configureNode(1, { scheduling: 'Active' }))).toBe(200);
    expect(statusOf(world, controller.fill(1))).toBe(202);
    world.advance(10_000);
    expectAgreement(world);
  });

  it('forgets what is not in the database', () => {
    const world = smallWorld({ firstBackgroundMs: 3_600_000 });
    const { tenant_shard_id: name, node_attached, node_secondary } = firstShard(world);
    world.controller.setPolicy(name, { scheduling: 'Essential' });
    world.faults.on('cold_secondaries', { node: node_secondary[0] ?? 0 });
    world.controller.migrate(name, {
      node_id: node_secondary[0] ?? 0,
      migration_config: { override_scheduler: true },
    });
    world.faults.on('hook', { as: '400' });
    world.faults.on('node_down', { node: node_attached ?? 0 });
    world.advance(15_000);
    const before = shardCalled(world, name);
    const wish = () =>
      [...world.controller.shardDumps()].find(({ tenant_shard_id }) => tenant_shard_id === name);
    expect(before).toMatchObject({ is_pending_compute_notification: true });
    expect(before.last_error).not.toBe('');
    expect(wish()?.preferred_node).toBe(node_secondary[0]);
    world.faults.off('hook');
    world.faults.on('controller_restarted');
    world.advance(5_000);
    expect(shardCalled(world, name)).toMatchObject({
      is_pending_compute_notification: false,
      last_error: '',
      scheduling_policy: 'Essential',
      node_attached: before.node_attached,
    });
    expect(wish()?.preferred_node).toBeNull();
  });

  it('cuts the connections of those who wait', () => {
    const world = smallWorld();
    world.faults.on('hook', { as: '503' });
    const { tenant_shard_id: name, node_secondary } = firstShard(world);
    const reply = world.controller.migrate(name, {
      node_id: node_secondary[0] ?? 0,
      migration_config: { override_scheduler: true, prewarm: false },
    });
    world.advance(1_000);
    world.faults.on('controller_down');
    expect(reply.answer).toMatchObject({ ok: false, status: 0 });
  });

  it('started before the pageservers leaves shards without secondaries, until it is restarted', () => {
    const world = smallWorld({ firstBackgroundMs: 3_600_000 });
    world.faults.on('cold_start');
    world.advance(5_000);
    expect(new Set(allShards(world).map(({ node_secondary }) => node_secondary.length))).toEqual(
      new Set([0]),
    );
    expect(allShards(world).every(({ node_attached }) => node_attached !== null)).toBe(true);
    world.faults.on('controller_restarted');
    world.advance(5_000);
    expect(new Set(allShards(world).map(({ node_secondary }) => node_secondary.length))).toEqual(
      new Set([1]),
    );
  });

  it('that hangs takes connections and changes nothing', () => {
    const world = smallWorld();
    world.faults.on('controller_hung');
    expect(world.controller.admit('GET', '/status')).toBe('hang');
    expect(world.controller.fill(1).answer).toMatchObject({ ok: false });
    world.faults.off('controller_hung');
    expect(world.controller.admit('GET', '/status')).toBeUndefined();
  });

  it.for([
    { leader: 'dead', status: 500, msg: 'Failed to forward while in stepped down state' },
    { leader: 'itself', status: 503, msg: 'Leader is stepped down instance' },
  ])(
    'deposed, the leader being $leader: ready, not live, $status for the rest',
    ({ leader, status, msg }) => {
      const world = smallWorld();
      world.faults.on('stepped_down', { leader });
      expect([world.controller.ready(), world.controller.live()]).toEqual([200, 503]);
      expect(world.controller.admit('GET', '/ready')).toBeUndefined();
      expect(world.controller.admit('GET', '/control/v1/node')).toMatchObject({
        status,
        body: { msg: expect.stringContaining(msg) },
      });
      expect(world.controller.metrics().leadership).toBe('stepped_down');
      world.faults.off('stepped_down');
      world.advance(2_000);
      expect(world.controller.live()).toBe(200);
    },
  );

  it('deposed by a leader that is alive: what it is asked is forwarded', () => {
    const world = smallWorld();
    world.faults.on('stepped_down', { leader: 'alive' });
    expect(world.controller.admit('PUT', '/control/v1/node/1/fill')).toBeUndefined();
    world.faults.on('node_down', { node: 1 });
    world.advance(30_000);
    expect(nodeOf(world, 1)).toBe('Offline/Active');
  });

  it('waiting to lead: 503 on all but what tells that it is there', () => {
    const world = smallWorld();
    world.faults.on('candidate');
    expect(world.controller.admit('GET', '/metrics')).toBeUndefined();
    expect(world.controller.admit('GET', '/live')).toMatchObject({ status: 503 });
    expect(world.controller.metrics().leadership).toBe('candidate');
  });
});

describe('the database', () => {
  it('lost: lists from memory, changes 503 and the leader 500 after 30 s', () => {
    const world = smallWorld();
    world.faults.on('database_down');
    const fill = world.controller.fill(1);
    const leader = world.controller.leader();
    world.advance(29_900);
    expect([fill.answer, leader.answer]).toEqual([undefined, undefined]);
    expect(allShards(world).length).toBeGreaterThan(0);
    world.advance(200);
    expect(fill.answer).toEqual({ ok: false, status: 503, body: { msg: 'Shutting down' } });
    expect(leader.answer).toMatchObject({ status: 500 });
    expect(world.controller.metrics().databaseQueryErrors).toBe(2);
  });

  it('back within 30 s: the change is made', () => {
    const world = smallWorld();
    world.faults.on('database_down');
    const fill = world.controller.fill(1);
    world.advance(4_000);
    world.faults.off('database_down');
    world.advance(1_000);
    expect(fill.answer).toMatchObject({ status: 202 });
  });
});

describe('the others', () => {
  it('a dead safekeeper still shows Active; only the errors of its requests grow', () => {
    const world = smallWorld();
    world.faults.on('safekeeper_down', { safekeeper: 2 });
    world.advance(20_000);
    expect(world.controller.safekeepers().map(({ scheduling_policy }) => scheduling_policy)).toEqual([
      'Active',
      'Active',
      'Active',
    ]);
    const errors = world.controller.metrics().safekeeperRequestErrors;
    expect(errors.find(({ id }) => id === 2)?.count).toBeGreaterThan(5);
    expect(errors.find(({ id }) => id === 1)?.count).toBe(0);
    world.faults.on('broker_down');
    expect(world.broker()).toBe('down');
  });

  it('every fault can be switched on and, if it lasts, off', () => {
    const world = smallWorld({ pageservers: 6 });
    const words: Readonly<Record<string, string>> = {
      hook: 'dead',
      compute_status: 'failed',
      node_policy: 'Filling',
      panic_restart: '500',
    };
    const values = {
      node: 2,
      safekeeper: 1,
      tenant: world.computes()[0]?.tenantId ?? '',
      number: 5,
    };
    for (const { name, arguments: named, lasting } of world.faults.list()) {
      const args = Object.fromEntries(
        named
          .filter(({ required }) => required)
          .map(({ name: key, kind }) => [key, kind === 'word' ? (words[name] ?? '') : values[kind]]),
      );
      expect([name, world.faults.on(name, args)]).toEqual([name, undefined]);
      expect(world.faults.active().some((fault) => fault.name === name)).toBe(lasting);
      world.advance(3_000);
      expect(world.faults.off(name)).toBeUndefined();
      expect(world.faults.active()).toEqual([]);
      world.advance(3_000);
    }
    world.advance(600_000);
    expectAgreement(world);
  });

  it.for([
    { name: 'nothing', args: {}, problem: 'there is no fault nothing' },
    { name: 'node_down', args: {}, problem: 'it needs the argument node' },
    { name: 'node-down', args: { node: 9 }, problem: 'there is no pageserver 9' },
    { name: 'node_down', args: { node: 1, other: 1 }, problem: 'it has no argument other' },
    { name: 'safekeeper_down', args: { safekeeper: 9 }, problem: 'there is no safekeeper 9' },
    { name: 'compute_drift', args: { tenant: 'x' }, problem: 'there is no tenant x' },
    { name: 'hook', args: { as: 'odd' }, problem: 'a hook is a status or one of right' },
  ])('refuses a fault that it cannot do: $problem', ({ name, args, problem }) => {
    expect(smallWorld().faults.on(name, args)).toContain(problem);
  });
});
