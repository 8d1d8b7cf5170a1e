import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Body, blocksOf, bodyOf } from './exposition.ts';

/**
 * Level 1, because higher ones cost several times as much for little more. A window of 4 KiB holds some 25 rows,
 * which is where a row's likeness is; the usual 32 KiB cost half as much again (measured) and gave no smaller answer.
 */
const options = { level: 1, windowBits: 12, chunkSize: 65_536 } as const;

/** Compresses a body block by block on the thread pool, so that neither the loop waits nor a copy of it is made. */
export async function gzipBody(body: Body): Promise<Body> {
  const pages: Buffer[] = [];
  await pipeline(Readable.from(blocksOf(body)), createGzip(options), async (compressed) => {
    for await (const page of compressed) pages.push(page as Buffer);
  });
  return bodyOf(pages);
}
