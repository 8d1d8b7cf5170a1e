/**
 * Ends what a demo has started and removes its folder as soon as the demo is gone, however it went.
 * Started by guard-link.ts, which tells it of children over standard input: `+PID` and `-PID`, one a line.
 */
import { createInterface } from 'node:readline';
import { clearRun } from './run-folder.ts';

const [folder = ''] = process.argv.slice(2);
// Whatever ends the demo must not end its guard first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const pids = new Set<number>();
for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) pids.add(pid);
  else pids.delete(pid);
}
await clearRun(folder, pids);
