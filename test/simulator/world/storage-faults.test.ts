import { describe, expect, it } from 'vitest';
import type { World, WorldConfig } from '../../../src/simulator/world/api.ts';
import { allShards, expectAgreement, settle, smallWorld, tenantsOf } from './lab.ts';

const tenant = '10000000000000000000000000000001';
const sharded = '20000000000000000000000000000002';

/** Six pageservers in three zones; 1 and 4 are in the first. */
function sixNodes(config: Partial<WorldConfig> = {}): World {
  const place = (attached: number, secondary: number, preferredAz: string) => ({
    attached,
    secondaries: [secondary],
    preferredAz,
    generation: 5,
  });
  return smallWorld({
    pageservers: 6,
    tenants: 0,
    computes: 1,
    firstBackgroundMs: 1_000,
    initial: [
      { id: tenant, shardCount: 0, shards: [place(1, 2, 'az-a')] },
      { id: sharded, shardCount: 2, shards: [place(2, 3, 'az-b'), place(3, 1, 'az-c')] },
    ],
    ...config,
  });
}

/** `1 AttachedSingle/5` of each pageserver that holds the shard. */
function heldBy(world: World, shard: string): string[] {
  return world.pageservers().flatMap(({ id, location }) => {
    const found = location(shard);
    return found.ok && found.body !== null ? [`${id} ${found.body.mode}/${found.body.generation}`] : [];
  });
}

function shardOf(world: World, name: string) {
  const shard = allShards(world).find(({ tenant_shard_id }) => tenant_shard_id === name);
  if (shard === undefined) throw new Error(`no shard ${name}`);
  return shard;
}

function nodeOf(world: World, id: number): string {
  const { availability, scheduling } = world.snapshot().nodes.find((node) => node.id === id) ?? {};
  return `${availability}/${scheduling}`;
}

const right = ['1 AttachedSingle/5', '2 Secondary/null'];

describe('locations that the controller knows nothing of', () => {
  it.for([
    { fault: 'split_brain', extra: '3 AttachedSingle/5' },
    { fault: 'stale_generation', extra: '3 AttachedSingle/4' },
    { fault: 'orphan_location', extra: '3 Secondary/null' },
  ])('$fault: $extra, for as long as it is not over', ({ fault, extra }) => {
    const world = sixNodes();
    expect(heldBy(world, tenant)).toEqual(right);
    expect(world.faults.on(fault, { tenant })).toBeUndefined();
    world.advance(120_000);
    expect(heldBy(world, tenant)).toEqual([...right, extra]);
    expect(shardOf(world, tenant)).toMatchObject({ node_attached: 1, is_reconciling: false });
    world.faults.off(fault);
    expect(heldBy(world, tenant)).toEqual(right);
    expectAgreement(world);
  });

  it('are put where one says, and of the shard one says', () => {
    const world = sixNodes();
    world.faults.on('split_brain', { tenant: sharded, shard: 1, node: 6 });
    expect(heldBy(world, `${sharded}-0102`)).toContain('6 AttachedSingle/5');
    expect(world.faults.on('split_brain', { tenant, node: 2 })).toContain('no such pageserver');
    expect(world.faults.on('split_brain', { tenant, shard: 7 })).toBe('the tenant has no shard 7');
  });

  it('are removed by a controller that starts again and looks', () => {
    const world = sixNodes();
    world.faults.on('split_brain', { tenant });
    world.faults.on('controller_restarted');
    world.advance(60_000);
    expect(heldBy(world, tenant).filter((held) => held.includes('Attached'))).toHaveLength(1);
    expectAgreement(world);
  });

  it('may be of a tenant nobody has heard of, until the pageserver restarts', () => {
    const world = sixNodes();
    const strangers = () => {
      const known = new Set(tenantsOf(world).map(({ tenant_id }) => tenant_id));
      const held = [...(world.pageserver(4)?.locations() ?? [])].map(([shard]) => shard);
      return held.filter((shard) => !known.has(shard.slice(0, 32)));
    };
    world.faults.on('unknown_location', { node: 4 });
    expect(strangers()).toHaveLength(1);
    expect(world.pageserver(4)?.location(strangers()[0] ?? '').status).toBe(200);
    world.faults.on('node_restarted', { node: 4 });
    world.advance(10_000);
    expect(strangers()).toEqual([]);
  });
});

