import { describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world/api.ts';
import { firstShard, settle, shardCalled, smallWorld, tenantsOf } from './lab.ts';

/** Moves the first shard to its secondary by an order that cannot be refused; the answer comes later. */
function move(world: World) {
  const shard = firstShard(world);
  const [target] = shard.node_secondary;
  if (target === undefined) throw new Error('no secondary');
  const reply = world.controller.migrate(shard.tenant_shard_id, {
    node_id: target,
    migration_config: { override_scheduler: true, prewarm: false },
  });
  return { name: shard.tenant_shard_id, from: shard.node_attached, to: target, reply };
}

/** No background pass and no optimizer in the way. */
const quiet = { firstBackgroundMs: 3_600_000 };

function answersTo(world: World, tenantId: string): readonly (number | string | undefined)[] {
  return world.hook.sent
    .filter(({ notification }) => notification.body.tenant_id === tenantId)
    .map(({ answer }) => answer);
}

function modesOf(world: World, shard: string): string[] {
  return world
    .pageservers()
    .flatMap((pageserver) => {
      const answer = pageserver.location(shard);
      return answer.ok ? [`${pageserver.id} ${answer.body?.mode}/${answer.body?.generation}`] : [];
    })
    .sort();
}

describe('notifications of the hook', () => {
  it('are sent once for a place: what it has been told already is not told again', () => {
    const world = smallWorld(quiet);
    const { name, from, reply } = move(world);
    expect(settle(world, reply)).toMatchObject({ ok: true });
    expect(answersTo(world, name)).toEqual([200]);
    expect(settle(world, world.controller.reconcileAll())).toMatchObject({ ok: true });
    expect(answersTo(world, name)).toEqual([200]);
    expect(from).not.toBe(shardCalled(world, name).node_attached);
  });

  it('are sent again to everyone when the controller has restarted', () => {
    const world = smallWorld(quiet);
    world.faults.on('controller_restarted');
    world.advance(5_000);
    const told = new Set(world.hook.sent.map(({ notification }) => notification.body.tenant_id));
    expect([...told].sort()).toEqual(tenantsOf(world).map(({ tenant_id }) => tenant_id));
  });

  it.for([
    { as: '200', pending: false, moves: true, tries: 1, why: 'it is told' },
    { as: '204', pending: false, moves: true, tries: 1, why: 'any 2xx will do' },
  ])('answered $as: $why', ({ as, pending, moves, tries }) => {
    const world = smallWorld(quiet);
    world.faults.on('hook', { as });
    const { name, to, reply } = move(world);
    settle(world, reply);
    expect(answersTo(world, name)).toHaveLength(tries);
    expect(shardCalled(world, name)).toMatchObject({ is_pending_compute_notification: pending });
    expect(modesOf(world, name).includes(`${to} AttachedSingle/2`)).toBe(moves);
  });

  it.for([
    { as: '503', within: 11, why: 'retried inside with growing waits' },
    { as: '502', within: 11, why: 'as 503' },
    { as: '504', within: 11, why: 'as 503' },
    { as: 'dead', within: 11, why: 'a refused connection as 503' },
  ])('answered $as: $why, and the migration waits between two locations', ({ as, within }) => {
    const world = smallWorld(quiet);
    world.faults.on('hook', { as });
    const { name, from, to } = move(world);
    world.advance(14_500);
    expect(answersTo(world, name).length).toBeGreaterThanOrEqual(within - 1);
    expect(modesOf(world, name)).toEqual([`${from} AttachedStale/1`, `${to} AttachedMulti/2`].sort());
    expect(shardCalled(world, name)).toMatchObject({
      node_attached: to,
      is_reconciling: true,
      is_pending_compute_notification: false,
    });
  });

  it.for([
    { as: '423', perRound: 1, why: 'busy is not tried again within a round' },
    { as: '404', perRound: 1, why: 'unexpected is not tried again within a round' },
    { as: '500', perRound: 1, why: 'unexpected is not tried again within a round' },
  ])('answered $as: $why, only by the migration itself', ({ as, perRound }) => {
    const world = smallWorld(quiet);
    world.faults.on('hook', { as });
    const { name } = move(world);
    world.advance(1_500);
    // Rounds at once, after 0 s and then after 2 s, 4 s and so on.
    expect(answersTo(world, name)).toHaveLength(2 * perRound);
    world.advance(2_000);
    expect(answersTo(world, name)).toHaveLength(3 * perRound);
    expect(shardCalled(world, name).is_reconciling).toBe(true);
  });

  it.for(['400', '401', '403'])('answered %s: it ends the migration, and stays to be told', (as) => {
    const world = smallWorld(quiet);
    world.faults.on('hook', { as });
    const { name, reply } = move(world);
    expect(settle(world, reply)).toMatchObject({ ok: false, status: 500 });
    expect(answersTo(world, name)).toEqual([Number(as)]);
    expect(shardCalled(world, name)).toMatchObject({
      is_reconciling: false,
      is_pending_compute_notification: true,
    });
    expect(shardCalled(world, name).last_error).not.toBe('');
  });

  it('answered 429: 5 s pass before each try', () => {
    const world = smallWorld(quiet);
    world.faults.on('hook', { as: '429' });
    const { name } = move(world);
    world.advance(4_500);
    expect(answersTo(world, name)).toHaveLength(1);
    world.advance(5_000);
    expect(answersTo(world, name)).toHaveLength(2);
  });

  it('not answered within 10 s: as if it were not there', () => {
    const world = smallWorld(quiet);
    world.hook.connect(() => undefined);
    const { name } = move(world);
    world.advance(9_900);
    expect(answersTo(world, name)).toHaveLength(1);
    world.advance(1_000);
    expect(answersTo(world, name)).toHaveLength(2);
  });

  it('a failover is not held up by a dead hook: it stays to be told, until a background pass', () => {
    const world = smallWorld({ firstBackgroundMs: 60_000 });
    const { tenant_shard_id: name, node_attached } = firstShard(world);
    world.faults.on('hook', { as: 'dead' });
    world.faults.on('node_down', { node: node_attached ?? 0 });
    world.advance(50_000);
    expect(shardCalled(world, name)).toMatchObject({
      is_reconciling: false,
      is_pending_compute_notification: true,
    });
    world.faults.off('hook');
    world.advance(15_000);
    expect(shardCalled(world, name).is_pending_compute_notification).toBe(false);
    expect(answersTo(world, name).at(-1)).toBe(200);
  });

  it('a policy of Stop keeps a pending one from being sent', () => {
    const world = smallWorld({ firstBackgroundMs: 60_000 });
    const { tenant_shard_id: name, node_attached } = firstShard(world);
    world.faults.on('hook', { as: 'dead' });
    world.faults.on('node_down', { node: node_attached ?? 0 });
    world.advance(50_000);
    world.controller.setPolicy(name.slice(0, 32), { scheduling: 'Stop' });
    world.faults.off('hook');
    world.advance(60_000);
    expect(shardCalled(world, name).is_pending_compute_notification).toBe(true);
  });

  it('after a split are about the children only, all in one', () => {
    const world = smallWorld(quiet);
    const { tenant_shard_id: name } = firstShard(world);
    settle(world, world.controller.splitShards(name, { new_shard_count: 4 }));
    const sent = world.hook.sent.filter(({ notification }) => notification.body.tenant_id === name);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.notification.body).toMatchObject({
      stripe_size: 2_048,
      shards: [{ shard_number: 0 }, { shard_number: 1 }, { shard_number: 2 }, { shard_number: 3 }],
    });
  });
});
