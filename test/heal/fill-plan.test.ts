import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillPlan, unevenness } from '../../src/heal/fill-plan.ts';
import type { NodeFact } from '../../src/neon/node.ts';
import type { ShardFlags, TenantPlacement } from '../../src/neon/placement.ts';
import { parseShardId } from '../../src/neon/shard-id.ts';
import type { InitialTenant, World } from '../../src/simulator/world/api.ts';
import { createWorld } from '../../src/simulator/world/world.ts';
import { node } from '../findings/controller-world.ts';

const noBreath = () => undefined;
const calm: ShardFlags = {
  isReconciling: false,
  isPendingComputeNotification: false,
  isSplitting: false,
  isImporting: false,
  hasLastError: false,
  schedulingPolicy: 'Active',
  preferredAz: undefined,
};

function idOf(text: string) {
  const id = parseShardId(text);
  if (id === undefined) throw new Error(`${text} is no shard id`);
  return id;
}

/** What the simulated controller lists, as our collectors have it. */
function listed(world: World): { nodes: NodeFact[]; tenants: TenantPlacement[] } {
  const nodes = world.controller
    .nodes()
    .map(({ id, availability_zone_id }) => node(id, { az: availability_zone_id }));
  const tenants = [...world.controller.tenants()].map(
    ({ tenant_id, stripe_size, shards }): TenantPlacement => ({
      tenantId: tenant_id,
      policy: undefined,
      stripeSizeBlocks: stripe_size,
      shards: shards.map((shard) => ({
        id: idOf(shard.tenant_shard_id),
        nodeAttached: shard.node_attached ?? undefined,
        nodeSecondary: shard.node_secondary,
        flags: { ...calm, preferredAz: shard.preferred_az_id ?? undefined },
      })),
    }),
  );
  return { nodes, tenants };
}

/** Shard id → pageserver. */
function attached(world: World): Map<string, number | null> {
  const shards = [...world.controller.tenants()].flatMap((tenant) => tenant.shards);
  return new Map(shards.map(({ tenant_shard_id: id, node_attached: at }) => [id, at]));
}

interface Made {
  readonly pageservers: number;
  readonly azs: number;
  readonly tenants: readonly (readonly { at: number; other: number; az: number }[])[];
}

const hex = (value: number) => value.toString(16).padStart(2, '0');

/** Up to a dozen tenants anywhere, each shard with one secondary elsewhere. */
const made: fc.Arbitrary<Made> = fc
  .record({ pageservers: fc.integer({ min: 2, max: 5 }), azs: fc.integer({ min: 1, max: 3 }) })
  .chain(({ pageservers, azs }) =>
    fc.record({
      pageservers: fc.constant(pageservers),
      azs: fc.constant(azs),
      tenants: fc.array(
        fc.array(
          fc.record({
            at: fc.integer({ min: 1, max: pageservers }),
            other: fc.integer({ min: 1, max: pageservers - 1 }),
            az: fc.integer({ min: 0, max: azs }),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        { minLength: 1, maxLength: 12 },
      ),
    }),
  );

function worldOf({ pageservers, azs, tenants }: Made): World {
  const initial = tenants.map((shards, at): InitialTenant => {
    const id = `${hex(at + 1)}${'0'.repeat(30)}`;
    return {
      id,
      shardCount: shards.length === 1 ? 0 : shards.length,
      shards: shards.map(({ at: attachedTo, other, az }) => ({
        attached: attachedTo,
        secondaries: [((attachedTo - 1 + other) % pageservers) + 1],
        preferredAz: az === 0 ? null : `az-${'abc'[az - 1]}`,
      })),
    };
  });
  // Its own optimizer must not move anything meanwhile.
  return createWorld({
    seed: 1,
    pageservers,
    azs,
    tenants: 0,
    computes: 0,
    backgroundMs: 86_400_000,
    initial,
  });
}

describe('our copy of the fill plan', () => {
  it('promotes just what a fill of the simulated controller promotes', async () => {
    let promotedInAll = 0;
    await fc.assert(
      fc.asyncProperty(made, fc.nat(), async (cluster, pick) => {
        const world = worldOf(cluster);
        const nodeId = (pick % cluster.pageservers) + 1;
        world.advance(1_000);
        const { nodes, tenants } = listed(world);
        const plan = await fillPlan(nodes, tenants, nodeId, noBreath);
        const before = attached(world);
        expect(world.controller.fill(nodeId)).toBeDefined();
        world.advance(60_000);
        const moved = [...attached(world)].filter(([id, at]) => before.get(id) !== at);
        const promoted = plan.promoted.map(({ shard }) => shard.id.text).sort();
        expect(moved.map(([id]) => id).sort()).toEqual(promoted);
        expect(moved.every(([, at]) => at === nodeId)).toBe(true);
        promotedInAll += promoted.length;
      }),
      { numRuns: 60, seed: 7 },
    );
    // A property about nothing would hold as well.
    expect(promotedInAll).toBeGreaterThan(20);
  });

  it('leaves as many shards as there were, and nothing below zero', async () => {
    await fc.assert(
      fc.asyncProperty(made, async (cluster) => {
        const { nodes, tenants } = listed(worldOf(cluster));
        for (const { nodeId } of nodes) {
          const { before, after, promoted } = await fillPlan(nodes, tenants, nodeId, noBreath);
          const sum = (counts: ReadonlyMap<number, number>) =>
            [...counts.values()].reduce((all, one) => all + one, 0);
          expect(sum(after)).toBe(sum(before));
          expect(Math.min(...after.values())).toBeGreaterThanOrEqual(0);
          expect(after.get(nodeId)).toBe((before.get(nodeId) ?? 0) + promoted.length);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('unevenness', () => {
  it.each<[string, readonly number[], readonly number[]]>([
    ['is less when a shard goes to where there are fewer', [5, 1], [4, 2]],
    ['is less when it goes from the fullest to the emptiest', [6, 3, 0], [5, 3, 1]],
  ])('%s', (_, worse, better) => {
    const of = (counts: readonly number[]) => unevenness(new Map(counts.entries()));
    expect(of(better)).toBeLessThan(of(worse));
  });

  it('is zero where all have as many, and only there', () => {
    expect(
      unevenness(
        new Map([
          [1, 4],
          [2, 4],
        ]),
      ),
    ).toBe(0);
    expect(
      unevenness(
        new Map([
          [1, 4],
          [2, 5],
        ]),
      ),
    ).toBeGreaterThan(0);
  });
});
