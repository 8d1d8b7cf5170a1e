import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyIndex, hashBytes } from '../../src/render/key-index.ts';

describe('a key index', () => {
  it('refuses exactly the keys it has, whatever their hashes', () => {
    fc.assert(
      // Hashes of two values only: most keys collide.
      fc.property(
        fc.array(fc.nat({ max: 2_000 }), { maxLength: 900 }),
        fc.constantFrom(1, 2, 1 << 31),
        (keys, spread) => {
          const added: number[] = [];
          let offered = 0;
          const index = createKeyIndex((_row, earlier) => added[earlier] === offered);
          for (const key of keys) {
            offered = key;
            const isNew = index.add((key % 2) * spread);
            expect(isNew).toBe(!added.includes(key));
            if (isNew) added.push(key);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('hashes ids that differ in one digit apart', () => {
    const ids = Array.from({ length: 10_000 }, (_, index) =>
      Buffer.from(`{id="${index.toString(16).padStart(32, '0')}"}`),
    );
    const hashes = new Set(ids.map((bytes) => hashBytes(bytes, 0, bytes.length)));
    expect(hashes.size).toBeGreaterThan(9_990);
  });

  it('hashes only the given range', () => {
    const [one, other] = [Buffer.from('xxABCDEFy'), Buffer.from('ABCDEF')];
    expect(hashBytes(one, 2, 8)).toBe(hashBytes(other, 0, 6));
  });
});
