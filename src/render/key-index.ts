const firstRows = 256;
const empty = -1;

/**
 * Tells whether a key was seen before: a hash table of row numbers, so that no key is kept alive for it.
 * Rows are numbered from 0 in the order of the calls.
 */
export interface KeyIndex {
  /** Adds the next row; false when an earlier row has the same key. */
  add(hash: number): boolean;
}

/** @param isSameKey asked only about rows with equal hashes: is the key of `row` the key of `earlier`? */
export function createKeyIndex(isSameKey: (row: number, earlier: number) => boolean): KeyIndex {
  let hashes = new Int32Array(firstRows);
  let slots = new Int32Array(firstRows * 4).fill(empty);
  let rows = 0;

  function grow(): void {
    const larger = new Int32Array(rows * 2);
    larger.set(hashes);
    hashes = larger;
    slots = new Int32Array(rows * 8).fill(empty);
    for (let row = 0; row < rows; row += 1) {
      let slot = (hashes[row] as number) & (slots.length - 1);
      while (slots[slot] !== empty) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = row;
    }
  }

  return {
    add(hash) {
      let slot = hash & (slots.length - 1);
      for (let row = slots[slot] as number; row !== empty; row = slots[slot] as number) {
        if (hashes[row] === hash && isSameKey(rows, row)) return false;
        slot = (slot + 1) & (slots.length - 1);
      }
      slots[slot] = rows;
      hashes[rows] = hash;
      rows += 1;
      if (rows === hashes.length) grow();
      return true;
    },
  };
}

/** 32-bit hash of `bytes[start..end)`, four bytes at a time: ids may differ in any one of their digits. */
export function hashBytes(bytes: Buffer, start: number, end: number): number {
  let hash = end - start;
  let offset = start;
  for (; offset + 4 <= end; offset += 4) {
    hash = Math.imul(hash ^ bytes.readInt32LE(offset), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; offset < end; offset += 1) {
    hash = Math.imul(hash ^ (bytes[offset] as number), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
