import type { LocationMode } from './wire.ts';

/** No generation, no shard, no location. */
export const none = 0xffff_ffff;
export const secondarySlots = 4;

/** Modes of a location as one byte. */
export const absent = 0;
export const attachedSingle = 1;
export const attachedMulti = 2;
export const attachedStale = 3;
export const secondary = 4;
/** Only as what the controller knows: something is there, it does not know what. */
export const unknown = 5;

const modeNames: readonly LocationMode[] = [
  'Detached',
  'AttachedSingle',
  'AttachedMulti',
  'AttachedStale',
  'Secondary',
];

export function modeName(mode: number): LocationMode {
  return modeNames[mode] ?? 'Detached';
}

export function isAttachedMode(mode: number): boolean {
  return mode >= attachedSingle && mode <= attachedStale;
}

type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array;

function grown<C extends Column>(column: C, length: number): C {
  const larger = new (column.constructor as new (length: number) => C)(length);
  larger.set(column);
  return larger;
}

/**
 * Locations of all shards: what a pageserver holds (`mode`, `generation`) and what the controller believes it holds
 * (`knownMode`, `knownGeneration`). One shard's are a chain, so that a shard takes only what it has.
 */
class LocationPool {
  node = new Uint16Array(16);
  mode = new Uint8Array(16);
  generation = new Uint32Array(16);
  knownMode = new Uint8Array(16);
  knownGeneration = new Uint32Array(16);
  /** From when a secondary has a heatmap, in tenths of a second of the world. */
  warmAt = new Uint32Array(16);
  /** A request that changes it is under way: the pageserver lists it as null. */
  changing = new Uint8Array(16);
  next = new Int32Array(16).fill(-1);
  #free = -1;
  #used = 0;

  reserve(count: number): void {
    if (count > this.node.length) this.#grow(count);
  }

  take(node: number, next: number): number {
    let at = this.#free;
    if (at === -1) {
      if (this.#used === this.node.length) this.#grow(2 * this.#used);
      at = this.#used;
      this.#used += 1;
    } else this.#free = this.next[at] ?? -1;
    this.node[at] = node;
    this.mode[at] = absent;
    this.knownMode[at] = absent;
    this.generation[at] = none;
    this.knownGeneration[at] = none;
    this.changing[at] = 0;
    this.warmAt[at] = none;
    this.next[at] = next;
    return at;
  }

  give(at: number): void {
    this.next[at] = this.#free;
    this.#free = at;
  }

  get bytes(): number {
    return this.node.length * 24;
  }

  #grow(length: number): void {
    this.node = grown(this.node, length);
    this.mode = grown(this.mode, length);
    this.generation = grown(this.generation, length);
    this.knownMode = grown(this.knownMode, length);
    this.knownGeneration = grown(this.knownGeneration, length);
    this.warmAt = grown(this.warmAt, length);
    this.changing = grown(this.changing, length);
    this.next = grown(this.next, length);
  }
}

/** Shards as columns: 800,000 of them are plain numbers in a few arrays. Node 0 and availability zone 0 mean none. */
export class ShardTable {
  readonly locations = new LocationPool();
  count = 0;
  /** Index of the tenant; `none` when the shard is gone. */
  tenant = new Uint32Array(16);
  number = new Uint8Array(16);
  attached = new Uint16Array(16);
  secondaries = new Uint16Array(16 * secondarySlots);
  preferredAz = new Uint8Array(16);
  generation = new Uint32Array(16);
  /** The database's, ahead of `generation` while a reconcile is under way. */
  databaseGeneration = new Uint32Array(16);
  /** To which node the last generation was issued: the database's generation_pageserver. */
  generationNode = new Uint16Array(16);
  sequence = new Uint32Array(16);
  /** What the hook was last told of this shard, or is about to be; 0 when nothing since the controller started. */
  notifiedNode = new Uint16Array(16);
  preferredNode = new Uint16Array(16);
  consecutive = new Uint8Array(16);
  pendingNotification = new Uint8Array(16);
  splitting = new Uint8Array(16);
  delayed = new Uint8Array(16);
  sizeKib = new Uint32Array(16);
  firstLocation = new Int32Array(16).fill(-1);

