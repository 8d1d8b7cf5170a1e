import { type Breathe, rowsPerBreath } from '../breathe.ts';
import type { NodeLocations } from '../neon/location.ts';
import type { ShardPlacement, TenantPlacement } from '../neon/placement.ts';
import type { Seen } from './agreement-facts.ts';
import { oncePer } from './once.ts';

/** There is none: of a row, of a location. */
const none = -1;
const single = 'AttachedSingle';
const secondary = 'Secondary';

/**
 * What every pageserver holds, turned round: by shard. Hundreds of thousands of locations are kept in columns and
 * chained by shard; they are made objects of only where something is wrong.
 */
export class LocationIndex {
  readonly readNodes: ReadonlySet<number>;
  /** Shard id → row, in the order in which they were first seen. */
  readonly rows = new Map<string, number>();
  /** By row. */
  readonly shardIds: string[] = [];
  private readonly modes: string[] = [single, secondary];
  private readonly modeNumbers = new Map([single, secondary].map((mode, number) => [mode, number]));
  /** By row: its first location and, while the index is made, its last. */
  private readonly first: Int32Array;
  private last: Int32Array;
  /** By location: the next of the same row, and what it is. */
  private readonly next: Int32Array;
  private readonly nodeIds: Int32Array;
  private readonly modeAt: Int32Array;
  private readonly generations: Float64Array;
  private count = 0;

  /** @param capacity how many locations there will be at most */
  constructor(readNodes: ReadonlySet<number>, capacity: number) {
    this.readNodes = readNodes;
    this.first = new Int32Array(capacity);
    this.last = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.nodeIds = new Int32Array(capacity);
    this.modeAt = new Int32Array(capacity);
    this.generations = new Float64Array(capacity);
  }

  /** Only while it is made. */
  add(shardId: string, nodeId: number, mode: string, generation: number): void {
    const at = this.count;
    this.count += 1;
    this.next[at] = none;
    this.nodeIds[at] = nodeId;
    this.modeAt[at] = this.modeNumber(mode);
    this.generations[at] = generation;
    const row = this.rows.get(shardId);
    if (row !== undefined) {
      this.next[this.last[row] as number] = at;
      this.last[row] = at;
      return;
    }
    const fresh = this.shardIds.push(shardId) - 1;
    this.rows.set(shardId, fresh);
    this.first[fresh] = at;
    this.last[fresh] = at;
  }

  /** Nothing is added any more. */
  close(): void {
    this.last = new Int32Array(0);
  }

  private modeNumber(mode: string): number {
    const known = this.modeNumbers.get(mode);
    if (known !== undefined) return known;
    this.modeNumbers.set(mode, this.modes.length);
    return this.modes.push(mode) - 1;
  }

  /** Every location of a shard, in the order in which the pageservers were read; empty where none holds it. */
  seenOf(shardId: string): readonly Seen[] {
    return this.seenAt(this.rows.get(shardId) ?? none);
  }

  seenAt(row: number): readonly Seen[] {
    const seen: Seen[] = [];
    for (let at = this.startOf(row); at !== none; at = this.next[at] as number) {
      const mode = this.modes[this.modeAt[at] as number] as string;
      seen.push({ nodeId: this.nodeIds[at] as number, mode, generation: this.generations[at] as number });
    }
    return seen;
  }

  private startOf(row: number): number {
    return row === none ? none : (this.first[row] as number);
  }

  /** Locations of the row that are AttachedSingle: more than one is a conflict. */
  singles(row: number): number {
    let count = 0;
    for (let at = this.startOf(row); at !== none; at = this.next[at] as number) {
      if (this.modeAt[at] === 0) count += 1;
    }
    return count;
  }

  /**
   * Attached once, where it is meant to be, and secondary on all the pageservers where it is meant to be and on no
   * other: nearly all shards are so, and it is quick to see.
   */
  isAsMeant(row: number, { nodeAttached, nodeSecondary }: ShardPlacement): boolean {
    let attached = 0;
    let secondaries = 0;
    for (let at = this.startOf(row); at !== none; at = this.next[at] as number) {
      const nodeId = this.nodeIds[at] as number;
      const mode = this.modeAt[at];
      if (mode === 0 && nodeId === nodeAttached) attached += 1;
      else if (mode === 1 && nodeSecondary.includes(nodeId)) secondaries += 1;
      else return false;
    }
    return attached === 1 && secondaries === nodeSecondary.length;
  }
}

async function gather(nodes: readonly NodeLocations[], breathe: Breathe): Promise<LocationIndex> {
  const capacity = nodes.reduce((sum, { locations }) => sum + locations.length, 0);
  const index = new LocationIndex(new Set(nodes.map(({ nodeId }) => nodeId)), capacity);
  let rows = 0;
  for (const { nodeId, locations } of nodes) {
    for (const { id, mode, generation = -1 } of locations) {
      index.add(id.text, nodeId, mode, generation);
      rows += 1;
      if (rows % rowsPerBreath === 0) await breathe();
    }
  }
  index.close();
  return index;
}

const onceGathered = oncePer<LocationIndex>();

/** Turns what every pageserver holds round, once for the same readings. */
export async function locationIndex(
  nodes: readonly NodeLocations[],
  breathe: Breathe,
): Promise<LocationIndex> {
  const [first, ...others] = nodes;
  if (first === undefined) return new LocationIndex(new Set(), 0);
  return onceGathered(first, others, () => gather(nodes, breathe));
}

/** The controller's list against the index. */
export interface Matched {
  /** For each shard in the order of the list, shard after shard of tenant after tenant: its row, or -1. */
  readonly rows: Int32Array;
  /** Rows of shards that the list does not have. */
  readonly strangers: readonly number[];
}

async function match(
  tenants: readonly TenantPlacement[],
  index: LocationIndex,
  breathe: Breathe,
): Promise<Matched> {
  const rows = new Int32Array(tenants.reduce((sum, { shards }) => sum + shards.length, 0));
  const isListed = new Uint8Array(index.rows.size);
  let at = 0;
  for (const { shards } of tenants) {
    for (const { id } of shards) {
      const row = index.rows.get(id.text) ?? none;
      rows[at] = row;
      if (row !== none) isListed[row] = 1;
      at += 1;
      if (at % rowsPerBreath === 0) await breathe();
    }
  }
  const strangers: number[] = [];
  for (const [row, listed] of isListed.entries()) {
    if (listed === 0) strangers.push(row);
    if (row % rowsPerBreath === 0) await breathe();
  }
  return { rows, strangers };
}

const onceMatched = oncePer<Matched>();

/** Finds every shard of the controller's list in the index, once for the same two. */
export function matchTenants(
  tenants: readonly TenantPlacement[],
  index: LocationIndex,
  breathe: Breathe,
): Promise<Matched> {
  return onceMatched(tenants, [index], () => match(tenants, index, breathe));
}
