import { describe, expect, it } from 'vitest';
import type { Skipped } from '../../src/collectors/collector.ts';
import { pageserverLocations } from '../../src/collectors/pageserver/locations.ts';
import {
  pageserverSecondaries,
  type SecondariesReading,
} from '../../src/collectors/pageserver/secondaries.ts';
import { pageserverStatus } from '../../src/collectors/pageserver/status.ts';
import { pageserverUtilization } from '../../src/collectors/pageserver/utilization.ts';
import { SourceError } from '../../src/errors.ts';
import { collectOnce, nodeLocations, pageserverTarget, seriesOf } from '../support/collect.ts';
import { fakeReader } from '../support/fake-reader.ts';

const t1 = '10000000000000000000000000000001';
const t2 = '20000000000000000000000000000002';
const status = { '/v1/status': { id: 2 } };

function location(mode: string, generation: number | null = null) {
  return { mode, generation, secondary_conf: null, shard_number: 0, shard_count: 0, shard_stripe_size: 2048 };
}

describe('who a pageserver is', () => {
  it.for([
    { case: 'status', collector: pageserverStatus },
    { case: 'locations', collector: pageserverLocations },
    { case: 'utilization', collector: pageserverUtilization },
    { case: 'secondaries', collector: pageserverSecondaries },
  ])(
    '$case is refused from another pageserver than was announced, naming the addresses setting',
    async ({ collector }) => {
      const reader = fakeReader({ '/v1/status': { id: 3 } });
      const attempt = collectOnce(collector as typeof pageserverStatus, reader);
      await expect(attempt).rejects.toThrow(
        'http://localhost:9899 answers as pageserver 3, but pageserver2:9898 was announced as pageserver 2; check the entry for "pageserver2:9898" in addresses',
      );
    },
  );

  it('is taken from its own answer when it is only listed', async () => {
    const { nodeId: _, ...listed } = pageserverTarget;
    const reading = await collectOnce(pageserverStatus, fakeReader({ '/v1/status': { id: 3 } }), {
      target: listed,
    });
    expect(reading).toEqual({ nodeId: 3 });
  });
});

describe('pageserver_locations', () => {
  it('counts by mode, with the modes that do not occur', async () => {
    const rows = [
      [t1, location('AttachedSingle', 4)],
      [`${t2}-0002`, location('Secondary')],
      [`${t2}-0102`, null],
    ];
    const reader = fakeReader({ ...status, '/v1/location_config': { tenant_shards: rows } });
    const reading = await collectOnce(pageserverLocations, reader);
    expect(seriesOf(pageserverLocations, reading)).toEqual([
      'neon_pageserver_locations{node_id="2",mode="AttachedSingle"} 1',
      'neon_pageserver_locations{node_id="2",mode="AttachedMulti"} 0',
      'neon_pageserver_locations{node_id="2",mode="AttachedStale"} 0',
      'neon_pageserver_locations{node_id="2",mode="Secondary"} 1',
      'neon_pageserver_locations{node_id="2",mode="Detached"} 0',
      'neon_pageserver_locations{node_id="2",mode="InProgress"} 1',
      `neon_shard_location_generation{tenant_id="${t1}",shard_id="0000",node_id="2",mode="AttachedSingle"} 4`,
    ]);
  });

  it.for([
    { case: 'an unparsable shard id', rows: [['nonsense', location('Secondary')]], setAside: { bad_id: 1 } },
    {
      case: 'a shard that stands there twice',
      rows: [
        [t1, null],
        [t1, null],
      ],
      setAside: { duplicate: 1 },
    },
  ])('sets $case aside and counts it', async ({ rows, setAside }) => {
    const reader = fakeReader({ ...status, '/v1/location_config': { tenant_shards: rows } });
    expect(await collectOnce(pageserverLocations, reader)).toMatchObject({ setAside });
  });
});

describe('pageserver_utilization', () => {
  const row = {
    disk_usage_bytes: 28755316736,
    free_space_bytes: 69037977600,
    disk_wanted_bytes: 31686656,
    disk_usable_pct: 80,
    shard_count: 6,
    max_shard_count: 2500,
    utilization_score: 2400,
  };

  it.for([
    {
      case: 'a score is a part of a million',
      changed: {},
      line: 'neon_pageserver_utilization_ratio{node_id="2"} 0.0024',
      there: true,
    },
    {
      case: 'percent become a ratio',
      changed: {},
      line: 'neon_pageserver_disk_usable_ratio{node_id="2"} 0.8',
      there: true,
    },
    {
      case: 'a score that is not given is absent, not zero',
      changed: { utilization_score: null },
      line: 'neon_pageserver_utilization_ratio',
      there: false,
    },
  ])('$case', async ({ changed, line, there }) => {
    const reader = fakeReader({ ...status, '/v1/utilization': { ...row, ...changed } });
    const series = seriesOf(pageserverUtilization, await collectOnce(pageserverUtilization, reader));
    expect(series.some((one) => one.startsWith(line))).toBe(there);
  });
});

