import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const checkout = join(import.meta.dirname, '..', '..');

export interface Program {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends the signal and resolves with the exit code, or the signal that ended it. */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | NodeJS.Signals | null>;
}

/** Starts a program and keeps what it prints. */
export function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(command, args, { cwd: checkout, env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const exited = once(child, 'exit').then(([code, signal]) => code ?? signal);
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    end: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
}

/** Asks again every 50 ms until the answer is there; fails with what was last seen, after `limitMs`. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined> | Answer | undefined,
  limitMs = 30_000,
): Promise<Answer> {
  const deadline = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await delay(50);
  }
  throw new Error(`${what} did not happen within ${limitMs} ms`, { cause: last });
}

export interface Neonwatch extends Program {
  readonly url: string;
}

/** The real program from source; resolves when it has printed its address, fails with what it printed when it ends first. */
export async function startNeonwatch(config: object, listen = '127.0.0.1:0'): Promise<Neonwatch> {
  const folder = await temporaryFolder();
  const file = join(folder.path, 'neonwatch.yaml');
  await writeFile(file, JSON.stringify(config));
  const main = join(checkout, 'src', 'cli', 'main.ts');
  const program = start(process.execPath, [main, 'serve', '--config', file, '--listen', listen]);
  const url = await until('neonwatch printing its address', () => {
    if (program.child.exitCode !== null) return '';
    return /listening on (\S+)/.exec(program.stdout())?.[1];
  });
  if (url === '') throw new Error(`neonwatch ended: ${program.stderr()}`);
  const end = async (signal?: NodeJS.Signals) => {
    const code = await program.end(signal);
    await folder.remove();
    return code;
  };
  return { ...program, end, url };
}

/** A folder that is gone when the test is. */
export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'neonwatch test '));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A port that was free a moment ago, for programs that cannot say which one they got. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export interface Prometheus {
  /** The instant query's result. */
  readonly query: (expression: string) => Promise<readonly QueryResult[]>;
  /** What Prometheus says of its only target. */
  readonly target: () => Promise<{ readonly health: string; readonly lastError: string } | undefined>;
  readonly stop: () => Promise<void>;
}

export interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function api<Data>(url: string, path: string): Promise<Data> {
  const response = await fetch(`${url}/api/v1/${path}`);
  if (!response.ok) throw new Error(`Prometheus answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { data: Data }).data;
}

/** Debian's Prometheus, scraping one address every second. */
export async function startPrometheus(scraped: string): Promise<Prometheus> {
  const folder = await temporaryFolder();
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'neonwatch', static_configs: [{ targets: [new URL(scraped).host] }] }],
  };
  await writeFile(join(folder.path, 'prometheus.yml'), JSON.stringify(config));
  const url = `http://127.0.0.1:${await freePort()}`;
  const program = start('prometheus', [
    `--config.file=${join(folder.path, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder.path, 'data')}`,
    `--web.listen-address=${new URL(url).host}`,
  ]);
  await until('Prometheus being ready', async () => ((await fetch(`${url}/-/ready`)).ok ? true : undefined));
  return {
    query: async (expression) => {
      const path = `query?query=${encodeURIComponent(expression)}`;
      return (await api<{ result: QueryResult[] }>(url, path)).result;
    },
    target: async () =>
      (await api<{ activeTargets: { health: string; lastError: string }[] }>(url, 'targets'))
        .activeTargets[0],
    stop: async () => {
      await program.end();
      await folder.remove();
    },
  };
}
