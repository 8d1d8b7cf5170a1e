import { describe, expect, it } from 'vitest';
import { createStore } from '../../src/collection/store.ts';
import type { Target } from '../../src/collectors/target.ts';
import { manualClock } from '../support/manual-clock.ts';

const target = { kind: 'pageserver', name: 'b:1', url: 'http://b:1' } as const;
const other = { kind: 'pageserver', name: 'a:1', url: 'http://a:1' } as const;
const taken = (nodeId: number, at: Target = target) => ({
  target: at,
  reading: { nodeId, setAside: {} },
  firstReadAtMs: 1,
  lastReadAtMs: 2,
});

describe('the store', () => {
  it.for([
    { case: 'is fresh at exactly its keep time', waitMs: 60_000, fresh: true },
    { case: 'is gone one millisecond later', waitMs: 60_001, fresh: false },
  ])('a reading $case', async ({ waitMs, fresh }) => {
    const clock = manualClock();
    const store = createStore(clock);
    store.put('pageserver_status', taken(1), 60_000);
    await clock.advance(waitMs);
    expect(store.one('pageserver_status') !== undefined).toBe(fresh);
    expect(store.all('pageserver_status')).toHaveLength(fresh ? 1 : 0);
    expect(store.newest('pageserver_status', 'b:1')).toBeDefined();
  });

  it.for([
    { case: 'back a day', jumpMs: -86_400_000 },
    { case: 'forward a day', jumpMs: 86_400_000 },
  ])('a wall clock that jumps $case neither ages nor revives a reading', async ({ jumpMs }) => {
    const clock = manualClock();
    const store = createStore(clock);
    store.put('pageserver_status', taken(1), 60_000);
    clock.jump(jumpMs);
    expect(store.one('pageserver_status')?.reading.nodeId).toBe(1);
    await clock.advance(60_001);
    expect(store.one('pageserver_status')).toBeUndefined();
  });

  it('gives targets by name, each with its newest reading and a version of its own', () => {
    const store = createStore(manualClock());
    store.put('pageserver_status', taken(1), 1);
    store.put('pageserver_status', taken(2), 1);
    store.put('pageserver_status', taken(3, other), 1);
    const all = store.all('pageserver_status');
    expect(all.map(({ reading }) => reading.nodeId)).toEqual([3, 2]);
    expect(new Set(all.map(({ version }) => version)).size).toBe(2);
  });

  it('does not forget a target of another kind that has the same address', () => {
    const store = createStore(manualClock());
    store.put('pageserver_status', taken(1), 1);
    store.forget({ ...target, kind: 'compute' });
    expect(store.all('pageserver_status')).toHaveLength(1);
  });

  it('forgets a target that is watched no more, and only that', () => {
    const store = createStore(manualClock());
    store.put('pageserver_status', taken(1), 1);
    store.put('pageserver_status', taken(3, other), 1);
    store.forget(target);
    expect(store.all('pageserver_status').map(({ reading }) => reading.nodeId)).toEqual([3]);
  });
});