describe('what the controller means against what is', () => {
  it('intent_contradicted: it is gone, and nobody sees that', () => {
    const world = sixNodes();
    world.faults.on('intent_contradicted', { tenant });
    world.advance(120_000);
    expect(heldBy(world, tenant)).toEqual(['2 Secondary/null']);
    expect(shardOf(world, tenant)).toMatchObject({ node_attached: 1, is_reconciling: false, last_error: '' });
    world.faults.off('intent_contradicted');
    expect(heldBy(world, tenant)).toEqual(right);
    expectAgreement(world);
  });

  it('secondaries_missing: Attached(1) without a secondary, until someone plans anew', () => {
    const world = sixNodes();
    world.faults.on('secondaries_missing', { tenant: sharded });
    world.advance(120_000);
    for (const number of ['0002', '0102'])
      expect(shardOf(world, `${sharded}-${number}`)).toMatchObject({
        node_secondary: [],
        is_reconciling: false,
      });
    expectAgreement(world);
    world.faults.off('secondaries_missing');
    world.advance(60_000);
    expect(shardOf(world, `${sharded}-0002`).node_secondary).toHaveLength(1);
  });

  it('az_violation: stays out of its zone while it is pinned, and comes home after', () => {
    const world = sixNodes();
    world.faults.on('az_violation', { tenant });
    world.advance(120_000);
    expect([1, 4]).not.toContain(shardOf(world, tenant).node_attached);
    expect(shardOf(world, tenant).scheduling_policy).toBe('Essential');
    expect(world.controller.metrics().scheduleAzViolation).toBe(1);
    world.faults.off('az_violation');
    world.advance(300_000);
    expect([1, 4]).toContain(shardOf(world, tenant).node_attached);
    expect(world.controller.metrics().scheduleAzViolation).toBe(0);
  });

  it('pair_in_one_az: attached and secondary share a zone', () => {
    const world = sixNodes();
    world.faults.on('pair_in_one_az', { tenant });
    world.advance(120_000);
    expect(shardOf(world, tenant)).toMatchObject({ node_attached: 1, node_secondary: [4] });
    expect(heldBy(world, tenant)).toEqual(['1 AttachedSingle/5', '4 Secondary/null']);
    expect(
      smallWorld().faults.on('pair_in_one_az', { tenant: tenantsOf(smallWorld())[0]?.tenant_id ?? '' }),
    ).toBe('there is no second pageserver in that zone');
  });

  it('safekeepers_in_one_az: all in the first, and back', () => {
    const world = sixNodes();
    const zones = () => world.controller.safekeepers().map((keeper) => keeper.availability_zone_id);
    const before = zones();
    world.faults.on('safekeepers_in_one_az');
    expect(new Set(zones())).toEqual(new Set(['az-a']));
    world.faults.off('safekeepers_in_one_az');
    expect(zones()).toEqual(before);
  });
});

describe('nodes', () => {
  it('node_flapping: Offline and Active in turns, until it is over', () => {
    const world = sixNodes();
    world.faults.on('node_flapping', { node: 5 });
    const seen: string[] = [];
    for (let second = 0; second < 120; second += 1) {
      world.advance(1_000);
      const now = nodeOf(world, 5).split('/')[0] ?? '';
      if (seen.at(-1) !== now) seen.push(now);
    }
    expect(seen.filter((availability) => availability === 'Offline').length).toBeGreaterThan(1);
    world.faults.off('node_flapping');
    world.advance(60_000);
    expect(nodeOf(world, 5)).toBe('Active/Active');
    world.advance(120_000);
    expect(nodeOf(world, 5)).toBe('Active/Active');
  });

  it('warming_stuck: WarmingUp beyond its time', () => {
    const world = sixNodes();
    world.faults.on('warming_stuck', { node: 5 });
    world.advance(200_000);
    expect(nodeOf(world, 5)).toBe('WarmingUp/Active');
    world.faults.off('warming_stuck');
    world.advance(10_000);
    expect(nodeOf(world, 5)).toBe('Active/Active');
  });

  it.for(['Filling', 'Draining'] as const)('node_policy %s: the recorded orphan', (as) => {
    const world = sixNodes();
    world.faults.on('node_policy', { node: 5, as });
    world.advance(120_000);
    expect(nodeOf(world, 5)).toBe(`Active/${as}`);
    expect(world.snapshot().operation).toBeNull();
    const { controller } = world;
    const [again, cancel] =
      as === 'Filling'
        ? [controller.fill(5), controller.cancelFill(5)]
        : [controller.drain(5), controller.cancelDrain(5)];
    expect([settle(world, again).status, settle(world, cancel).status]).toEqual([409, 412]);
    world.faults.off('node_policy');
    expect(nodeOf(world, 5)).toBe('Active/Active');
  });

  it('node_policy takes only what a node can be', () => {
    expect(sixNodes().faults.on('node_policy', { node: 5, as: 'Asleep' })).toContain('not Asleep');
  });

  it('nothing_schedulable: drains are refused, and those that were paused are active again', () => {
    const world = sixNodes();
    world.controller.configureNode(6, { scheduling: 'Pause' });
    world.faults.on('nothing_schedulable');
    expect(Object.values(world.controller.scheduler().nodes).map(({ may_schedule }) => may_schedule)).toEqual(
      Array(6).fill('No'),
    );
    world.faults.off('nothing_schedulable');
    expect([nodeOf(world, 1), nodeOf(world, 6)]).toEqual(['Active/Active', 'Active/Pause']);
  });
});

