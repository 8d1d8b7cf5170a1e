import { describe, expect, it, vi } from 'vitest';
import type { ChunkSource } from '../../src/render/chunk-source.ts';
import { settle } from '../support/manual-clock.ts';
import { publisherOf, source } from './publishing.ts';

const minutes = 60_000;

/** A source list that can be held back, to look at a build while it is under way. */
function gate() {
  const waiting: (() => void)[] = [];
  let builds = 0;
  return {
    builds: () => builds,
    open: () => waiting.shift()?.(),
    sources: () => {
      builds += 1;
      return new Promise<ChunkSource[]>((resolve) => {
        waiting.push(() => resolve([source({ key: 'a', version: builds })]));
      });
    },
  };
}

describe('rendering again', () => {
  it('happens only for a new version', async () => {
    const rendered: string[] = [];
    let versions = { a: 1, b: 1 };
    const counted = (key: 'a' | 'b') =>
      source({
        key,
        version: versions[key],
        samples: () => {
          rendered.push(`${key}${versions[key]}`);
          return [{ labels: { a: key }, value: versions[key] }];
        },
      });
    const { publisher, text } = publisherOf(() => [counted('a'), counted('b')]);
    await publisher.publishNow();
    versions = { a: 1, b: 2 };
    await publisher.publishNow();
    expect(rendered).toEqual(['a1', 'b1', 'b2']);
    expect(text()).toContain('neon_rows{a="a"} 1\nneon_rows{a="b"} 2\n');
  });

  it('forgets what is no longer offered', async () => {
    let keys = ['a', 'b'];
    const { publisher, text } = publisherOf(() => keys.map((key) => source({ key })));
    await publisher.publishNow();
    keys = ['b'];
    await publisher.publishNow();
    expect(text()).not.toContain('neon_rows{a="a"}');
    expect(text()).toContain('neon_rows{a="b"} 1\n');
  });

  it('takes a key that is offered twice once', async () => {
    const { publisher, text } = publisherOf(() => [source({ key: 'a' }), source({ key: 'a', version: 2 })]);
    await publisher.publishNow();
    expect(text().match(/^neon_rows\{/gm)).toHaveLength(1);
  });
});

describe('building', () => {
  it('happens once for many changes', async () => {
    const held = gate();
    const { publisher, clock } = publisherOf(held.sources);
    for (let change = 0; change < 10; change += 1) publisher.markDirty();
    await clock.advance(0);
    expect(held.builds()).toBe(1);
    for (let change = 0; change < 10; change += 1) publisher.markDirty();
    await clock.advance(minutes);
    expect(held.builds()).toBe(1);
    held.open();
    await vi.waitFor(() => expect(publisher.current()).toBeDefined());
    await clock.advance(20 * minutes);
    expect(held.builds()).toBe(2);
  });

  it('waits twenty times what the last one cost', async () => {
    const held = gate();
    const { publisher, clock } = publisherOf(held.sources, { refreshMs: 1 });
    const first = publisher.publishNow();
    await clock.advance(200);
    held.open();
    await first;
    publisher.markDirty();
    await clock.advance(3_999);
    expect(held.builds()).toBe(1);
    await clock.advance(1);
    expect(held.builds()).toBe(2);
  });

  it('waits at least the least spacing', async () => {
    const { publisher, clock } = publisherOf(() => [], { minSpacingMs: 500 });
    await publisher.publishNow();
    const before = publisher.current();
    publisher.markDirty();
    await clock.advance(499);
    expect(publisher.current()).toBe(before);
    await clock.advance(1);
    await vi.waitFor(() => expect(publisher.current()).not.toBe(before));
  });

  it('happens now and then even when nothing changes', async () => {
    const { publisher, clock } = publisherOf(() => [], { refreshMs: 15_000 });
    await publisher.publishNow();
    const before = publisher.current();
    await clock.advance(14_999);
    expect(publisher.current()).toBe(before);
    await clock.advance(1);
    await vi.waitFor(() => expect(publisher.current()).not.toBe(before));
  });

  it('on demand follows one that is under way, once for all who ask', async () => {
    const held = gate();
    const { publisher, text } = publisherOf(held.sources);
    const first = publisher.publishNow();
    const others = Promise.all([publisher.publishNow(), publisher.publishNow()]);
    held.open();
    await first;
    await vi.waitFor(() => expect(held.builds()).toBe(2));
    held.open();
    await others;
    expect(held.builds()).toBe(2);
    expect(text()).toContain('neon_rows{a="a"} 2\n');
  });

  it('that fails keeps the former snapshot until that is too old', async () => {
    let isBroken = false;
    const { publisher, clock, errors, text } = publisherOf(() => {
      if (isBroken) throw new Error('store is gone');
      return [source({ key: 'a' })];
    });
    await publisher.publishNow();
    const former = publisher.current();
    isBroken = true;
    await publisher.publishNow();
    expect(errors).toEqual([new Error('store is gone')]);
    expect(publisher.current()).toBe(former);
    await clock.advance(5 * minutes + 1);
    expect(publisher.current()).toBeUndefined();
    isBroken = false;
    await publisher.publishNow();
    expect(text()).toMatch(/neonwatch_snapshot_builds_total\{outcome="failed"\} [1-9]/);
  });

  it('ends with stop', async () => {
    const held = gate();
    const { publisher, clock } = publisherOf(held.sources);
    publisher.markDirty();
    publisher.stop();
    publisher.markDirty();
    await publisher.publishNow();
    await clock.advance(minutes);
    expect(held.builds()).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  it('that was under way at stop arms nothing', async () => {
    const held = gate();
    const { publisher, clock } = publisherOf(held.sources);
    const under = publisher.publishNow();
    await settle();
    publisher.stop();
    held.open();
    await under;
    expect(clock.pending()).toBe(0);
  });
});

describe('compression', () => {
  it('is for the formats that were asked for in the last ten minutes', async () => {
    const { publisher, clock } = publisherOf(() => [], { refreshMs: 100 * minutes });
    const compressed = () => Object.keys(publisher.current()?.gzip ?? {});
    await publisher.publishNow();
    expect(compressed()).toEqual(['text', 'openmetrics']);
    await clock.advance(9 * minutes);
    publisher.wantGzip('openmetrics');
    await clock.advance(2 * minutes);
    await publisher.publishNow();
    expect(compressed()).toEqual(['openmetrics']);
    publisher.wantGzip('text');
    expect(compressed()).toEqual(['openmetrics']);
    await publisher.publishNow();
    expect(compressed()).toEqual(['text', 'openmetrics']);
  });
});
