import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formats } from '../../src/render/exposition.ts';
import { parseExposition } from './exposition-parser.ts';
import { publisherOf, source } from './publishing.ts';
import { textOf } from './rows.ts';

describe('a snapshot', () => {
  it('reads the same in both formats, gzip included', async () => {
    const { publisher } = publisherOf(() => [source({ key: 'a' }), source({ key: 'b' })]);
    await publisher.publishNow();
    const snapshot = publisher.current();
    for (const format of formats) {
      const identity = Buffer.concat([...(snapshot?.identity[format].pages ?? [])]);
      expect(snapshot?.identity[format].bytes).toBe(identity.length);
      expect(gunzipSync(Buffer.concat([...(snapshot?.gzip[format]?.pages ?? [])])).equals(identity)).toBe(
        true,
      );
      const families = parseExposition(identity, format);
      expect(families.find(({ name }) => name === 'neon_rows')?.samples).toHaveLength(2);
      const rows = families.reduce((total, { samples }) => total + samples.length, 0);
      expect(families.find(({ name }) => name === 'neonwatch_snapshot_series')?.samples[0]?.value).toBe(rows);
      expect(snapshot?.series).toBe(rows);
    }
  });

  it('says when it was made and what was dropped', async () => {
    const samples = () => ['1', '2', '3'].map((a) => ({ labels: { a }, value: 1 }));
    const { publisher, clock, text } = publisherOf(() => [source({ key: 'k', samples })], {
      budgets: { maxSeries: 1_000, perCollector: new Map([['nodes', 1]]) },
    });
    clock.jump(5_000);
    await publisher.publishNow();
    expect(text()).toContain(`neonwatch_snapshot_timestamp_seconds ${clock.wallMs() / 1_000}\n`);
    expect(text()).toContain('neonwatch_series_dropped{collector="nodes",reason="collector_budget"} 2\n');
    expect(text()).toContain('neonwatch_series_dropped{collector="nodes",reason="global_budget"} 0\n');
  });

  it('leaves out a family without rows, header and all', async () => {
    const { publisher, text } = publisherOf(() => [source({ key: 'a', samples: () => [] })]);
    await publisher.publishNow();
    expect(text()).not.toContain('neon_rows');
  });

  it('gunzips to what is served plain, whatever the size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 4_000 }), async (rows) => {
        const samples = () =>
          Array.from({ length: rows }, (_, row) => ({ labels: { a: `${row}` }, value: row }));
        const { publisher } = publisherOf(() => [source({ key: 'a', samples })], {
          budgets: { maxSeries: 1e6, perCollector: new Map() },
        });
        await publisher.publishNow();
        const { identity, gzip } = publisher.current() ?? {};
        expect(gunzipSync(Buffer.concat([...(gzip?.text?.pages ?? [])])).toString()).toBe(
          textOf(identity?.text ?? []),
        );
      }),
      { numRuns: 15 },
    );
  });
});

describe('a quarantined family', () => {
  const broken = () => {
    throw new Error('no such field');
  };

  it('never affects another, and is counted once per version', async () => {
    let version = 1;
    const { publisher, quarantines, text } = publisherOf(() => [
      source({ key: 'good' }),
      source({ key: 'bad', family: 'neon_broken', version, samples: broken }),
      source({ key: 'after', family: 'neon_after' }),
    ]);
    await publisher.publishNow();
    await publisher.publishNow();
    expect(text()).toContain('neon_rows{a="good"} 1\n');
    expect(text()).toContain('neon_after{a="after"} 1\n');
    expect(text()).not.toContain('neon_broken{');
    const counted =
      'neonwatch_families_quarantined_total{family="neon_broken",collector="nodes",reason="threw"}';
    expect(text()).toContain(`${counted} 1\n`);
    expect(quarantines).toEqual([
      { collector: 'nodes', target: 'bad', family: 'neon_broken', reason: 'threw', detail: 'no such field' },
    ]);
    version = 2;
    await publisher.publishNow();
    expect(text()).toContain(`${counted} 2\n`);
  });

  it('leaves every other row in place, wherever it stands', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 12 }), async (isBad) => {
        const { publisher } = publisherOf(() =>
          isBad.map((bad, index) => source({ key: `k${index}`, ...(bad ? { samples: broken } : {}) })),
        );
        await publisher.publishNow();
        const body = Buffer.concat([...(publisher.current()?.identity.openmetrics.pages ?? [])]);
        const served = parseExposition(body, 'openmetrics').find(({ name }) => name === 'neon_rows');
        const expected = isBad.flatMap((bad, index) => (bad ? [] : [`k${index}`])).sort();
        expect(served?.samples.map(({ labels }) => labels['a']) ?? []).toEqual(expected);
      }),
    );
  });
});
