import type { ShardId } from './shard-id.ts';

/** Modes of a pageserver's location; `InProgress` stands for `null`, a slot that is being changed: unknown, not absent. */
export const locationModes = [
  'AttachedSingle',
  'AttachedMulti',
  'AttachedStale',
  'Secondary',
  'Detached',
  'InProgress',
] as const;

/** One shard on one pageserver, as `GET /v1/location_config` has it. */
export interface LocationFact {
  readonly id: ShardId;
  /** One of `locationModes`, or a newer one spelled as the pageserver spells it. */
  readonly mode: string;
  /** Raised at every attach; of two attached locations the higher is the true one. */
  readonly generation: number | undefined;
}

/** Every location of one pageserver. */
export interface NodeLocations {
  readonly nodeId: number;
  readonly locations: readonly LocationFact[];
}

export function isAttached(mode: string): boolean {
  return mode.startsWith('Attached');
}
