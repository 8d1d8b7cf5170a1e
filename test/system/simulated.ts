import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parse } from 'yaml';
import { checkout } from '../../scripts/run-program.ts';
import { until } from './programs.ts';

export interface Simulated {
  /** What it printed, as configuration. */
  readonly config: object;
  readonly sim: string;
  readonly child: ChildProcess;
  post(path: string, body: object): Promise<unknown>;
  get<Body>(path: string): Promise<Body>;
  end(): Promise<unknown>;
}

/** `neonwatch simulate` as a program of its own; resolves when it has printed where it is. */
export async function startSimulate(...flags: string[]): Promise<Simulated> {
  const main = join(checkout, 'src', 'cli', 'main.ts');
  const child = spawn(process.execPath, [main, 'simulate', ...flags], { cwd: checkout });
  let printed = '';
  let complaint = '';
  child.stdout.on('data', (part) => {
    printed += part;
  });
  child.stderr.on('data', (part) => {
    complaint += part;
  });
  const exited = once(child, 'exit').then(([code]) => code as unknown);
  const sim = await until('simulate printing its addresses', () => {
    if (child.exitCode !== null) return '';
    return /^# look and break: (\S+)\/_sim\n/m.exec(printed)?.[1];
  });
  if (sim === '') throw new Error(`simulate ended: ${complaint}`);
  async function call(path: string, init?: RequestInit): Promise<unknown> {
    const response = await fetch(`${sim}${path}`, init);
    const body: unknown = await response.json();
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(body)}`);
    return body;
  }
  return {
    config: parse(printed) as object,
    sim,
    child,
    post: (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) }),
    get: async <Body>(path: string) => (await call(path)) as Body,
    end: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
