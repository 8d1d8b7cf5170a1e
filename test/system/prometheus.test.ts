import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Replay, startReplay } from '../replay/replay-server.ts';
import { type Neonwatch, type Prometheus, startNeonwatch, startPrometheus, until } from './programs.ts';

/** Every kind of character that has broken an exporter. */
const hostileAz = 'zone "é|,b:2"\\ \n\u0000\u{1F418}{}=';

async function nodesWithHostileZone(replay: Replay): Promise<void> {
  replay.set('storcon', '/control/v1/node', (_, recorded) => {
    const nodes = JSON.parse(recorded.body.toString()) as object[];
    const [first, ...others] = nodes;
    return { body: JSON.stringify([{ ...first, availability_zone_id: hostileAz }, ...others]) };
  });
}

describe.for([
  { format: 'OpenMetrics 1.0', http: {}, contentType: /^application\/openmetrics-text; version=1\.0\.0/ },
  { format: 'text 0.0.4', http: { openMetrics: false }, contentType: /^text\/plain; version=0\.0\.4/ },
])('a real Prometheus scrapes the running program in $format', ({ http, contentType }) => {
  let replay: Replay;
  let neonwatch: Neonwatch;
  let prometheus: Prometheus;

  beforeAll(async () => {
    replay = await startReplay({ world: 'imbalance' });
    await nodesWithHostileZone(replay);
    neonwatch = await startNeonwatch({
      storageController: { url: replay.controllerUrl },
      addresses: replay.addresses,
      http,
      series: { perTenant: true, perShard: true },
    });
    prometheus = await startPrometheus(neonwatch.url);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await neonwatch?.end();
    await replay?.stop();
  });

  it('is asked for and answers in that format', async () => {
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
    const response = await fetch(`${neonwatch.url}/metrics`, { headers: { accept } });
    expect(response.headers.get('content-type')).toMatch(contentType);
  });

  it('is up, without a complaint', async () => {
    const up = await until('up being 1', async () => {
      const [result] = await prometheus.query('up{job="neonwatch"}');
      return result?.value[1] === '1' ? result : undefined;
    });
    expect(up.value[1]).toBe('1');
    expect(await prometheus.target()).toMatchObject({ health: 'up', lastError: '' });
  });

  it('has where every shard is, under the zone as Neon spells it, every odd character included', async () => {
    const attached = await until('shards by zone', async () => {
      const results = await prometheus.query('sum by (az) (neon_node_attached_shards)');
      return results.length > 0 ? results : undefined;
    });
    const byZone = new Map(attached.map(({ metric, value }) => [metric['az'], Number(value[1])]));
    expect(byZone.get(hostileAz)).toBeGreaterThan(0);
    // Twelve shards, one of which is unscheduled in this world.
    expect([...byZone.values()].reduce((sum, shards) => sum + shards, 0)).toBe(11);
  });

  it('answers the questions of the first page: what disagrees, who is not active, what is stale', async () => {
    const answers = await Promise.all(
      [
        'sum(neon_shard_placements)',
        'count(neon_node_availability{availability="Active"} == 1)',
        'min(neonwatch_collector_up)',
        'max(time() - neonwatch_collector_last_success_timestamp_seconds) < 60',
      ].map((expression) => prometheus.query(expression)),
    );
    expect(answers.map((results) => results.length)).toEqual([1, 1, 1, 1]);
  });

  it('promtool has nothing to say', async () => {
    const text = await (
      await fetch(`${neonwatch.url}/metrics`, { headers: { accept: 'text/plain' } })
    ).text();
    const promtool = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect([promtool.status, promtool.stderr, promtool.stdout]).toEqual([0, '', '']);
  });
});
