import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ShardRecord } from '../../src/collectors/controller-database/shard-pages.ts';
import type { TenantPlacement } from '../../src/neon/placement.ts';
import { ShardId } from '../../src/neon/shard-id.ts';
import { disagreeingShards } from '../../src/views/controller-database.ts';

const still = () => undefined;
/** Two shards of each of five tenants. */
const texts = Array.from({ length: 10 }, (_, at) => `${String(at >> 1).repeat(32)}-0${at % 2}02`);
const some = (isOrdered: boolean) => {
  const subset = isOrdered ? fc.subarray(texts) : fc.shuffledSubarray(texts);
  return fc.tuple(subset, fc.subarray(texts));
};

const flags = { isReconciling: false, isPendingComputeNotification: false, isImporting: false };
const more = { hasLastError: false, schedulingPolicy: 'Active', preferredAz: undefined };

function apiOf(list: readonly string[], splitting: readonly string[]): TenantPlacement[] {
  return list.map((text) => {
    const shard = { id: new ShardId(text, 0, 2), nodeAttached: 1, nodeSecondary: [] };
    const isSplitting = splitting.includes(text);
    return {
      tenantId: text.slice(0, 32),
      policy: undefined,
      stripeSizeBlocks: 2048,
      shards: [{ ...shard, flags: { ...flags, ...more, isSplitting } }],
    };
  });
}

function databaseOf(list: readonly string[], detached: readonly string[]): ShardRecord[] {
  return list.map((text) => {
    const generations = { generation: 1, generationPageserver: 1 };
    const id = new ShardId(text, 0, 2);
    return { id, ...generations, isSplitting: false, isDetached: detached.includes(text) };
  });
}

it.each([
  ['both lists in order', true],
  ['one of them in no order', false],
])('shards of one side only are those that the other has not: %s', async (_, isOrdered) => {
  await fc.assert(
    fc.asyncProperty(some(isOrdered), some(true), async ([api, splitting], [database, detached]) => {
      const inApi = new Set(api);
      const inDatabase = new Set(database);
      const leftOut = new Set(
        [
          ...api.filter((text) => splitting.includes(text)),
          ...database.filter((text) => detached.includes(text)),
        ].map((text) => text.slice(0, 32)),
      );
      const only = (list: readonly string[], others: ReadonlySet<string>) =>
        list.filter((text) => !others.has(text) && !leftOut.has(text.slice(0, 32)));
      const lists = [apiOf(api, splitting), databaseOf(database, detached)] as const;
      expect(await disagreeingShards(...lists, still)).toEqual({
        shard_only_in_database: only(database, inApi),
        shard_only_in_api: only(api, inDatabase),
      });
    }),
    { numRuns: 500 },
  );
});
