import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeLocations } from '../../src/neon/location.ts';
import type { ShardPlacement, TenantPlacement } from '../../src/neon/placement.ts';
import { ShardId } from '../../src/neon/shard-id.ts';
import { classify } from '../../src/views/agreement-facts.ts';
import { locationIndex, matchTenants } from '../../src/views/location-index.ts';

const still = () => undefined;
const shardTexts = Array.from({ length: 6 }, (_, at) => String(at).repeat(32));
const idOf = (text: string) => new ShardId(text, 0, 0);

const location = fc.record({
  id: fc.constantFrom(...shardTexts).map(idOf),
  mode: fc.constantFrom('AttachedSingle', 'AttachedSingle', 'Secondary', 'Secondary', 'InProgress', 'New'),
  generation: fc.option(fc.constantFrom(1, 2, 4_294_967_295), { nil: undefined }),
});
/** Three pageservers, each with at most one location of a shard. */
const pageservers = fc
  .array(fc.uniqueArray(location, { selector: ({ id }) => id.text }), { minLength: 0, maxLength: 3 })
  .map((lists) => lists.map((locations, at): NodeLocations => ({ nodeId: at + 1, locations })));
const nodeId = fc.integer({ min: 1, max: 3 });
const shard = fc.record({
  id: fc.constantFrom(...shardTexts).map(idOf),
  nodeAttached: fc.option(nodeId, { nil: undefined }),
  nodeSecondary: fc.uniqueArray(nodeId, { maxLength: 2 }),
  flags: fc.constant(undefined),
});

function tenantsOf(shards: readonly ShardPlacement[]): readonly TenantPlacement[] {
  return shards.map((one) => {
    return { tenantId: one.id.tenantId, policy: undefined, stripeSizeBlocks: undefined, shards: [one] };
  });
}

/** The same without an index. */
function seenOf(nodes: readonly NodeLocations[], text: string) {
  return nodes.flatMap(({ nodeId: at, locations }) =>
    locations
      .filter(({ id }) => id.text === text)
      .map(({ mode, generation = -1 }) => ({ nodeId: at, mode, generation })),
  );
}

describe('the index of locations', () => {
  it('gives of each shard what the pageservers told, in the order in which they were read', async () => {
    await fc.assert(
      fc.asyncProperty(pageservers, async (nodes) => {
        const index = await locationIndex(nodes, still);
        for (const text of shardTexts) expect(index.seenOf(text)).toEqual(seenOf(nodes, text));
        expect([...index.readNodes]).toEqual(nodes.map((node) => node.nodeId));
      }),
    );
  });

  it('calls a shard as meant just when it agrees and nothing of it is missing or unexpected', async () => {
    await fc.assert(
      fc.asyncProperty(pageservers, shard, async (nodes, meant) => {
        const index = await locationIndex(nodes, still);
        const seen = seenOf(nodes, meant.id.text);
        const witnesses = { readNodes: index.readNodes, isComplete: true };
        const intended = new Set([meant.nodeAttached, ...meant.nodeSecondary]);
        const isWhole = seen.length === intended.size && seen.every((one) => intended.has(one.nodeId));
        const areRoles = seen.every(({ nodeId: at, mode }) =>
          at === meant.nodeAttached ? mode === 'AttachedSingle' : mode === 'Secondary',
        );
        const isOnce = !meant.nodeSecondary.includes(meant.nodeAttached ?? 0);
        const agrees = classify(meant, seen, witnesses, true) === 'agree';
        const row = index.rows.get(meant.id.text) ?? -1;
        expect(index.isAsMeant(row, meant)).toBe(agrees && isWhole && areRoles && isOnce);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds every listed shard, and the strangers that nobody lists', async () => {
    const listed = fc.uniqueArray(shard, { selector: ({ id }) => id.text });
    await fc.assert(
      fc.asyncProperty(pageservers, listed, async (nodes, shards) => {
        const index = await locationIndex(nodes, still);
        const { rows, strangers } = await matchTenants(tenantsOf(shards), index, still);
        expect([...rows].map((row) => index.seenAt(row))).toEqual(
          shards.map(({ id }) => seenOf(nodes, id.text)),
        );
        const known = new Set(shards.map(({ id }) => id.text));
        const unlisted = [...index.rows.keys()].filter((text) => !known.has(text));
        expect(strangers.map((row) => index.shardIds[row])).toEqual(unlisted);
      }),
    );
  });

  it('is made once for the same readings, and anew when one of them is another', async () => {
    const one: NodeLocations = { nodeId: 1, locations: [] };
    const two: NodeLocations = { nodeId: 2, locations: [] };
    const index = await locationIndex([one, two], still);
    expect(await locationIndex([one, two], still)).toBe(index);
    expect(await locationIndex([one, { ...two }], still)).not.toBe(index);
    expect(await locationIndex([one], still)).not.toBe(index);
  });

  it('lets others run while it is made', async () => {
    const ids = Array.from({ length: 2000 }, (_, at) => idOf(at.toString(16).padStart(32, '0')));
    const locations = ids.map((id) => ({ id, mode: 'Secondary', generation: undefined }));
    let breaths = 0;
    const breathe = () => {
      breaths += 1;
      return undefined;
    };
    const index = await locationIndex([{ nodeId: 1, locations }], breathe);
    expect(breaths).toBeGreaterThan(2);
    await matchTenants([], index, breathe);
    expect(breaths).toBeGreaterThan(5);
  });
});
