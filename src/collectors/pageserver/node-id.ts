import { z } from 'zod';
import { SourceError } from '../../errors.ts';
import type { JsonReader } from '../../sources/json-reader.ts';
import type { Target } from '../target.ts';

/** `GET /v1/status` of a pageserver; needs no token. */
const Status = z.object({ id: z.int().nonnegative() });

/**
 * Asks a pageserver who it is. Every pageserver collector asks first: an address that leads to another pageserver
 * would otherwise show that one's shards under this one's name.
 *
 * @throws {SourceError} `unexpected` when it is not the node that the controller announced at this address.
 */
export async function readNodeId(http: JsonReader, target: Target, signal: AbortSignal): Promise<number> {
  const { id } = await http.getJson('/v1/status', Status, signal);
  if (target.nodeId !== undefined && id !== target.nodeId) {
    const remedy = `check the entry for "${target.name}" in addresses`;
    const problem = `${target.url} answers as pageserver ${id}, but ${target.name} was announced as pageserver ${target.nodeId}`;
    throw new SourceError('unexpected', `${problem}; ${remedy}`);
  }
  return id;
}
