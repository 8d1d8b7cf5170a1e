import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstFew, keepFirst } from '../../../src/alerts/placement/first-few.ts';

it('keeps the first by key in whatever order they come, and counts all', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 0, max: 5 }), (keys, most) => {
      const list = firstFew<string>(most);
      for (const key of keys) keepFirst(list, key, `item ${key}`);
      const first = keys
        .toSorted((left, right) => (left < right ? -1 : 1))
        .slice(0, most)
        .map((key) => ({ key, item: `item ${key}` }));
      expect(list).toEqual({ count: keys.length, most, first });
    }),
  );
});
