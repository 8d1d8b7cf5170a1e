import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { play } from '../../scripts/demo/director.ts';
import { demoFaults } from '../../scripts/demo/faults/all-faults.ts';
import { type RunningDemo, startDemo } from '../../scripts/demo/running-demo.ts';
import { parseExposition } from '../render/exposition-parser.ts';
import { type Prometheus, startPrometheus } from './programs.ts';

/** How long each fault stays; 20 seconds make more than ten minutes of all of them. */
const holdMs = Number(process.env['NEONWATCH_FAULT_MS'] ?? 0);
const speed = holdMs > 0 ? 1 : 4;

let demo: RunningDemo;
let prometheus: Prometheus;
const ending = new AbortController();
const said: string[] = [];

beforeAll(async () => {
  demo = await startDemo({ seed: 1, speed, say: (line) => void said.push(line), ending: ending.signal });
  prometheus = await startPrometheus(demo.url);
});
afterAll(async () => {
  await prometheus?.stop();
  await demo?.stop();
});

describe('the demo', () => {
  it('begins with a whole scrape of everything', async () => {
    const body = Buffer.from(await (await fetch(`${demo.url}/metrics`)).arrayBuffer());
    const families = parseExposition(body, 'text');
    const seriesOf = (name: string) => families.find((family) => family.name === name)?.samples ?? [];
    expect(seriesOf('neon_node_info')).toHaveLength(6);
    expect(new Set(seriesOf('neon_node_info').map(({ labels }) => labels['az'])).size).toBe(3);
    expect(seriesOf('neon_tenants').reduce((sum, { value }) => sum + value, 0)).toBe(40);
    expect(seriesOf('neon_sharded_tenants')[0]?.value).toBe(12);
    expect(seriesOf('neon_compute_up')[0]?.value).toBe(1);
    expect(seriesOf('neurondb_vector_index_info').map(({ labels }) => labels['am'])).toEqual(
      expect.arrayContaining(['hnsw', 'ivf']),
    );
    expect(seriesOf('neonwatch_collector_up').filter(({ value }) => value !== 1)).toEqual([]);
    const classes = seriesOf('neon_compute_statement_class_calls_total');
    expect(classes.find(({ labels }) => labels['class'] === 'vector')?.value).toBeGreaterThan(0);
  });

  it.for(demoFaults)(
    '$name shows in the metrics that it names, and is gone afterwards',
    { timeout: 200_000 + holdMs },
    async (fault) => {
      const played = await play(demo.stage, fault, holdMs);
      expect(played, said.slice(-4).join('\n')).toMatchObject({ problem: undefined });
    },
  );

  it('was scraped by a real Prometheus all the time, and no scrape has failed', async () => {
    const [never] = await prometheus.query('min_over_time(up[1h])');
    expect(never?.value[1]).toBe('1');
    const [count] = await prometheus.query('count_over_time(up[1h])');
    expect(Number(count?.value[1])).toBeGreaterThan(30);
  });
});
