import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from './programs.ts';

/** Every process of this machine: pid, parent and command line. Linux only, as are the system tests. */
export function processes(): { pid: number; parent: number; command: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), command }];
    } catch {
      return [];
    }
  });
}

export interface DemoProcess {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** What was printed behind a word of the introduction. */
  readonly printed: (word: string) => string;
  /** The folder that holds everything this run writes. */
  readonly folder: () => string;
  /** Children by what they are. */
  readonly pids: () => { readonly demo: number; readonly guard: number; readonly postgres: number };
  readonly ended: Promise<number | string | null>;
}

export interface DemoStart {
  readonly command?: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
}

/** Starts the demo as a shell would, in a process group of its own. */
export function startDemoProcess({
  command = process.execPath,
  args,
  cwd,
  env,
  uid,
}: DemoStart): DemoProcess {
  const child = spawn(command, args, {
    cwd,
    env: env ?? process.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const printed = (word: string): string => new RegExp(`^ *${word} +(\\S.*)$`, 'm').exec(output)?.[1] ?? '';
  const folder = (): string => /(\/.*neonwatch-demo-\w+)\/neonwatch\.log/.exec(output)?.[1] ?? '';
  return {
    child,
    output: () => output,
    printed,
    folder,
    pids() {
      const ours = processes().filter(({ command: line }) => line.includes(folder()));
      const guard = ours.find(({ command: line }) => line.includes('guard.ts'));
      const postgres = ours.find(({ command: line }) => line.includes('bin/postgres -D'));
      if (guard === undefined || postgres === undefined)
        throw new Error('guard and Postgres do not both run');
      return { demo: guard.parent, guard: guard.pid, postgres: postgres.pid };
    },
    ended: once(child, 'close').then(([code, signal]) => code ?? signal),
  };
}

/** Resolves when everything runs and was introduced; fails with what was printed when the demo ends before. */
export async function whenRunning(demo: DemoProcess, limitMs = 90_000): Promise<DemoProcess> {
  const isUp = await until(
    `the demo running: ${demo.output()}`,
    () =>
      demo.child.exitCode !== null ? false : demo.output().includes('Ctrl-C ends it') ? true : undefined,
    limitMs,
  );
  if (!isUp) throw new Error(`the demo ended: ${demo.output()}`);
  return demo;
}
