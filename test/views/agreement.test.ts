import { expect, it } from 'vitest';
import { createStore } from '../../src/collection/store.ts';
import type { ReadingBase } from '../../src/collectors/collector.ts';
import { tenants } from '../../src/collectors/storage-controller/tenants.ts';
import { agreement } from '../../src/views/agreement.ts';
import {
  collectOnce,
  controllerTarget,
  nodeLocations,
  pageserverTarget,
  shardRow,
  tenantRow,
} from '../support/collect.ts';
import { fakeReader } from '../support/fake-reader.ts';
import { manualClock } from '../support/manual-clock.ts';

const tenantId = '10000000000000000000000000000001';

/** One tenant of one shard meant for pageserver 2, which holds two children of it and not itself. */
async function halfSplit(isSplitting: boolean) {
  const store = createStore(manualClock());
  const put = (name: Parameters<typeof store.put>[0], reading: ReadingBase, target = controllerTarget) =>
    store.put(name, { target, reading, firstReadAtMs: 0, lastReadAtMs: 0 }, 60_000);
  const shard = shardRow(tenantId, { node_attached: 2, node_secondary: [], is_splitting: isSplitting });
  const page = (path: string) => (path.includes('start_after') ? [] : [tenantRow(tenantId, [shard])]);
  put('tenants', (await collectOnce(tenants, fakeReader({ '/control/v1/tenant': page }))) as ReadingBase);
  put('nodes', { nodes: [{ nodeId: 2 }] } as ReadingBase);
  const children = nodeLocations(2, [
    [`${tenantId}-0002`, 'AttachedSingle', 1],
    [`${tenantId}-0102`, 'AttachedSingle', 1],
  ]);
  put('pageserver_locations', children as ReadingBase, pageserverTarget);
  const facts = await agreement.build(store, () => undefined);
  return { node: facts?.nodes.get(2), shards: facts?.shardsByAgreement };
}

it.for([
  { case: 'a split under way is no disagreement', isSplitting: true, unknown: 0, missing: 0, as: 'moving' },
  { case: 'children without a split are one', isSplitting: false, unknown: 2, missing: 1, as: 'absent' },
] as const)('$case', async ({ isSplitting, unknown, missing, as }) => {
  const { node, shards } = await halfSplit(isSplitting);
  expect(node?.unexpected).toMatchObject({ unknown_shard: unknown });
  expect(node?.missing).toMatchObject({ attached: missing });
  expect(shards?.get(as)).toBe(1);
});
