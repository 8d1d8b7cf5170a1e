/**
 * What a scrape costs when all targets are well and when every one of them is black-holed, and what the program itself
 * takes, at 100,000 series. The compiled program runs in a process of its own against a cluster in another one.
 *
 *   npm run bench:scrape -- [--without-findings]
 *
 * TENANTS (of 8 shards) and PAGESERVERS make the cluster another size.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: { 'without-findings': { type: 'boolean', default: false } },
});
const root = join(import.meta.dirname, '..');
const scrapes = 200;
const limits = { eventLoopP99Ms: 50, rssMiB: 200, blackHoledToWell: 1.5 };

interface Scrape {
  readonly ms: number;
  readonly text: string;
}

async function scrape(url: string, headers: Record<string, string>): Promise<Scrape> {
  const startedMs = performance.now();
  const response = await fetch(`${url}/metrics`, { headers });
  const text = await response.text();
  return { ms: performance.now() - startedMs, text };
}

function value(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function distribution(name: string, values: readonly number[]): { p50: number; p99: number } {
  const sorted = [...values].sort((left, right) => left - right);
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((q) => quantile(sorted, q));
  const shown = [sorted[0], p50, p90, p99, sorted.at(-1)].map((ms) =>
    (ms ?? Number.NaN).toFixed(1).padStart(8),
  );
  console.log(`${name.padEnd(34)} ${shown.join(' ')}   n=${values.length}`);
  return { p50: p50 ?? Number.NaN, p99: p99 ?? Number.NaN };
}

interface Phase {
  readonly ms: readonly number[];
  readonly loopP99Ms: readonly number[];
  readonly rssMiB: readonly number[];
}

/** Scrapes as Prometheus does, gzip and OpenMetrics, and notes what the program says of itself each time. */
async function phase(url: string): Promise<Phase> {
  const ms: number[] = [];
  const loopP99Ms: number[] = [];
  const rssMiB: number[] = [];
  for (let round = 0; round < scrapes; round += 1) {
    const headers = { accept: 'application/openmetrics-text;version=1.0.0', 'accept-encoding': 'gzip' };
    const one = await scrape(url, headers);
    ms.push(one.ms);
    loopP99Ms.push(value(one.text, 'nodejs_eventloop_lag_p99_seconds') * 1000);
    rssMiB.push(value(one.text, 'process_resident_memory_bytes') / 1024 ** 2);
    await delay(100);
  }
  return { ms, loopP99Ms, rssMiB };
}

const cluster = fork(join(import.meta.dirname, 'synthetic-cluster.ts'));
const [{ controller }] = (await once(cluster, 'message')) as [{ controller: string }];
const args = [
  '--max-semi-space-size=4',
  join(root, 'dist', 'cli', 'main.js'),
  'serve',
  `--storage-controller.url=${controller}`,
  '--listen=127.0.0.1:0',
  '--series.per-tenant=true',
  '--series.per-shard=true',
  // Black-holed long enough to be measured, and still the same 100,000 series: that is the comparison.
  '--collection.keep-intervals=1000',
  '--collection.interval=10s',
  '--collection.timeout=9s',
  `--findings.enabled=${flags['without-findings'] ? 'false' : 'true'}`,
];
const program = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
const [line] = (await once(program.stdout, 'data')) as [Buffer];
const url = /listening on (\S+)/.exec(line.toString())?.[1] ?? '';
let series = 0;
while (series < 100_000) {
  await delay(500);
  series = value((await scrape(url, {})).text, 'neonwatch_snapshot_series');
}
console.log(
  `${series} series; ${scrapes} scrapes a phase, 100 ms apart, OpenMetrics with gzip; milliseconds`,
);
console.log(
  `${''.padEnd(34)} ${['min', 'p50', 'p90', 'p99', 'max'].map((name) => name.padStart(8)).join(' ')}`,
);
await delay(15_000);
const well = await phase(url);
cluster.send('silent');
await delay(10_000);
const blackHoled = await phase(url);
program.kill();
cluster.kill();

const wellMs = distribution('scrape, all well', well.ms);
const blackHoledMs = distribution('scrape, every target black-holed', blackHoled.ms);
const loop = distribution('event loop delay p99, all well', well.loopP99Ms);
const rss = Math.max(...well.rssMiB, ...blackHoled.rssMiB);
const ratio = blackHoledMs.p50 / wellMs.p50;
console.log(`black-holed / well, medians: ${ratio.toFixed(2)} (limit ${limits.blackHoledToWell})`);
console.log(
  `event loop delay p99, median of what the program reported: ${loop.p50.toFixed(1)} ms (limit ${limits.eventLoopP99Ms})`,
);
console.log(`resident memory, highest seen: ${rss.toFixed(0)} MiB (limit ${limits.rssMiB})`);
const isMet = ratio <= limits.blackHoledToWell && loop.p50 <= limits.eventLoopP99Ms && rss <= limits.rssMiB;
process.exitCode = isMet ? 0 : 1;
