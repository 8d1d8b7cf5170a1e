import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { clearRun } from './run-folder.ts';

/** Starts the children of a demo, so that none of them outlives it. */
export interface Guard {
  readonly pid: number;
  /** A child in a process group of its own: Ctrl-C in a terminal is for the demo, which ends its children in order. */
  spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess;
  /** Ends every child that is left and removes the run folder. */
  release(): Promise<void>;
}

/** Starts the guard of a run folder, a process of its own that sees the demo go even when it is killed. */
export function startGuard(folder: string): Guard {
  const program = fileURLToPath(new URL('./guard.ts', import.meta.url));
  const guard = spawn(process.execPath, [program, folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const { pid } = guard;
  if (pid === undefined) throw new Error('the guard process could not be started');
  const ended = once(guard, 'exit');
  // Whoever kills it finds out at the end, when this process clears up instead.
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  const pids = new Set<number>();
  return {
    pid,
    spawn(command, args, options) {
      const child = spawn(command, args, { ...options, detached: true });
      const childPid = child.pid;
      if (childPid === undefined) return child;
      pids.add(childPid);
      guard.stdin.write(`+${childPid}\n`);
      child.once('exit', () => {
        pids.delete(childPid);
        guard.stdin.write(`-${childPid}\n`);
      });
      return child;
    },
    async release() {
      guard.ref();
      guard.stdin.end();
      await ended;
      await clearRun(folder, pids);
    },
  };
}
