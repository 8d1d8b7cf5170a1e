import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { blocksOf, type Format } from '../render/exposition.ts';
import type { Snapshot } from '../render/snapshot.ts';
import { negotiateEncoding, negotiateFormat } from './negotiate.ts';

/** The part of a publisher that a scrape needs. */
export interface SnapshotReader {
  current(): Snapshot | undefined;
  wantGzip(format: Format): void;
}

/** Blocks taken from the body before the socket has room: joined small pages are copies, so few of them. */
const blocksAhead = 2;
/** The scraper left before the end: nobody is there to be told. */
const departures: ReadonlySet<unknown> = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);

/** Answers GET and HEAD of `/metrics` from the current snapshot: no network, no rendering, no compression. */
export function metricsRoute(
  snapshots: SnapshotReader,
  openMetrics: boolean,
): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    response.set('Vary', 'Accept, Accept-Encoding');
    const snapshot = snapshots.current();
    if (snapshot === undefined) {
      response
        .status(503)
        .set('Retry-After', '1')
        .type('text/plain')
        .send('no snapshot to serve yet; see /-/ready\n');
      return;
    }
    const { format, contentType } = negotiateFormat(request.get('accept'), { openMetrics });
    const wantsGzip = negotiateEncoding(request.get('accept-encoding')) === 'gzip';
    if (wantsGzip) snapshots.wantGzip(format);
    const compressed = wantsGzip ? snapshot.gzip[format] : undefined;
    const body = compressed ?? snapshot.identity[format];
    if (compressed !== undefined) response.set('Content-Encoding', 'gzip');
    // Not `response.type`: Express would reorder the parameters.
    response.setHeader('Content-Type', contentType);
    response.setHeader('Content-Length', body.bytes);
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    try {
      await pipeline(Readable.from(blocksOf(body), { highWaterMark: blocksAhead }), response);
    } catch (error) {
      if (!isDeparture(error)) throw error;
    }
  };
}

function isDeparture(error: unknown): boolean {
  return departures.has((error as NodeJS.ErrnoException | null)?.code);
}
