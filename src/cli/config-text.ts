import { createReadStream } from 'node:fs';

/** More than a configuration may have (1 MiB of characters), whatever it is encoded in. */
const maxBytes = 4 * 1_048_576;

/**
 * The text of a configuration file, as far as there is use for it: what goes on for longer, a device or a wrong
 * file, is cut off where the loader already refuses it. Rejects with an errno error.
 */
export async function readConfigText(path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  // `end` is the last byte that is read.
  for await (const chunk of createReadStream(path, { end: maxBytes })) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
