import { describe, expect, it } from 'vitest';
import { connstringDrift } from '../../src/alerts/detectors/drift/connstring-drift.ts';
import { lyingHook } from '../../src/alerts/detectors/drift/lying-hook.ts';
import type { World } from '../../src/simulator/world/api.ts';
import { createRandom } from '../../src/simulator/world/random.ts';
import { allShards, smallWorld } from '../simulator/world/lab.ts';
import { type DriftWatch, watchDrift } from './drift-simulated.ts';

const minute = 60_000;
const detectors = [connstringDrift, lyingHook];

interface Scene {
  readonly world: World;
  readonly watch: DriftWatch;
  readonly random: () => number;
}

function scene(seed: number): Scene {
  const world = smallWorld({ seed, computes: 12, pageservers: 5 + (seed % 3), backgroundMs: 20_000 });
  const { next: random } = createRandom(seed * 7 + 1);
  return { world, random, watch: watchDrift(world, detectors, random) };
}

/** Moves one shard of a compute's tenant to the next node, as an operator would. */
function migrate({ world, random }: Scene, tenantId?: string): void {
  // The optimizer would bring it home again.
  if (tenantId !== undefined) world.controller.setPolicy(tenantId, { scheduling: 'Essential' });
  const watched = new Set(world.computes().map((compute) => compute.tenantId));
  const shards = allShards(world).filter(({ tenant_shard_id: id }) =>
    tenantId === undefined ? watched.has(id.slice(0, 32)) : id.startsWith(tenantId),
  );
  const shard = shards[Math.floor(random() * shards.length)];
  const others = world.controller
    .nodes()
    .filter(({ id, availability }) => id !== shard?.node_attached && availability === 'Active');
  const node = others[Math.floor(random() * others.length)];
  if (shard === undefined || node === undefined) return;
  const config = { override_scheduler: true, prewarm: tenantId === undefined && random() < 0.5 };
  world.controller.migrate(shard.tenant_shard_id, { node_id: node.id, migration_config: config });
}

function someNode({ world, random }: Scene): number {
  return 1 + Math.floor(random() * world.config.pageservers);
}

/** What operators do to a cluster that is well. Each lets some time pass. */
const operations: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  async migrate(at) {
    for (let moves = 0; moves < 4; moves += 1) {
      migrate(at);
      await at.watch.run(Math.floor(at.random() * 40_000));
    }
  },
  async drain_and_fill(at) {
    const node = someNode(at);
    at.world.controller.drain(node);
    await at.watch.run(2 * minute);
    at.world.controller.configureNode(node, { scheduling: 'Active' });
    await at.watch.run(30_000);
    at.world.controller.fill(node);
    await at.watch.run(2 * minute);
  },
  async split(at) {
    const [compute] = at.world.computes();
    const shards = allShards(at.world).filter(({ tenant_shard_id: id }) =>
      id.startsWith(compute?.tenantId ?? '-'),
    );
    at.world.controller.splitShards(compute?.tenantId ?? '', { new_shard_count: shards.length * 2 });
    await at.watch.run(2 * minute);
  },
  async pageserver_restart(at) {
    at.world.faults.on('node_restarted', { node: someNode(at) });
    await at.watch.run(2 * minute);
  },
  async failover(at) {
    const node = someNode(at);
    at.world.faults.on('node_down', { node });
    await at.watch.run(90_000 + Math.floor(at.random() * 60_000));
    at.world.faults.off('node_down', { node });
    await at.watch.run(3 * minute);
  },
  async controller_restart(at) {
    at.world.faults.on('controller_restarted');
    migrate(at);
    await at.watch.run(2 * minute);
  },
  async hook_away(at) {
    at.world.hook.behave(503);
    migrate(at);
    await at.watch.run(4 * minute);
    at.world.hook.behave('right');
    await at.watch.run(2 * minute);
  },
  async slow_hook(at) {
    at.world.hook.behave('slow');
    migrate(at);
    migrate(at);
    await at.watch.run(2 * minute);
    at.world.hook.behave('right');
  },
};
const names = Object.keys(operations);

