import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const pollMs = 25;

/** Fields of /proc/PID/stat from the third on: the state, and so forth. Undefined where there is no such file. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function askPs(pid: number, column: string): string | undefined {
  try {
    const args = ['-ww', '-o', `${column}=`, '-p', String(pid)];
    return execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/** Whether a process exists and has not ended. One that nobody has collected yet (a zombie) has ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const state = statOf(pid)?.[0];
  return state !== 'Z' && state !== 'X';
}

function parentOf(pid: number): number {
  return Number(statOf(pid)?.[1] ?? askPs(pid, 'ppid') ?? 0);
}

/** The nearest ancestor of this process whose command line matches, at most `generations` away. */
export function ancestorLike(pattern: RegExp, generations: number): number | undefined {
  let pid = process.ppid;
  for (let generation = 1; generation <= generations && pid > 1; generation += 1) {
    if (pattern.test(commandLine(pid) ?? '')) return pid;
    pid = parentOf(pid);
  }
  return undefined;
}

/** When a process was started, in the system's words: together with the pid it names one process. */
export function startOf(pid: number): string | undefined {
  return statOf(pid)?.[19] ?? askPs(pid, 'lstart');
}

/** The command line of a process; undefined when it cannot be had. */
export function commandLine(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return askPs(pid, 'args');
  }
}

/** Whether the process ended within `limitMs`. */
async function endedWithin(pid: number, limitMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + limitMs;
  while (isAlive(pid)) {
    if (performance.now() > deadlineMs) return false;
    await wait(pollMs);
  }
  return true;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone, which is what was wanted.
  }
}

/** Ends a Postgres or its initdb: a fast shutdown, an immediate one when that takes too long, SIGKILL at last. */
export async function endServer(pid: number): Promise<void> {
  for (const [signal, limitMs] of [
    ['SIGINT', 5_000],
    ['SIGQUIT', 3_000],
    ['SIGKILL', 2_000],
  ] as const) {
    send(pid, signal);
    if (await endedWithin(pid, limitMs)) return;
  }
}
