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
  if (process.env['npm_lifecycle_event'] !== undefined) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) end('npm has gone');
    }, parentCheckMs).unref();
  }
  return ending.signal;
}