describe('drift while a healthy cluster is worked on', () => {
  it.each(Array.from({ length: 24 }, (_, seed) => ({ seed, name: names[seed % names.length] ?? 'migrate' })))(
    'never fires: $name, seed $seed',
    async ({ seed, name }) => {
      const at = scene(seed + 1);
      await at.watch.run(3 * minute);
      await operations[name]?.(at);
      const other = names[Math.floor(at.random() * names.length)] ?? 'migrate';
      await operations[other]?.(at);
      await at.watch.run(5 * minute);
      expect([name, other, ...at.watch.fired]).toEqual([name, other]);
      // The harness has seen something: most computes end where they belong, and were seen on the way.
      expect([...at.watch.states.values()].flat()).toContain('IN_SYNC');
    },
    60_000,
  );
});

/** The first compute of a sharded tenant whose shards are on several nodes. */
function spread({ world }: Scene): string {
  const found = world.computes().find(({ connstring }) => new Set(connstring.split(',')).size > 1);
  if (found === undefined) throw new Error('no tenant is spread');
  return found.tenantId;
}

function unspread({ world }: Scene): string {
  const found = world.computes().find(({ connstring }) => !connstring.includes(','));
  if (found === undefined) throw new Error('no tenant is unsharded');
  return found.tenantId;
}

async function broken(hook: 'lying' | 'sticky' | 'order-losing', at: Scene, tenantId: string): Promise<void> {
  at.world.hook.behave(hook);
  migrate(at, tenantId);
  await at.watch.run(6 * minute);
}

/** What breaks drift, and what must have fired some minutes later; the class where the fault decides it. */
const faults: readonly (readonly [
  what: string,
  act: (at: Scene) => Promise<void>,
  fired: readonly RegExp[],
])[] = [
  [
    'somebody turns the list round',
    async (at) => {
      at.world.faults.on('compute_drift', { tenant: spread(at) });
      await at.watch.run(4 * minute);
    },
    [/^connstring_drift compute 2\w+ \[WRONG_ORDER\]$/],
  ],
  [
    'a hook lies',
    (at) => broken('lying', at, unspread(at)),
    [/^connstring_drift compute 1\w+ \[WRONG_NODE\]$/, /^lying_hook .* \[NOT_APPLIED\]$/],
  ],
  [
    'a hook loses the order',
    (at) => broken('order-losing', at, spread(at)),
    [/^connstring_drift compute 2\w+ \[WRONG_(COUNT|ORDER|NODE)\]$/, /^lying_hook .* \[ORDER_LOST\]$/],
  ],
  [
    'a compute starts with its old file',
    async (at) => {
      const tenant = unspread(at);
      migrate(at, tenant);
      await at.watch.run(3 * minute);
      at.world.faults.on('compute_restarted', { tenant });
      await at.watch.run(6 * minute);
    },
    [/^connstring_drift compute 1\w+ \[WRONG_NODE\]$/],
  ],
];

describe('drift that is there', () => {
  it.each(faults)('fires when %s', async (_, act, expected) => {
    for (const seed of [1, 2, 3]) {
      const at = scene(seed);
      await at.watch.run(3 * minute);
      await act(at);
      const fired = [...at.watch.fired];
      expect(fired.length, fired.join('; ')).toBe(expected.length);
      for (const pattern of expected) expect(fired).toContainEqual(expect.stringMatching(pattern));
    }
  });

  it('fires for every compute that a hook gave another tenant’s string, and for the hook', async () => {
    const at = scene(4);
    await at.watch.run(3 * minute);
    at.world.hook.behave('tenant-blind');
    migrate(at, spread(at));
    await at.watch.run(6 * minute);
    const wrong = [...at.watch.fired].filter((text) => text.startsWith('connstring_drift'));
    expect(new Set(wrong.map((text) => text.split(' ')[2])).size).toBe(at.world.computes().length - 1);
    expect([...at.watch.fired]).toContainEqual(expect.stringMatching(/^lying_hook .* \[OTHER_TENANT\]$/));
  });
});
