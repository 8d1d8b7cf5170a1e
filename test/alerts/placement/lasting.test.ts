import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LastingMemory, lasting } from '../../../src/alerts/placement/lasting.ts';

const tickMs = 15_000;
const forMs = 120_000;
const subject = 'node 1';
const never = () => false;

interface Seen {
  readonly shown: readonly boolean[];
  readonly memory: LastingMemory | undefined;
}

/** What is shown at each look, where the looks see these keys. */
function looks(list: readonly (readonly string[])[], isUnknown: (look: number) => boolean = never): Seen {
  let memory: LastingMemory | undefined;
  const shown = list.map((keys, at) => {
    const present = new Map(keys.length === 0 ? [] : [[subject, keys]]);
    const options = { nowMs: at * tickMs, forMs, isUnknown: () => isUnknown(at) };
    const look = lasting(memory, present, options);
    // As it comes back from the state file.
    memory = JSON.parse(JSON.stringify(look.memory));
    return look.shown.has(subject);
  });
  return { shown, memory };
}

/** As the life cycle counts: shown without a break for `forMs`. */
function fires(shown: readonly boolean[]): boolean {
  let run = 0;
  for (const isShown of shown) {
    run = isShown ? run + 1 : 0;
    if ((run - 1) * tickMs >= forMs) return true;
  }
  return false;
}

const keysAt = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });

/** The longest time for which one key was there without a break. */
function longestMs(list: readonly (readonly string[])[]): number {
  let longest = -1;
  for (const key of ['a', 'b', 'c', 'd']) {
    let run = 0;
    for (const keys of list) {
      run = keys.includes(key) ? run + 1 : 0;
      longest = Math.max(longest, run - 1);
    }
  }
  return longest * tickMs;
}

describe('what lasts', () => {
  it('is shown at the first look, so that one look is enough to see it', () => {
    expect(looks([['a']]).shown).toEqual([true]);
  });

  it('is not shown while nothing is there', () => {
    expect(looks([[], []]).shown).toEqual([false, false]);
  });

  it('is not what comes and goes, though something is there at each look', () => {
    const passing = Array.from({ length: 40 }, (_, at) => [String(at), String(at + 1)]);
    expect(fires(looks(passing).shown)).toBe(false);
  });

  it('is not what comes and goes after something that had lasted', () => {
    const lasted = Array.from({ length: 12 }, () => ['a']);
    const passing = Array.from({ length: 40 }, (_, at) => [String(at), String(at + 1)]);
    expect(looks([...lasted, ...passing]).shown.slice(12)).not.toContain(true);
  });

  it('does not count time in which it could not be seen', () => {
    const list = [['a'], ['a'], ...Array.from({ length: 20 }, () => []), ['a'], ['a']];
    const { memory, shown } = looks(list, (at) => at >= 2 && at < 22);
    expect(memory?.keys[subject]?.['a']).toEqual([2 * tickMs, 0]);
    expect(shown.slice(2, 22)).not.toContain(true);
  });

  it('forgets what was seen to be gone', () => {
    expect(looks([['a'], []]).memory?.keys).toEqual({});
  });

  it('counts no more than two minutes for a long stop', () => {
    const first = lasting(undefined, new Map([[subject, ['a']]]), { nowMs: 0, forMs, isUnknown: never });
    const nowMs = 86_400_000;
    const next = lasting(first.memory, new Map([[subject, ['a']]]), { nowMs, forMs, isUnknown: never });
    expect(next.memory.keys[subject]).toEqual({ a: [120_000, 0] });
  });

  it('remembers no more than sixty-four of a subject, and those that came first', () => {
    const many = Array.from({ length: 5_000 }, (_, at) => `k${at}`);
    const { memory } = looks([['old'], ['old', ...many]]);
    expect(Object.keys(memory?.keys[subject] ?? {})).toHaveLength(64);
    expect(memory?.keys[subject]).toHaveProperty('old');
  });

  it('fires only if one key was there for as long as it must last', () => {
    fc.assert(
      fc.property(fc.array(keysAt, { maxLength: 60 }), (list) => {
        if (fires(looks(list).shown)) expect(longestMs(list)).toBeGreaterThanOrEqual(forMs);
      }),
      { numRuns: 500 },
    );
  });

  it('always fires for one key that stays for twice as long, whatever else comes and goes', () => {
    fc.assert(
      fc.property(
        fc.array(keysAt, { maxLength: 40 }),
        fc.array(keysAt, { minLength: 20, maxLength: 40 }),
        (before, during) => {
          const list = [...before, ...during.map((keys) => ['stays', ...keys])];
          expect(fires(looks(list).shown)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
