import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import type { RunningSimulator } from '../../src/simulator/http/simulator.ts';
import { startCluster } from './cluster.ts';
import { type Compute, startCompute } from './compute.ts';
import type { Stage } from './director.ts';
import { startGuard } from './guard-link.ts';
import { startLoad } from './load.ts';
import { makeRunFolder, sweepRunFolders } from './run-folder.ts';
import { createScene, watchedTenant } from './scene.ts';
import { startWatching, type Watching } from './watching.ts';

export interface DemoOptions {
  readonly seed: number;
  readonly speed: number;
  readonly say: (line: string) => void;
  /** Aborts when the demo is to end. */
  readonly ending: AbortSignal;
}

/** Everything running: cluster, compute, load, neonwatch. */
export interface RunningDemo {
  readonly stage: Stage;
  /** Of neonwatch. */
  readonly url: string;
  /** Configuration that shows any command of neonwatch this very cluster. */
  readonly configFile: string;
  /** Where to look, in lines. */
  readonly introduction: readonly string[];
  /** Rejects when the demo is asked to end, or when a part of it fails that it cannot go on without. */
  readonly over: Promise<never>;
  /** Ends everything and removes what was written. */
  stop(): Promise<void>;
}

/** Longest wait for a fault to show in the metrics, and for them to be well again. */
const patienceMs = 90_000;

/** Ends what was started, the last first; every part, also when one fails. */
function createClosing() {
  const parts: (() => Promise<void>)[] = [];
  return {
    add: (close: () => Promise<void>) => void parts.push(close),
    async close(): Promise<void> {
      for (const part of parts.splice(0).reverse()) await part().catch(() => undefined);
    },
  };
}

/** To be pasted into a shell. */
function doctorCommand(configFile: string): string {
  const isPlain = /^[\w/.-]+$/.test(configFile);
  const quoted = isPlain ? configFile : `'${configFile.replaceAll("'", "'\\''")}'`;
  return `npm run neonwatch -- doctor --config ${quoted}`;
}

function introductionOf(
  cluster: RunningSimulator,
  compute: Compute,
  watching: Watching,
  first: { readonly seconds: number; readonly series: number },
  logFile: string,
): string[] {
  const { nodes, tenants, shards } = cluster.world.snapshot();
  const zones = new Set(nodes.map(({ az }) => az)).size;
  return [
    `${zones} zones, ${nodes.length} pageservers, ${tenants} tenants, ${shards} shards, a compute with an application at work`,
    `neonwatch listening on ${watching.url}`,
    `first complete scrape after ${first.seconds.toFixed(1)} s: ${first.series} series`,
    '',
    `  metrics     ${watching.url}/metrics`,
    `  findings    ${watching.url}/api/v1/findings`,
    `  status      ${watching.url}/`,
    `  controller  ${cluster.controllerUrl}/control/v1/node`,
    `  simulator   ${cluster.simUrl}/_sim   (to look at it and to break it)`,
    `  compute     ${compute.appDsn}`,
    `  log         ${logFile}`,
    '',
    'What is wrong now, in sentences, from another terminal:',
    `  ${doctorCommand(watching.configFile)}`,
    '',
    'Ctrl-C ends it and leaves nothing behind.',
    '',
  ];
}

/** Starts everything. When a part does not start, what has started is ended again. */
export async function startDemo({ seed, speed, say, ending }: DemoOptions): Promise<RunningDemo> {
  const startedMs = performance.now();
  const closing = createClosing();
  const failing = new AbortController();
  const signal = AbortSignal.any([ending, failing.signal]);
  try {
    for (const folder of await sweepRunFolders()) say(`cleared away what an earlier demo left: ${folder}`);
    const folder = await makeRunFolder();
    const guard = startGuard(folder);
    closing.add(() => guard.release());
    const cluster = await startCluster({ seed, speed });
    closing.add(() => cluster.stop());
    signal.throwIfAborted();
    const own = cluster.world.computes().find(({ tenantId }) => tenantId === watchedTenant);
    if (own === undefined) throw new Error('the simulated cluster has no compute');
    const compute = await startCompute({
      folder,
      guard,
      tenantId: own.tenantId,
      timelineId: own.timelineId,
      connstring: own.connstring,
      stripeSize: own.stripeSize,
      onUnexpectedEnd: (output) =>
        failing.abort(new Error(`Postgres has ended by itself: ${output.slice(-500)}`)),
    });
    closing.add(() => compute.halt());
    signal.throwIfAborted();
    const load = startLoad(compute.appDsn, Math.random);
    closing.add(() => load.stop());
    const scene = createScene(cluster.world, compute, speed, signal);
    closing.add(async () => {
      await Promise.all(scene.held.map((client) => client.end()));
    });
    const logFile = join(folder, 'neonwatch.log');
    const watching = await startWatching({ cluster, compute, folder, logFile, speed });
    closing.add(() => watching.stop());
    const first = await watching.firstScrape(signal);
    const over = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    // Whoever waits for something else hears of it from the signal.
    over.catch(() => undefined);
    const seconds = (performance.now() - startedMs) / 1_000;
    return {
      stage: { scene, scrape: watching.scrape, say, clock: systemClock, patienceMs, signal },
      url: watching.url,
      configFile: watching.configFile,
      introduction: introductionOf(cluster, compute, watching, { seconds, series: first.length }, logFile),
      over,
      stop: closing.close,
    };
  } catch (error) {
    await closing.close();
    throw error;
  }
}