  /** Makes room for `shards`, each with `locations`. */
  reserve(shards: number, locationsEach: number): void {
    if (shards > this.tenant.length) this.#grow(shards);
    this.locations.reserve(shards * locationsEach);
  }

  add(tenant: number, number: number): number {
    if (this.count === this.tenant.length) this.#grow(2 * this.count);
    const shard = this.count;
    this.count += 1;
    this.tenant[shard] = tenant;
    this.number[shard] = number;
    this.generation[shard] = none;
    this.databaseGeneration[shard] = none;
    this.firstLocation[shard] = -1;
    return shard;
  }

  get bytes(): number {
    return this.tenant.length * (4 * 6 + 2 * (4 + secondarySlots) + 6) + this.locations.bytes;
  }

  /** Index of the shard's location at the node, -1 when there is none. */
  findLocation(shard: number, node: number): number {
    const { locations } = this;
    let at = this.firstLocation[shard] ?? -1;
    while (at !== -1 && locations.node[at] !== node) at = locations.next[at] ?? -1;
    return at;
  }

  ensureLocation(shard: number, node: number): number {
    const found = this.findLocation(shard, node);
    if (found !== -1) return found;
    const at = this.locations.take(node, this.firstLocation[shard] ?? -1);
    this.firstLocation[shard] = at;
    return at;
  }

  /** Forgets locations of which neither the pageserver nor the controller has anything. */
  sweepLocations(shard: number): void {
    const { locations } = this;
    let previous = -1;
    let at = this.firstLocation[shard] ?? -1;
    while (at !== -1) {
      const next = locations.next[at] ?? -1;
      if (
        locations.mode[at] === absent &&
        locations.knownMode[at] === absent &&
        locations.changing[at] === 0
      ) {
        if (previous === -1) this.firstLocation[shard] = next;
        else locations.next[previous] = next;
        locations.give(at);
      } else previous = at;
      at = next;
    }
  }

  /** Indexes of the shard's locations. */
  locationsOf(shard: number): number[] {
    const found: number[] = [];
    for (let at = this.firstLocation[shard] ?? -1; at !== -1; at = this.locations.next[at] ?? -1)
      found.push(at);
    return found;
  }

  secondariesOf(shard: number): number[] {
    const found: number[] = [];
    for (let slot = 0; slot < secondarySlots; slot += 1) {
      const node = this.secondaries[shard * secondarySlots + slot] ?? 0;
      if (node === 0) break;
      found.push(node);
    }
    return found;
  }

  hasSecondary(shard: number, node: number): boolean {
    for (let slot = 0; slot < secondarySlots; slot += 1)
      if (this.secondaries[shard * secondarySlots + slot] === node) return true;
    return false;
  }

  hasSecondaries(shard: number): boolean {
    return (this.secondaries[shard * secondarySlots] ?? 0) !== 0;
  }

  setSecondaries(shard: number, nodes: readonly number[]): void {
    for (let slot = 0; slot < secondarySlots; slot += 1)
      this.secondaries[shard * secondarySlots + slot] = nodes[slot] ?? 0;
  }

  #grow(length: number): void {
    const shards = Math.max(16, length);
    this.tenant = grown(this.tenant, shards);
    this.number = grown(this.number, shards);
    this.attached = grown(this.attached, shards);
    this.secondaries = grown(this.secondaries, shards * secondarySlots);
    this.preferredAz = grown(this.preferredAz, shards);
    this.generation = grown(this.generation, shards);
    this.databaseGeneration = grown(this.databaseGeneration, shards);
    this.generationNode = grown(this.generationNode, shards);
    this.sequence = grown(this.sequence, shards);
    this.notifiedNode = grown(this.notifiedNode, shards);
    this.preferredNode = grown(this.preferredNode, shards);
    this.consecutive = grown(this.consecutive, shards);
    this.pendingNotification = grown(this.pendingNotification, shards);
    this.splitting = grown(this.splitting, shards);
    this.delayed = grown(this.delayed, shards);
    this.sizeKib = grown(this.sizeKib, shards);
    this.firstLocation = grown(this.firstLocation, shards);
  }
}