describe('reconciles and notifications', () => {
  it('reconcile_stuck long: one that runs for more than 120 s, also after it was cancelled', () => {
    const world = sixNodes();
    world.faults.on('reconcile_stuck', { tenant });
    world.advance(130_000);
    const long = () => world.controller.metrics().longRunning.map(({ tenantId }) => tenantId);
    expect(long()).toEqual([tenant]);
    expect(settle(world, world.controller.cancelReconcile(tenant)).status).toBe(200);
    expect(long()).toEqual([]);
    world.advance(150_000);
    expect(long()).toEqual([tenant]);
    world.faults.off('reconcile_stuck');
    world.advance(60_000);
    expect(long()).toEqual([]);
    expectAgreement(world);
  });

  it('reconcile_stuck failing: errors and, after ten, stuck', () => {
    const world = sixNodes();
    world.faults.on('reconcile_stuck', { tenant, as: 'failing' });
    world.advance(300_000);
    const { stuckReconciles, reconcileComplete } = world.controller.metrics();
    expect(stuckReconciles).toBe(1);
    expect(reconcileComplete.error).toBeGreaterThan(10);
    expect(shardOf(world, tenant).last_error).toContain('error sending request');
    world.faults.off('reconcile_stuck');
    world.advance(60_000);
    expect(world.controller.metrics().stuckReconciles).toBe(0);
    expectAgreement(world);
  });

  it('notification_pending: for one tenant only, ok_no_notify rises, and it clears by itself', () => {
    const world = sixNodes();
    const noNotify = () => world.controller.metrics().reconcileComplete.ok_no_notify;
    world.faults.on('notification_pending', { tenant });
    world.advance(60_000);
    const once = noNotify();
    world.advance(120_000);
    expect(noNotify()).toBeGreaterThan(once);
    expect(shardOf(world, tenant).is_pending_compute_notification).toBe(true);
    expect(shardOf(world, `${sharded}-0002`).is_pending_compute_notification).toBe(false);
    world.faults.off('notification_pending');
    world.advance(60_000);
    expect(shardOf(world, tenant).is_pending_compute_notification).toBe(false);
    expect(world.hook.sent.at(-1)).toMatchObject({ answer: 200 });
  });
});

describe('the controller', () => {
  it('controller_not_ready: 503 until it is over', () => {
    const world = sixNodes();
    world.faults.on('controller_not_ready');
    world.advance(120_000);
    expect([world.controller.ready(), world.controller.live()]).toEqual([503, 503]);
    expect(world.controller.admit('GET', '/control/v1/node')).toMatchObject({ status: 503 });
    world.faults.off('controller_not_ready');
    world.advance(5_000);
    expect([world.controller.ready(), world.controller.live()]).toEqual([200, 200]);
  });

  it.for([
    { fault: 'leader_missing', body: null },
    { fault: 'two_leaders', body: { address: 'http://127.0.0.1:1235/' } },
  ])('$fault: it leads, and the database says something else', ({ fault, body }) => {
    const world = sixNodes();
    const leader = () => settle(world, world.controller.leader());
    expect(leader()).toMatchObject({ body: { address: 'http://127.0.0.1:1234/' } });
    world.faults.on(fault);
    if (body === null) expect(leader()).toEqual({ ok: true, status: 200, body: null });
    else expect(leader()).toMatchObject({ body });
    expect([world.controller.live(), world.controller.metrics().leadership]).toEqual([200, 'leader']);
    world.faults.off(fault);
    expect(leader()).toMatchObject({ body: { address: 'http://127.0.0.1:1234/' } });
  });

  it('open_without_auth: says so to whoever serves it', () => {
    const world = sixNodes();
    expect(world.controller.isOpen()).toBe(false);
    world.faults.on('open_without_auth');
    expect(world.controller.isOpen()).toBe(true);
  });
});
