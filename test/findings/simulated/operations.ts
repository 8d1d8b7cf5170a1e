import type { World } from '../../../src/simulator/world/api.ts';
import type { Random } from '../../../src/simulator/world/random.ts';
import type { ShardDescription, TenantDescription } from '../../../src/simulator/world/wire.ts';

/** What operators and upstream's own tools do to a cluster that is well. */

export interface Operator {
  readonly world: World;
  readonly random: Random;
  /** Only these tenants are touched. */
  readonly mayTouch: (tenantId: string) => boolean;
  /** Resolves when so much time has passed in the world. */
  readonly wait: (ms: number) => Promise<void>;
}

export type Operation = (operator: Operator) => Promise<void>;

const stepMs = 5_000;

export function tenantsOf(world: World): readonly TenantDescription[] {
  return [...world.controller.tenants()];
}

export function pick<Item>(random: Random, items: readonly Item[]): Item | undefined {
  return items[random.below(Math.max(1, items.length))];
}

async function until({ wait }: Operator, atMostMs: number, isReached: () => boolean): Promise<void> {
  for (let ms = 0; ms < atMostMs && !isReached(); ms += stepMs) await wait(stepMs);
}

function touchable(operator: Operator): readonly TenantDescription[] {
  return tenantsOf(operator.world).filter(({ tenant_id }) => operator.mayTouch(tenant_id));
}

/** Nodes that are up and may be given shards. */
function healthyNodes(world: World): readonly number[] {
  return world.controller
    .nodes()
    .filter(({ availability, scheduling }) => availability === 'Active' && scheduling === 'Active')
    .map(({ id }) => id);
}

/** A node of the zone where the shard is now, other than that it is on; undefined when there is none. */
export function neighbourOf(world: World, shard: ShardDescription): number | undefined {
  const nodes = world.controller.nodes();
  const zone = nodes.find(({ id }) => id === shard.node_attached)?.availability_zone_id;
  return nodes.find(
    ({ id, availability, scheduling, availability_zone_id }) =>
      id !== shard.node_attached &&
      availability_zone_id === zone &&
      availability === 'Active' &&
      scheduling === 'Active',
  )?.id;
}

/** To a node of the same zone, or to any; with or without warming it first. */
async function migrate(operator: Operator): Promise<void> {
  const { world, random } = operator;
  const shards = touchable(operator).flatMap((tenant) => tenant.shards);
  const shard = pick(random, shards);
  if (shard === undefined) return;
  const others = healthyNodes(world).filter((id) => id !== shard.node_attached);
  const near = neighbourOf(world, shard);
  const target = near !== undefined && random.below(2) === 0 ? near : pick(random, others);
  if (target === undefined) return;
  const migration_config = { override_scheduler: random.below(3) > 0, prewarm: random.below(2) === 0 };
  world.controller.migrate(shard.tenant_shard_id, { node_id: target, migration_config });
  await operator.wait(30_000);
}

async function split(operator: Operator): Promise<void> {
  const { world, random } = operator;
  const isUnsharded = ({ shards }: TenantDescription) => shards.length === 1;
  // One stays unsharded: such a tenant is a case of its own.
  const isLast = tenantsOf(world).filter(isUnsharded).length === 1;
  const tenant = pick(
    random,
    touchable(operator).filter((one) => one.shards.length <= 4 && !(isLast && isUnsharded(one))),
  );
  if (tenant === undefined) return;
  const factor = random.below(3) === 0 ? 4 : 2;
  world.controller.splitShards(tenant.tenant_id, { new_shard_count: tenant.shards.length * factor });
  await operator.wait(60_000);
}

async function fillNode(operator: Operator, node: number): Promise<void> {
  const { world } = operator;
  world.controller.fill(node);
  const isOver = () => world.controller.nodes().find(({ id }) => id === node)?.scheduling !== 'Filling';
  await until(operator, 300_000, isOver);
}

async function drainNode(operator: Operator, node: number): Promise<void> {
  const { world } = operator;
  world.controller.drain(node);
  const isOver = () => world.controller.nodes().find(({ id }) => id === node)?.scheduling !== 'Draining';
  await until(operator, 300_000, isOver);
}

async function letBack(operator: Operator, node: number): Promise<void> {
  const { world } = operator;
  const stateOf = () => world.controller.nodes().find(({ id }) => id === node);
  await until(operator, 300_000, () => stateOf()?.availability === 'Active');
  if (stateOf()?.scheduling !== 'Active') world.controller.configureNode(node, { scheduling: 'Active' });
  await operator.wait(stepMs);
  await fillNode(operator, node);
}

async function fill(operator: Operator): Promise<void> {
  const node = pick(operator.random, healthyNodes(operator.world));
  if (node !== undefined) await fillNode(operator, node);
}

async function drain(operator: Operator): Promise<void> {
  const node = pick(operator.random, healthyNodes(operator.world));
  if (node === undefined) return;
  await drainNode(operator, node);
  await operator.wait(operator.random.below(120_000));
  await letBack(operator, node);
}

/** Without a drain before: seconds in which its shards are nowhere. */
async function restart(operator: Operator): Promise<void> {
  const node = pick(operator.random, healthyNodes(operator.world));
  if (node === undefined) return;
  operator.world.faults.on('node_restarted', { node });
  await operator.wait(60_000);
}

/** Every node in turn: drain, restart, fill. */
async function deploy(operator: Operator): Promise<void> {
  for (const { id } of operator.world.controller.nodes()) {
    await drainNode(operator, id);
    operator.world.faults.on('node_restarted', { node: id });
    await operator.wait(10_000 + operator.random.below(10_000));
    await letBack(operator, id);
  }
}

/** Killed, for long enough to be Offline or not quite, and back. */
async function failover(operator: Operator): Promise<void> {
  const { world, random } = operator;
  const node = pick(random, healthyNodes(world));
  if (node === undefined) return;
  world.faults.on('node_down', { node });
  await operator.wait(15_000 + random.below(240_000));
  world.faults.off('node_down', { node });
  await letBack(operator, node);
}

async function restartController(operator: Operator): Promise<void> {
  operator.world.faults.on('controller_restarted');
  await operator.wait(60_000);
}

/** By name, as the table of the proof has them. */
export const operations: Readonly<Record<string, Operation>> = {
  migrate,
  split,
  fill,
  drain,
  restart,
  deploy,
  failover,
  'restart of the controller': restartController,
};
