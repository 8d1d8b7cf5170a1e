import { expect } from 'vitest';
import type { World, WorldConfig } from '../../../src/simulator/world/api.ts';
import type {
  Answer,
  Reply,
  ShardDescription,
  TenantDescription,
} from '../../../src/simulator/world/wire.ts';
import { createWorld } from '../../../src/simulator/world/world.ts';

/** A small cluster with the recording's quick heartbeats. */
export function smallWorld(config: Partial<WorldConfig> & { readonly seed?: number } = {}): World {
  return createWorld({
    seed: 1,
    pageservers: 3,
    tenants: 12,
    shardsPerTenant: (tenant) => (tenant % 4 === 0 ? 4 : 1),
    computes: 4,
    heartbeatMs: 2_000,
    offlineMs: 10_000,
    warmingUpMs: 30_000,
    ...config,
  });
}

/** Lets the world go on until the answer is there. */
export function settle<Body>(world: World, reply: Reply<Body>, atMostMs = 60_000): Answer<Body> {
  for (let ms = 0; reply.answer === undefined && ms < atMostMs; ms += 50) world.advance(50);
  if (reply.answer === undefined) throw new Error(`no answer within ${atMostMs} ms`);
  return reply.answer;
}

export function tenantsOf(world: World): TenantDescription[] {
  return [...world.controller.tenants()];
}

export function allShards(world: World): ShardDescription[] {
  return tenantsOf(world).flatMap(({ shards }) => shards);
}

export function firstShard(world: World): ShardDescription {
  const [shard] = allShards(world);
  if (shard === undefined) throw new Error('a world without shards');
  return shard;
}

export function shardCalled(world: World, name: string): ShardDescription {
  const shard = allShards(world).find(({ tenant_shard_id }) => tenant_shard_id === name);
  if (shard === undefined) throw new Error(`no shard ${name}`);
  return shard;
}

/** What the scheduler counts has to be what the list says. */
export function expectCountsToAgree(world: World): void {
  const shards = allShards(world);
  for (const [id, counted] of Object.entries(world.controller.scheduler().nodes)) {
    const node = Number(id);
    const attached = shards.filter(({ node_attached }) => node_attached === node).length;
    const secondaries = shards.filter(({ node_secondary }) => node_secondary.includes(node)).length;
    expect([id, counted.attached_shard_count, counted.shard_count]).toEqual([
      id,
      attached,
      attached + secondaries,
    ]);
  }
}

/** In a world at rest pageservers hold what the controller means and knows. */
export function expectAgreement(world: World): void {
  const held = new Map<string, string>();
  for (const pageserver of world.pageservers())
    for (const [shard, config] of pageserver.locations())
      held.set(`${shard}@${pageserver.id}`, `${config?.mode}/${config?.generation}`);
  const known = new Map<string, string>();
  const wanted = new Set<string>();
  for (const { tenant_shard_id: shard, intent, observed } of world.controller.shardDumps()) {
    for (const [node, { conf }] of Object.entries(observed.locations))
      known.set(`${shard}@${node}`, `${conf?.mode}/${conf?.generation}`);
    for (const node of [intent.attached, ...intent.secondary])
      if (node !== null) wanted.add(`${shard}@${node}`);
  }
  expect(sorted(held)).toEqual(sorted(known));
  expect([...held.keys()].sort()).toEqual([...wanted].sort());
}

function sorted(entries: ReadonlyMap<string, string>): [string, string][] {
  return [...entries].sort(([one], [other]) => (one < other ? -1 : 1));
}
