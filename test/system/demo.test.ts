import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { play } from '../../scripts/demo/director.ts';
import { demoFaults } from '../../scripts/demo/faults/all-faults.ts';
import { type RunningDemo, startDemo } from '../../scripts/demo/running-demo.ts';
import { parseExposition } from '../render/exposition-parser.ts';
import { askDoctor, expectedOfFault, type Said, writeTranscript } from './demo-doctor.ts';
import { type Prometheus, startPrometheus } from './programs.ts';

/** How long each fault stays; 20 seconds make more than ten minutes of all of them. */
const holdMs = Number(process.env['NEONWATCH_FAULT_MS'] ?? 0);
const isSoak = holdMs > 0;
const speed = isSoak ? 1 : 4;

let demo: RunningDemo;
let prometheus: Prometheus;
/** When it began to scrape. */
let startedMs = 0;
const ending = new AbortController();
const said: string[] = [];
/** What doctor said while each fault was there, and before any was. */
const heard = new Map<string, Said>();
let before: Said;

beforeAll(async () => {
  demo = await startDemo({ seed: 1, speed, say: (line) => void said.push(line), ending: ending.signal });
  prometheus = await startPrometheus(demo.url);
  startedMs = performance.now();
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

  it('has doctor say that all is well before the first fault', async () => {
    before = await askDoctor(demo.configFile, speed);
    // On a busy machine a pageserver of the simulator may answer slowly, which is noticed and no finding.
    const isWell = /^All is well: 14 targets|^No finding yet, but: Pageserver \d+ at \S+ answers slowly/;
    expect(before.headline, before.report.join('\n')).toMatch(isWell);
  });

  it.for(demoFaults)(
    '$name shows in the metrics that it names, and is gone afterwards',
    { timeout: 200_000 + holdMs },
    async (fault) => {
      const { changes } = expectedOfFault[fault.name] ?? {};
      const whileBroken = async (): Promise<void> => {
        const one = await askDoctor(demo.configFile, speed, changes === undefined ? undefined : before.saved);
        heard.set(fault.name, one);
      };
      const played = await play({ ...demo.stage, whileBroken }, fault, holdMs);
      expect(played, said.slice(-4).join('\n')).toMatchObject({ problem: undefined });
    },
  );

  it.for(demoFaults)('has doctor say in its first line what is wrong while $name is there', ({ name }) => {
    const one = heard.get(name);
    expect(one?.headline, one?.report.join('\n')).toMatch(
      expectedOfFault[name]?.says ?? /a line in the table/,
    );
    const { changes } = expectedOfFault[name] ?? {};
    if (changes !== undefined) expect(one?.changes).toContainEqual(expect.stringMatching(changes));
  });

  it.runIf(process.env['NEONWATCH_DOCTOR_TRANSCRIPT'])('is written down in docs/doctor-transcript.md', () =>
    writeTranscript(heard),
  );

  it('was scraped by a real Prometheus all the time, and no scrape has failed', async () => {
    const ask = async (query: string): Promise<number> =>
      Number((await prometheus.query(query))[0]?.value[1]);
    const lastedS = (performance.now() - startedMs) / 1_000;
    const up = await ask('min_over_time(up[1h])');
    const scrapes = await ask('count_over_time(up[1h])');
    const slowestS = await ask('max_over_time(scrape_duration_seconds[1h])');
    const line = `${demoFaults.length} faults in ${lastedS.toFixed(0)} s: ${scrapes} scrapes, least up ${up}, slowest ${slowestS} s`;
    if (isSoak) console.log(line);
    expect(up, line).toBe(1);
    expect(scrapes, line).toBeGreaterThan(isSoak ? 600 : 30);
    // One a second: more than a few missing ones are scrapes that did not happen.
    expect(scrapes, line).toBeGreaterThan(0.9 * lastedS);
  });
});
