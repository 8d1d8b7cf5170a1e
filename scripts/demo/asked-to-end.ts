import { ancestorLike, isAlive } from './process-life.ts';

/** How often it is looked whether npm is still there. */
const parentCheckMs = 500;

/**
 * Aborts when the demo is asked to end: by a signal, by its terminal or reader going away, or, when npm started it, by
 * npm's death. A second signal ends it at once; the guard clears up then.
 */
export function askedToEnd(): AbortSignal {
  const ending = new AbortController();
  const end = (reason: string): void => {
    if (ending.signal.aborted) return;
    ending.abort(reason);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (ending.signal.aborted) process.exit(1);
      end(name);
    });
  }
  // `npm run demo | head`: nobody reads any more.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => end('output closed'));
  // npm runs scripts in a shell, which does not tell when npm dies.
  const npm =
    process.env['npm_lifecycle_event'] === undefined ? undefined : ancestorLike(/^(\S*\/)?npm\b|npm-cli/, 3);
  if (npm !== undefined) {
    setInterval(() => {
      if (!isAlive(npm)) end('npm has gone');
    }, parentCheckMs).unref();
  }
  return ending.signal;
}
