/** Our side of bench/database.ts as a process of its own: each GET is one run of the collector and one rendering. */
import { createServer } from 'node:http';
import { openNeonwatchSide } from './database-exposition.ts';

/** What passes between two collections for our clock: sizes are read once a minute, so every fourth time. */
const intervalMs = 15_000;
/** A format that nobody asks for compressed is compressed for this long after the start; nobody does here. */
const compressedMs = 11 * 60_000;

const dsn = process.env['NEONWATCH_BENCH_DSN'] ?? '';
let collections = 0;
const side = await openNeonwatchSide(
  dsn,
  {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now() + (collections === 0 ? 0 : compressedMs) + collections * intervalMs,
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  },
  process.env['NEONWATCH_BENCH_DIST'] === '1',
);

const server = createServer((_request, response) => {
  collections += 1;
  side.collect().then(
    ({ text }) => response.end(text('text')),
    (error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    },
  );
});
server.listen(Number(process.argv[2]), '127.0.0.1');

process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void side.close();
});
