import { z } from 'zod';
import { SourceError } from '../../errors.ts';
import type { JsonReader } from '../../sources/json-reader.ts';
import type { Target } from '../target.ts';

/** `GET /v1/status` of a safekeeper; needs no token. */
const Status = z.object({ id: z.int().nonnegative() });

/**
 * Asks a safekeeper who it is. Every safekeeper collector asks first: an address that leads to another safekeeper
 * would otherwise show that one's numbers under this one's name.
 *
 * @throws {SourceError} `unexpected` when it is not the safekeeper that the controller announced at this address.
 */
export async function readSafekeeperId(
  http: JsonReader,
  target: Target,
  signal: AbortSignal,
): Promise<number> {
  const { id } = await http.getJson('/v1/status', Status, signal);
  if (target.safekeeperId !== undefined && id !== target.safekeeperId) {
    const remedy = `check the entry for "${target.name}" in addresses`;
    const problem = `${target.url} answers as safekeeper ${id}, but ${target.name} was announced as safekeeper ${target.safekeeperId}`;
    throw new SourceError('unexpected', `${problem}; ${remedy}`);
  }
  return id;
}
