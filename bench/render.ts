/**
 * CPU time of one refresh and its scrapes at 100,000 series: neonwatch's publisher against prom-client's gauges,
 * in one process, rounds interleaved, medians. Exits 1 when a limit is missed.
 *
 *   node bench/render.ts [--dist] [--series N] [--rounds N]
 *
 * `--dist` (or NEONWATCH_BENCH_DIST=1) measures the compiled files instead of src.
 * neonwatch renders, assembles and (in the gzip rows) compresses once, then writes buffers for each scraper.
 * prom-client sets every gauge once, then runs metrics() and (in the gzip rows) gzip level 1 for each scraper.
 */
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGzip } from 'node:zlib';
import { Gauge, Registry } from 'prom-client';
import {
  type SyntheticShard,
  syntheticFamily,
  syntheticLabels,
  syntheticLabelsOf,
  syntheticName,
  syntheticShards,
  syntheticValue,
} from './synthetic.ts';

const { values: flags } = parseArgs({
  options: {
    dist: { type: 'boolean', default: process.env['NEONWATCH_BENCH_DIST'] === '1' },
    series: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '7' },
  },
});
const series = Number(flags.series);
const rounds = Number(flags.rounds);
const warmupRounds = 2;
const targets = 10;
const limits = { 1: 1 / 3, 3: 1 / 8 } as const;
const minutes = 60_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const { createPublisher } = await load<typeof import('../src/render/publisher.ts')>('render/publisher');
const { blocksOf } = await load<typeof import('../src/render/exposition.ts')>('render/exposition');
const { chunkSource } = await load<typeof import('../src/render/chunk-source.ts')>('render/chunk-source');

type Encoding = 'identity' | 'gzip';
type Side = (round: number, scrapers: number, encoding: Encoding) => Promise<void>;

function load<Module>(path: string): Promise<Module> {
  return import(flags.dist ? `../dist/${path}.js` : `../src/${path}.ts`);
}

/** Where a socket would be. Both sides write to it in the same way. */
function sink(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

function neonwatch(shards: readonly SyntheticShard[]): Side {
  const perTarget = Math.ceil(shards.length / targets);
  const byTarget = Array.from({ length: targets }, (_, index) =>
    shards.slice(index * perTarget, (index + 1) * perTarget),
  );
  let round = 0;
  // Starts eleven minutes late, so that only what is asked for is compressed.
  let offsetMs = 0;
  const sides = { identity: publisher(), gzip: publisher() };
  offsetMs = 11 * minutes;

  function publisher() {
    return createPublisher({
      clock: {
        wallMs: () => Date.now(),
        monotonicMs: () => performance.now() + offsetMs,
        // Only `publishNow` builds here.
        after: () => () => undefined,
      },
      sources: () =>
        byTarget.map((part, index) =>
          chunkSource(
            { key: `${index}`, version: round, collector: 'synthetic', target: `ps${index}` },
            [syntheticFamily],
            { shards: part, round },
          ),
        ),
      budgets: { maxSeries: 10 * series, perCollector: new Map() },
      onError: (error) => {
        throw error;
      },
    });
  }

  return async (nextRound, scrapers, encoding) => {
    round += nextRound + 1;
    const side = sides[encoding];
    if (encoding === 'gzip') side.wantGzip('text');
    await side.publishNow();
    for (let scraper = 0; scraper < scrapers; scraper += 1) {
      const snapshot = side.current();
      const body = encoding === 'gzip' ? snapshot?.gzip.text : snapshot?.identity.text;
      if (snapshot === undefined || body === undefined || snapshot.series < series)
        throw new Error('no body');
      await pipeline(Readable.from(blocksOf(body)), sink());
    }
  };
}

function promClient(shards: readonly SyntheticShard[]): Side {
  const registry = new Registry();
  const gauge = new Gauge({
    name: syntheticName,
    help: syntheticFamily.help,
    labelNames: [...syntheticLabels],
    registers: [registry],
  });
  return async (round, scrapers, encoding) => {
    for (const [index, shard] of shards.entries())
      gauge.set(syntheticLabelsOf(shard), syntheticValue(index, round));
    for (let scraper = 0; scraper < scrapers; scraper += 1) {
      const body = Buffer.from(await registry.metrics());
      if (encoding === 'gzip')
        await pipeline(Readable.from([body]), createGzip({ level: 1, chunkSize: 65_536 }), sink());
      else await pipeline(Readable.from([body]), sink());
    }
  };
}

/** User and system time of the whole process, its worker threads included; nobody pays for another's garbage. */
async function cpuMs(run: () => Promise<void>): Promise<number> {
  collectGarbage();
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

async function main(): Promise<void> {
  const shards = syntheticShards(series);
  const [ours, theirs] = [neonwatch(shards), promClient(shards)];
  const cases = (['identity', 'gzip'] as const).flatMap((encoding) =>
    ([1, 3] as const).map((scrapers) => ({
      encoding,
      scrapers,
      ours: [] as number[],
      theirs: [] as number[],
    })),
  );
  for (let round = 0; round < warmupRounds + rounds; round += 1) {
    for (const each of cases) {
      const oursMs = await cpuMs(() => ours(round, each.scrapers, each.encoding));
      const theirsMs = await cpuMs(() => theirs(round, each.scrapers, each.encoding));
      if (round < warmupRounds) continue;
      each.ours.push(oursMs);
      each.theirs.push(theirsMs);
    }
  }
  console.log(
    `${series} series, ${rounds} rounds, ${flags.dist ? 'dist' : 'src'}: CPU ms of refresh + scrapes, medians`,
  );
  console.log('encoding  scrapers  neonwatch  prom-client  ratio  limit');
  let isMissed = false;
  for (const { encoding, scrapers, ours: oursMs, theirs: theirsMs } of cases) {
    const [one, other, limit] = [median(oursMs), median(theirsMs), limits[scrapers]];
    const verdict = one / other <= limit ? 'ok' : 'MISSED';
    isMissed ||= verdict === 'MISSED';
    const columns = [one.toFixed(0).padStart(9), other.toFixed(0).padStart(12)];
    const ratios = [(one / other).toFixed(3).padStart(6), limit.toFixed(3).padStart(6)];
    console.log(encoding.padEnd(8), `${scrapers}`.padStart(9), ...columns, ...ratios, verdict);
  }
  process.exitCode = isMissed ? 1 : 0;
}

await main();
