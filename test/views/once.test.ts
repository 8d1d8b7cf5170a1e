import { expect, it } from 'vitest';
import { oncePer } from '../../src/views/once.ts';

const first = { name: 'first' };
const second = { name: 'second' };

it.each<[string, readonly [object, readonly unknown[]], boolean]>([
  ['for the same readings it is not made again', [first, [second, 'aliases']], false],
  ['for another first reading it is made anew', [{ ...first }, [second, 'aliases']], true],
  ['for another further reading it is made anew', [first, [{ ...second }, 'aliases']], true],
  ['for a reading more it is made anew', [first, [second, 'aliases', second]], true],
  ['for a reading less it is made anew', [first, [second]], true],
])('%s', async (_, [of, others], isAnew) => {
  const once = oncePer<number>();
  expect(await once(first, [second, 'aliases'], async () => 1)).toBe(1);
  expect(await once(of, others, async () => 2)).toBe(isAnew ? 2 : 1);
});

it('a walk that failed is made again by the next who wants it', async () => {
  const once = oncePer<number>();
  await expect(once(first, [], () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect(await once(first, [], async () => 2)).toBe(2);
});

it('two who want it at the same time share one walk', async () => {
  const once = oncePer<number>();
  let walks = 0;
  const walk = async () => {
    walks += 1;
    return walks;
  };
  expect(await Promise.all([once(first, [], walk), once(first, [], walk)])).toEqual([1, 1]);
});
