import { z } from 'zod';
import './meta.ts';

/** Bytes per unit, in the order in which a size is written: the largest that divides it, binary ones first. */
const unitBytes = {
  TiB: 2 ** 40,
  GiB: 2 ** 30,
  MiB: 2 ** 20,
  KiB: 2 ** 10,
  TB: 1e12,
  GB: 1e9,
  MB: 1e6,
  kB: 1e3,
  B: 1,
} as const;

const sizePattern = /^(\d+)(TiB|GiB|MiB|KiB|TB|GB|MB|kB|KB|B)$/;

/** `67108864` as `64MiB`: exact, in the largest unit that divides it. */
function formatSize(sizeBytes: number): string {
  for (const [unit, bytes] of Object.entries(unitBytes)) {
    if (sizeBytes >= bytes && sizeBytes % bytes === 0) return `${sizeBytes / bytes}${unit}`;
  }
  return `${sizeBytes}B`;
}

/** Bytes of `64MiB`, `100MB`, `1000B`; undefined when the text is no size. */
function parseSize(text: string): number | undefined {
  const match = sizePattern.exec(text);
  if (match === null) return undefined;
  const unit = match[2] === 'KB' ? 'kB' : match[2];
  return Number(match[1]) * (Object.entries(unitBytes).find(([name]) => name === unit)?.[1] ?? Number.NaN);
}

/** A number of bytes with its unit, `64MiB` `1GiB` `100MB` `1000B`; decoded to whole bytes, at least 1. */
export const Size = z
  .codec(z.string().regex(sizePattern), z.int(), {
    decode(text, context) {
      const sizeBytes = parseSize(text);
      if (sizeBytes !== undefined && sizeBytes >= 1 && Number.isSafeInteger(sizeBytes)) return sizeBytes;
      context.issues.push({ code: 'custom', input: text, message: 'expected a size from 1B to 8191TiB' });
      return z.NEVER;
    },
    encode: formatSize,
  })
  .meta({ unit: 'bytes', word: 'size', expects: 'a size such as 64MiB' });
