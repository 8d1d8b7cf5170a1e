import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Postgres and PgBouncer refuse to run as root, so for root this is another user; otherwise nothing. */
export const unprivileged: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};

function idOf(flag: '-u' | '-g'): number {
  for (const user of ['postgres', 'nobody']) {
    try {
      return Number(
        execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      );
    } catch {}
  }
  throw new Error('running as root, and this machine has no user to run a server as');
}

/** None of the PG* variables of whoever runs the tests. */
const serverEnvironment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** An empty folder under the system's temporary one, owned by the user that servers run as. */
export function serverFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `neonwatch-${name}-`));
  own(folder);
  return folder;
}

/** Gives a file or folder to the user that servers run as. */
export function own(path: string): void {
  const { uid, gid } = unprivileged;
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
}

export interface ServerProcess {
  readonly pid: number;
  /** Everything printed so far, both streams. */
  output(): string;
  hasEnded(): boolean;
  /** Sends `signal` and waits for the end; SIGKILL after ten seconds. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Runs a server as the unprivileged user. It does not outlive the test process, even one that is killed. */
export function startServer(command: string, args: readonly string[], folder: string): ServerProcess {
  const child = spawn(command, args, {
    cwd: folder,
    env: serverEnvironment,
    ...unprivileged,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed: string[] = [];
  child.on('error', (error) => printed.push(String(error)));
  child.stdout.setEncoding('utf8').on('data', (text: string) => printed.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => printed.push(text));
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot run ${command}`);
  const guard = spawn('sh', ['-c', 'cat; kill -INT "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.once('exit', () => guard.kill('SIGKILL'));
  return {
    pid,
    output: () => printed.join(''),
    hasEnded: () => hasEnded(child),
    async end(signal) {
      if (hasEnded(child)) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exit;
      clearTimeout(impatience);
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Runs a program to its end as the unprivileged user and gives what it printed. Throws when it fails. */
export async function runTool(command: string, args: readonly string[], folder: string): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    cwd: folder,
    env: serverEnvironment,
    ...unprivileged,
  });
  return stdout;
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
