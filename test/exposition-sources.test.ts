import { expect, it } from 'vitest';
import { createStore } from '../src/collection/store.ts';
import type { CollectorName } from '../src/collectors/registry.ts';
import { createExpositionSources } from '../src/exposition-sources.ts';
import { controllerTarget } from './support/collect.ts';
import { manualClock } from './support/manual-clock.ts';

it('leaves out a view that throws, and goes on with everything else', async () => {
  const clock = manualClock();
  const store = createStore(clock);
  const put = (name: CollectorName, reading: object) =>
    store.put(name, { target: controllerTarget, reading, firstReadAtMs: 0, lastReadAtMs: 0 }, 60_000);
  put('leader', { leader: undefined });
  put('tenants', { source: 'list', tenants: [] });
  put('nodes', { nodes: 'not a list' });
  const optIn = { perTenant: false, perShard: false };
  const options = { store, clock, optIn, statuses: () => [], version: 'test', hosts: [] };
  const sources = await createExpositionSources(options)();
  const families = (key: string) => sources.find((source) => source.key === key)?.families ?? [];
  const [leader] = families(`leader/${controllerTarget.name}`);
  expect([...(leader?.samples() ?? [])]).toEqual([{ labels: {}, value: 0 }]);
  // The renderer quarantines and counts what throws.
  expect(families('placement')).not.toEqual([]);
  for (const { samples } of families('placement')) expect(samples).toThrow(TypeError);
});
