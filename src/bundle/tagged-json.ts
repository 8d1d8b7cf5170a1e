import { parseShardId, ShardId } from '../neon/shard-id.ts';

/**
 * JSON that also carries what readings are made of: maps, sets, big integers, shard ids, numbers that are none.
 * What is not JSON is an object with the one key `$map`, `$set`, `$bigint`, `$shard` or `$number`.
 */

/** The text of a value. Functions and symbols are left out, as JSON leaves them out. */
export function encodeTagged(value: unknown): string {
  return JSON.stringify(tagged(value));
}

function tagged(value: unknown): unknown {
  if (typeof value === 'bigint') return { $bigint: value.toString() };
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof ShardId) return { $shard: value.text };
  if (value instanceof Map) return { $map: [...value].map(([key, one]) => [tagged(key), tagged(one)]) };
  if (value instanceof Set) return { $set: [...value].map(tagged) };
  if (Array.isArray(value)) return value.map(tagged);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, tagged(one)]));
}

/**
 * The value of a text that `encodeTagged` wrote.
 *
 * @throws {SyntaxError} when the text is no JSON, or a tag does not hold what it says
 */
export function decodeTagged(text: string): unknown {
  return untagged(JSON.parse(text));
}

function untagged(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(untagged);
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && only[0].startsWith('$')) return untag(only[0], only[1]);
  return Object.fromEntries(entries.map(([key, one]) => [key, untagged(one)]));
}

function untag(tag: string, content: unknown): unknown {
  if (tag === '$bigint' && typeof content === 'string' && /^-?\d+$/.test(content)) return BigInt(content);
  if (tag === '$number' && typeof content === 'string') return Number(content);
  if (tag === '$set' && Array.isArray(content)) return new Set(content.map(untagged));
  if (tag === '$map' && Array.isArray(content)) return new Map(content.map(pair));
  const id = tag === '$shard' && typeof content === 'string' ? parseShardId(content) : undefined;
  if (id !== undefined) return id;
  throw new SyntaxError(`the tag ${tag.slice(0, 20)} does not hold what it says`);
}

function pair(value: unknown): [unknown, unknown] {
  if (!Array.isArray(value) || value.length !== 2)
    throw new SyntaxError('a map has an entry that is no pair');
  return [untagged(value[0]), untagged(value[1])];
}
