import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import { collectorDefaults } from '../../src/config/collector-names.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/log.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import type { RunningSimulator } from '../../src/simulator/http/simulator.ts';
import { version } from '../../src/version.ts';
import { isCalm, whatIsWrong } from './calm.ts';
import type { ComputeAccess } from './compute.ts';
import { portNear } from './ports.ts';
import { type ExposedSample, readSamples } from './watch-expression.ts';

/** neonwatch's own usual port. */
const usualPort = 9795;
/** Between two looks of most collectors. */
const usualIntervalMs = 2_000;
const leastIntervalMs = 700;
/** Longest wait for the first complete scrape. */
const readyMs = 60_000;

/** How the compute is called in labels. */
const computeName = 'shop';

export interface WatchedAddresses {
  readonly cluster: Pick<RunningSimulator, 'controllerUrl' | 'brokerUrl' | 'hookUrl'>;
  readonly compute: ComputeAccess;
  /** Of this run: the configuration and what neonwatch keeps are written into it. */
  readonly folder: string;
  /** Where neonwatch logs to. */
  readonly logFile: string;
  /** How much oftener it looks than in an unhurried demo. */
  readonly speed: number;
}

/** A neonwatch that looks more often than usual, so that a fault is seen within seconds. */
export interface Watching {
  readonly url: string;
  /** Its configuration, for other commands. Only its owner may read it: there are passwords in it. */
  readonly configFile: string;
  /** One scrape. */
  scrape(): Promise<readonly ExposedSample[]>;
  /** Scrapes until everything is there and well. */
  firstScrape(signal: AbortSignal): Promise<readonly ExposedSample[]>;
  stop(): Promise<void>;
}

function configurationOf({ cluster, compute, folder, speed }: WatchedAddresses, port: number): object {
  const faster = (ms: number) => Math.max(leastIntervalMs, Math.round(ms / speed));
  const quickMs = faster(usualIntervalMs);
  // Less than a run may take, so that it can say who did not answer.
  const atMost = `${quickMs - 100}ms`;
  const every = (ms: number) => ({ interval: `${ms}ms`, timeout: `${quickMs}ms` });
  // Those that are slower than the rest by default.
  const slow = Object.entries(collectorDefaults).filter(([, defaults]) => 'interval' in defaults);
  return {
    http: { listen: `127.0.0.1:${port}` },
    storageController: { url: cluster.controllerUrl },
    broker: { url: cluster.brokerUrl },
    computeHook: { url: cluster.hookUrl },
    dataDir: join(folder, 'neonwatch'),
    computes: [
      {
        name: computeName,
        dsn: compute.monitorDsn,
        configJson: compute.configJson,
        hostMemory: '4GiB',
        hostDisk: '64GiB',
      },
    ],
    collection: every(quickMs),
    collectors: Object.fromEntries(slow.map(([name]) => [name, every(faster(2 * usualIntervalMs))])),
    limits: { connectTimeout: atMost, headersTimeout: atMost, bodyTimeout: atMost },
    sql: { statementTimeout: atMost, lockTimeout: '300ms' },
    series: { perTenant: true, perShard: true },
    // The demo is in a hurry: its controller calls a pageserver offline after seconds, and its faults last for seconds.
    findings: {
      interval: `${quickMs}ms`,
      thresholds: {
        drift: { settle: '500ms' },
        compute: { idleTransactionMax: '1s' },
        nodes: { transitionMax: '20s' },
      },
    },
  };
}

function configFileIn(folder: string): string {
  return join(folder, 'neonwatch.yaml');
}

async function start(addresses: WatchedAddresses, port: number): Promise<RunningServer> {
  const file = configFileIn(addresses.folder);
  // Not process.env: what a shell has set for another cluster is not for the demo.
  const { config } = await loadConfig({
    flags: [],
    env: { NEONWATCH_CONFIG: file },
    // JSON is YAML.
    readFile: async () => JSON.stringify(configurationOf(addresses, port)),
    mustWatch: true,
  });
  // Other commands look once: a demo that is in a hurry is no reason to give up on an answer sooner.
  const text = JSON.stringify(configurationOf({ ...addresses, speed: 1 }, port), undefined, 2);
  await writeFile(file, `${text}\n`, { mode: 0o600 });
  const log = createWriteStream(addresses.logFile, { flags: 'a' });
  // Removed at the end while the last lines may still be on their way.
  log.on('error', () => undefined);
  const logger = createLogger('info', log);
  return startServer({ config, version, logger, clock: systemClock, random: Math.random });
}

/** Starts neonwatch in this process on its usual port, or on another one when that is taken. */
export async function startWatching(addresses: WatchedAddresses): Promise<Watching> {
  const port = await portNear(usualPort);
  // Somebody may take the port between the look and the use.
  const server = await start(addresses, port).catch(() => start(addresses, 0));
  const read = async (): Promise<readonly ExposedSample[]> => {
    const response = await fetch(`${server.url}/metrics`, { headers: { accept: 'text/plain' } });
    if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
    return readSamples(await response.text());
  };
  return {
    url: server.url,
    configFile: configFileIn(addresses.folder),
    scrape: read,
    async firstScrape(signal) {
      const deadlineMs = performance.now() + readyMs;
      for (;;) {
        const samples = await read();
        if (isCalm(samples)) return samples;
        if (performance.now() > deadlineMs) {
          throw new Error(
            `no complete scrape within ${readyMs / 1_000} s: ${whatIsWrong(samples).join(', ')}`,
          );
        }
        await wait(50, undefined, { signal });
      }
    },
    stop: () => server.stop(),
  };
}