describe('pageserver_secondaries', () => {
  const warm = { heatmap_mtime: '2026-11-22T02:03:47.437Z', bytes_downloaded: 10, bytes_total: 10 };
  const cold = { heatmap_mtime: null, bytes_downloaded: 0, bytes_total: 0 };
  const warming = { ...warm, bytes_downloaded: 4 };
  const four = ['0004', '0104', '0204', '0304'].map((slug) => `${t2}-${slug}`);
  const ask = (shardId: string) => `/v1/tenant/${shardId}/secondary/status`;
  const answers = Object.fromEntries(four.map((id, index) => [ask(id), [warm, cold, warming, warm][index]]));
  const locations = [
    nodeLocations(2, [...four.map((id) => [id, 'Secondary'] as const), [t1, 'AttachedSingle', 1]]),
  ];

  async function runs(count: number, replies: Record<string, unknown> = answers) {
    const reader = fakeReader({ ...status, ...replies });
    let reading: SecondariesReading | Skipped | undefined;
    for (let run = 0; run < count; run += 1) {
      const previous = reading === undefined || 'skipped' in reading ? {} : { previous: reading };
      reading = await collectOnce(pageserverSecondaries, reader, { locations, ...previous });
    }
    if (reading === undefined) throw new Error('at least one run');
    return {
      series: seriesOf(pageserverSecondaries, reading),
      asked: reader.asked.filter((path) => path !== '/v1/status'),
    };
  }

  it('asks no more than its budget in a run, and counts the rest as unknown', async () => {
    const { series, asked } = await runs(1);
    expect(asked).toHaveLength(2);
    expect(series).toEqual([
      'neon_pageserver_secondaries{node_id="2",warmth="warm"} 1',
      'neon_pageserver_secondaries{node_id="2",warmth="warming"} 0',
      'neon_pageserver_secondaries{node_id="2",warmth="cold"} 1',
      'neon_pageserver_secondaries{node_id="2",warmth="unknown"} 2',
      'neon_pageserver_secondary_missing_bytes{node_id="2"} 0',
    ]);
  });

  it('goes round: the next run asks those not yet asked, then the longest not asked', async () => {
    const { series, asked } = await runs(3);
    expect(asked).toEqual([...four, ...four.slice(0, 2)].map(ask));
    expect(series).toContain('neon_pageserver_secondaries{node_id="2",warmth="warm"} 2');
    expect(series).toContain('neon_pageserver_secondaries{node_id="2",warmth="unknown"} 0');
    expect(series).toContain('neon_pageserver_secondary_missing_bytes{node_id="2"} 6');
  });

  it('asks those that are not warm more often, so that it is soon known when they are', async () => {
    const [first = '', ...others] = four;
    const mostlyWarm = { [ask(first)]: cold, ...Object.fromEntries(others.map((id) => [ask(id), warm])) };
    const { asked } = await runs(8, mostlyWarm);
    const times = four.map((id) => asked.filter((path) => path === ask(id)).length);
    expect(times).toEqual([7, 3, 3, 3]);
  });

  it('drops a shard that is no secondary any more when it is asked (404), and goes on', async () => {
    const gone = new SourceError('unexpected', 'NotFound', { status: 404 });
    const { series } = await runs(3, { ...answers, [ask(four[0] ?? '')]: gone });
    expect(series).toContain('neon_pageserver_secondaries{node_id="2",warmth="unknown"} 0');
    expect(series).toContain('neon_pageserver_secondaries{node_id="2",warmth="warm"} 1');
  });

  it('fails where there is no such route: that is not a pageserver without secondaries', async () => {
    await expect(runs(1, {})).rejects.toMatchObject({ reason: 'unsupported' });
  });

  const sick = new SourceError('unexpected', 'Internal error', { status: 500 });

  it('counts a shard that always fails as unknown, and goes on to the others', async () => {
    const { series } = await runs(2, { ...answers, [ask(four[0] ?? '')]: sick });
    expect(series).toContain('neon_pageserver_secondaries{node_id="2",warmth="unknown"} 1');
    expect(series).toContain('neon_pageserver_secondaries{node_id="2",warmth="warm"} 1');
  });

  it('fails when none of the shards it asked could be told: it is the pageserver that is sick', async () => {
    const all = Object.fromEntries(four.map((id) => [ask(id), sick]));
    await expect(runs(1, all)).rejects.toBe(sick);
  });

  it('waits until the locations of its pageserver were read', async () => {
    expect(await collectOnce(pageserverSecondaries, fakeReader(status))).toEqual({
      skipped: 'waiting_for_locations',
    });
  });
});
