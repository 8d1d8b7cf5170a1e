import { describe, expect, it } from 'vitest';
import { parseDemoArguments } from '../../scripts/demo/arguments.ts';

const known = ['node-down', 'hook-dead'];

describe('parseDemoArguments', () => {
  it('plays every fault at a slow pace by default', () => {
    expect(parseDemoArguments([], known)).toEqual({
      show: undefined,
      faults: [],
      once: false,
      calm: false,
      paceMs: 45_000,
      speed: 1,
      seed: 1,
    });
  });

  it.for([
    { argv: ['--fault', 'node-down', '--fault=hook-dead'], expected: { faults: ['node-down', 'hook-dead'] } },
    { argv: ['--list'], expected: { show: 'list' } },
    { argv: ['-h'], expected: { show: 'usage' } },
    { argv: ['--once', '--speed', '4'], expected: { once: true, speed: 4 } },
    { argv: ['--pace=2.5', '--seed=7'], expected: { paceMs: 2_500, seed: 7 } },
  ])('takes $argv', ({ argv, expected }) => {
    expect(parseDemoArguments(argv, known)).toMatchObject(expected);
  });

  it.for([
    { argv: ['--fault', 'nod-down'], says: 'there are node-down, hook-dead' },
    { argv: ['--pace', 'slow'], says: '--pace "slow"' },
    { argv: ['--pace', ''], says: '--pace ""' },
    { argv: ['--speed', '0'], says: 'from 0.1 to 100' },
    { argv: ['--unknown'], says: '--unknown' },
    { argv: ['word'], says: 'word' },
  ])('refuses $argv', ({ argv, says }) => {
    expect(() => parseDemoArguments(argv, known)).toThrow(says);
  });
});
