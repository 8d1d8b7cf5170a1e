import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nextTop as nextTopBreathing,
  type TopLook,
  type TopRules,
  type TopState,
} from '../../../src/collectors/compute/top.ts';

const columns = ['calls', 'time'];
const pace = (seats: number): TopRules => ({ seats, rank: { by: 'pace', column: 'time' } });
const minuteMs = 60_000;

/** Without a breath. */
function nextTop(earlier: TopState<string> | undefined, look: TopLook<string>, rules: TopRules) {
  return nextTopBreathing(earlier, look, rules, () => undefined);
}

interface Entry {
  readonly key: string;
  readonly part: string;
  readonly isSum?: boolean;
  calls: bigint;
  time: bigint;
}

function lookAt(step: number, entries: Iterable<Entry>, resetMark: string | undefined): TopLook<string> {
  return {
    columns,
    resetMark,
    atMs: step * minuteMs,
    wallMs: 1_000_000 + step * minuteMs,
    rows: [...entries].map(({ key, part, isSum, calls, time }) => ({
      key,
      part,
      identity: `id of ${key}`,
      group: key < 'k3' ? 'low' : 'high',
      counters: [calls, time],
      ...(isSum === undefined ? {} : { isSum }),
    })),
  };
}

function entries(...rows: readonly (readonly [string, bigint, bigint])[]): Entry[] {
  return rows.map(([part, calls, time]) => ({ key: part.split('/')[0] ?? part, part, calls, time }));
}

/** Runs looks one minute apart and gives the state after each. */
async function run(looks: readonly (readonly Entry[])[], rules: TopRules, marks: readonly string[] = []) {
  const states: TopState<string>[] = [];
  for (const [step, rows] of looks.entries()) {
    states.push(await nextTop(states.at(-1), lookAt(step, rows, marks[step] ?? 'start'), rules));
  }
  return states;
}

function sum(counters: Iterable<readonly bigint[]>): bigint[] {
  const total = columns.map(() => 0n);
  for (const row of counters)
    for (const [index, value] of row.entries()) total[index] = (total[index] ?? 0n) + value;
  return total;
}

function minus(left: readonly bigint[], right: readonly bigint[]): bigint[] {
  return left.map((value, index) => value - (right[index] ?? 0n));
}

/** What an exposition would hold: one series per member, and `other` under its present name. */
function seriesOf(state: TopState<string>): Map<string, readonly bigint[]> {
  return new Map<string, readonly bigint[]>([
    ...state.members.map(({ key, counters }) => [key, counters] as const),
    [`other since ${state.other.sinceMs}`, state.other.counters],
  ]);
}

const keysOf = (state: TopState<string> | undefined) => state?.members.map(({ key }) => key);

describe('nextTop', () => {
  it('names the longest by lifetime at the first look, and shows their own counters', async () => {
    const [state] = await run([entries(['a', 1n, 5n], ['b', 2n, 50n], ['c', 3n, 500n])], pace(2));
    expect(state?.members).toEqual([
      { key: 'c', identity: 'id of c', counters: [3n, 500n] },
      { key: 'b', identity: 'id of b', counters: [2n, 50n] },
    ]);
    expect(state?.other.counters).toEqual([1n, 5n]);
  });

  it.for([
    { case: 'keeps a member that a newcomer overtakes by less than half', gain: 150n, members: ['a', 'b'] },
    { case: 'gives the seat to one with more than twice the score', gain: 15_000n, members: ['a', 'c'] },
  ])('$case', async ({ gain, members }) => {
    const before = entries(['a', 1n, 1_000n], ['b', 1n, 100n], ['c', 1n, 90n]);
    const after = entries(['a', 1n, 2_000n], ['b', 1n, 200n], ['c', 1n, 90n + gain]);
    expect(keysOf((await run([before, after], pace(2))).at(-1))).toEqual(members);
  });

  it('does not give up a name for a trifle', async () => {
    const before = entries(['a', 1n, 1_000_000n], ['b', 1n, 0n], ['c', 1n, 0n]);
    const after = entries(['a', 1n, 9_000_000n], ['b', 1n, 0n], ['c', 1n, 9n]);
    expect(keysOf((await run([before, after], pace(2))).at(-1))).toEqual(['a', 'b']);
  });

  it('does not let a long past hold a seat against the present', async () => {
    const before = entries(['past', 9n, 10n ** 15n], ['present', 1n, 1n]);
    const after = (step: bigint) => entries(['past', 9n, 10n ** 15n], ['present', 1n, step * 1000n]);
    const states = await run(
      [before, ...Array.from({ length: 60 }, (_, step) => after(BigInt(step + 1)))],
      pace(1),
    );
    expect(keysOf(states.at(-1))).toEqual(['present']);
  });

  it('keeps the count and the seat of a member that the source has just evicted', async () => {
    const full = entries(['a', 10n, 900n], ['b', 1n, 100n]);
    const states = await run([full, full.slice(1), entries(['a', 1n, 90n], ['b', 1n, 100n])], pace(1));
    expect(states.map(({ members }) => members[0]?.counters)).toEqual([
      [10n, 900n],
      [10n, 900n],
      [11n, 990n],
    ]);
    expect(states.at(-1)?.forgotten).toEqual([10n, 900n]);
  });

  it('keeps what it knows of one user of a statement when the entry of another is evicted', async () => {
    const states = await run(
      [entries(['a/1', 10n, 900n], ['a/2', 5n, 400n]), entries(['a/1', 11n, 901n])],
      pace(1),
    );
    expect(states.at(-1)?.members[0]?.counters).toEqual([16n, 1_301n]);
  });

  it('goes on counting an entry that was reset alone', async () => {
    const states = await run([entries(['a', 10n, 900n]), entries(['a', 2n, 950n])], pace(1));
    expect(states.at(-1)?.members[0]?.counters).toEqual([12n, 1_850n]);
  });

  it('takes the fall of a sum over unnamed entries for the loss of some of them, and never names it', async () => {
    const unnamed = (calls: bigint, time: bigint): Entry[] => [
      { key: 'unnamed', part: 'unnamed', isSum: true, calls, time },
    ];
    const states = await run([unnamed(1_000n, 50n), unnamed(900n, 55n)], pace(1));
    expect(states.at(-1)).toMatchObject({
      members: [],
      other: { counters: [1_000n, 55n] },
      forgotten: [100n, 0n],
    });
  });

  it('starts again from what the source reports when all of it was reset', async () => {
    const states = await run(
      [entries(['a', 10n, 900n], ['b', 1n, 100n]), entries(['a', 2n, 20n], ['b', 3n, 30n])],
      pace(1),
      ['start', 'later'],
    );
    expect(states.at(-1)).toMatchObject({ forgotten: [0n, 0n], other: { counters: [3n, 30n] } });
    expect(states.at(-1)?.other.sinceMs).toBe(states[0]?.other.sinceMs);
  });

  it.for([
    { case: 'sees the reset of a source that cannot say so', after: ['a', 2n, 20n], forgotten: [0n, 0n] },
    { case: 'does not take an eviction for one', after: ['b', 2n, 100n], forgotten: [10n, 900n] },
  ] as const)('$case', async ({ after, forgotten }) => {
    const first = await nextTop(
      undefined,
      lookAt(0, entries(['a', 10n, 900n], ['b', 1n, 100n]), undefined),
      pace(1),
    );
    const second = await nextTop(first, lookAt(1, entries(after), undefined), pace(1));
    expect(second.forgotten).toEqual(forgotten);
  });

  it('keeps the name of other when an entry new to the source takes a free seat', async () => {
    const states = await run([entries(['a', 1n, 10n]), entries(['a', 1n, 10n], ['b', 1n, 99n])], pace(2));
    expect(keysOf(states.at(-1))).toHaveLength(2);
    expect(states.at(-1)?.other.sinceMs).toBe(states[0]?.other.sinceMs);
  });

  it('gives other a new name when a count moves out of it, even with the clock set back', async () => {
    let state = await nextTop(undefined, lookAt(1_000, entries(['a', 1n, 10n], ['b', 1n, 5n]), 'x'), pace(1));
    const names = new Set([state.other.sinceMs]);
    for (let step = 1n; step < 20n; step += 1n) {
      const look = lookAt(1_000 + Number(step), entries(['a', 1n, 10n], ['b', 1n, 5n + step]), 'x');
      state = await nextTop(state, { ...look, wallMs: 0 }, pace(1));
      names.add(state.other.sinceMs);
    }
    expect(keysOf(state)).toEqual(['b']);
    expect([...names]).toEqual([1_000_000 + 1_000 * minuteMs, 1_000_001 + 1_000 * minuteMs]);
  });

  it('starts anew when the source has other columns', async () => {
    const [first] = await run([entries(['a', 10n, 900n])], pace(1));
    const look = { ...lookAt(1, entries(['a', 11n, 910n]), 'start'), columns: ['calls', 'exec_time'] };
    const second = await nextTop(first, look, { seats: 1, rank: { by: 'pace', column: 'exec_time' } });
    expect(second.members[0]?.counters).toEqual([11n, 910n]);
    expect(second.groups.get('high') ?? second.groups.get('low')).toEqual([11n, 910n]);
  });

  it('ranks by level, and lets go of what is gone at once', async () => {
    const rules: TopRules = { seats: 1, rank: { by: 'level' } };
    const sized = (rows: Record<string, number>, step: number) => {
      const look = lookAt(step, entries(...Object.keys(rows).map((key) => [key, 1n, 1n] as const)), 'x');
      return { ...look, rows: look.rows.map((row) => ({ ...row, level: rows[row.key] ?? 0 })) };
    };
    const first = await nextTop(undefined, sized({ small: 1, big: 9 }, 0), rules);
    const second = await nextTop(first, sized({ small: 12, big: 9 }, 1), rules);
    const third = await nextTop(second, sized({ small: 12 }, 2), rules);
    expect([first, second, third].map(keysOf)).toEqual([['big'], ['big'], ['small']]);
  });
});

describe('nextTop with 50,000 entries', () => {
  /** Rows that note every reading of their key. */
  function watched(step: number, note: () => void): TopLook<string> {
    const all = entries(
      ...Array.from(
        { length: 50_000 },
        (_, at) => [`s${at}`, 1n, BigInt((at * 7919) % 50_000) * 9n] as const,
      ),
    );
    const look = lookAt(step, step === 2 ? all.slice(25_000) : all, 'x');
    const rows = look.rows.map((row) => ({
      ...row,
      get key() {
        note();
        return row.key;
      },
    }));
    return { ...look, rows };
  }

  it('gives a chance to breathe every few hundred rows, and names whom sorting all of them would', async () => {
    let readings = 0;
    let most = 0;
    const breathe = () => {
      most = Math.max(most, readings);
      readings = 0;
      return undefined;
    };
    let state: TopState<string> | undefined;
    for (let step = 0; step < 4; step += 1) {
      const look = watched(step, () => {
        readings += 1;
      });
      readings = 0;
      state = await nextTopBreathing(state, look, pace(100), breathe);
      breathe();
      const times = state.members.map(({ counters }) => counters[1]);
      if (step < 2) expect(times).toEqual(Array.from({ length: 100 }, (_, at) => BigInt(49_999 - at) * 9n));
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(3_000);
  });
});

const step = fc.record({
  bumps: fc.array(
    fc.record({ at: fc.nat({ max: 11 }), calls: fc.bigInt(0n, 9n), time: fc.bigInt(0n, 10n ** 6n) }),
    {
      maxLength: 8,
    },
  ),
  evicted: fc.array(fc.nat({ max: 11 }), { maxLength: 2 }),
  zeroed: fc.array(fc.nat({ max: 11 }), { maxLength: 1 }),
  isReset: fc.oneof(
    { weight: 12, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});

/** Six keys of two entries each, that come, count, are evicted and reset as the steps say. */
async function* simulate(
  steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[],
  seats: number,
) {
  const source = new Map<string, Entry>();
  let state: TopState<string> | undefined;
  let mark = 0;
  for (const [index, { bumps, evicted, zeroed, isReset }] of steps.entries()) {
    if (isReset) {
      source.clear();
      mark += 1;
    }
    for (const at of evicted) source.delete(partOf(at));
    for (const at of zeroed) if (source.has(partOf(at))) source.set(partOf(at), newEntry(at));
    let gained = [0n, 0n];
    for (const { at, calls, time } of bumps) {
      const entry = source.get(partOf(at)) ?? newEntry(at);
      source.set(entry.part, { ...entry, calls: entry.calls + calls, time: entry.time + time });
      gained = sum([gained, [calls, time]]);
    }
    const former = state;
    state = await nextTop(former, lookAt(index, source.values(), String(mark)), pace(seats));
    yield { source, former, state, gained, isReset };
  }
}

const partOf = (at: number) => `k${Math.floor(at / 2)}/${at % 2}`;
const newEntry = (at: number): Entry => ({
  key: `k${Math.floor(at / 2)}`,
  part: partOf(at),
  calls: 0n,
  time: 0n,
});

describe('nextTop, over randomized runs with evictions and resets', () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 40 });
  const seats = fc.integer({ min: 1, max: 4 });

  it('always adds up: members and other are what the source reports and has forgotten, and so are the groups', async () => {
    await fc.assert(
      fc.asyncProperty(steps, seats, async (all, most) => {
        for await (const { source, state } of simulate(all, most)) {
          const reported = sum([...source.values()].map(({ calls, time }) => [calls, time]));
          const expected = sum([reported, state.forgotten]);
          expect(sum([...seriesOf(state).values()])).toEqual(expected);
          expect(sum(state.groups.values())).toEqual(expected);
          expect(state.members.length).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  it('never shows a negative count, nor a series that falls without a reset of the source', async () => {
    await fc.assert(
      fc.asyncProperty(steps, seats, async (all, most) => {
        for await (const { former, state, isReset } of simulate(all, most)) {
          const before =
            isReset || former === undefined ? new Map<string, readonly bigint[]>() : seriesOf(former);
          const groupsBefore = isReset ? undefined : former?.groups;
          for (const [name, counters] of seriesOf(state)) {
            for (const [index, value] of counters.entries())
              expect(value >= (before.get(name)?.[index] ?? 0n)).toBe(true);
          }
          for (const [group, counters] of state.groups) {
            for (const [index, value] of counters.entries()) {
              expect(value >= (groupsBefore?.get(group)?.[index] ?? 0n)).toBe(true);
            }
          }
        }
      }),
    );
  });

  it('never makes a rate out of a membership change: what series gain is at most what was done', async () => {
    await fc.assert(
      fc.asyncProperty(steps, seats, async (all, most) => {
        for await (const { former, state, gained, isReset } of simulate(all, most)) {
          if (former === undefined || isReset) continue;
          const before = seriesOf(former);
          const increase = sum(
            [...seriesOf(state)].flatMap(([name, counters]) => {
              const earlier = before.get(name);
              return earlier === undefined
                ? []
                : [counters.map((value, index) => value - (earlier[index] ?? 0n))];
            }),
          );
          for (const [index, value] of increase.entries()) expect(value <= (gained[index] ?? 0n)).toBe(true);
          // An entry evicted and counting again between two looks hides what it had: nobody can see that.
          const seen = minus(sum(state.groups.values()), sum(former.groups.values()));
          const isSame =
            [...seriesOf(state).keys()].every((name) => before.has(name)) &&
            before.size === seriesOf(state).size;
          if (isSame) expect(increase).toEqual(seen);
        }
      }),
    );
  });

  it('hides nobody: who has no seat has at most twice the score of the weakest member, or a negligible one', async () => {
    await fc.assert(
      fc.asyncProperty(steps, seats, async (all, most) => {
        for await (const { source, state } of simulate(all, most)) {
          const { scores } = state.memory;
          const keys = new Set(keysOf(state));
          const weakest = Math.min(...[...keys].map((key) => scores.get(key) ?? 0));
          const total = [...scores.values()].reduce((left, right) => left + right, 0);
          for (const { key } of source.values()) {
            if (keys.has(key)) continue;
            expect(scores.get(key) ?? 0).toBeLessThanOrEqual(
              Math.max(2 * weakest, total / most / 10) * 1.000001,
            );
          }
        }
      }),
    );
  });
});

describe('membership under steady load', () => {
  /** Deterministic noise in [0, 1). */
  function noise(seed: number): () => number {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  }

  it.for([
    { case: 'even slopes, calls that vary by half', exponent: 1, spread: 1, busyShare: 1 },
    { case: 'statements of nearly the same weight', exponent: 0.2, spread: 1, busyShare: 1 },
    { case: 'statements that run in one minute out of three', exponent: 1, spread: 1, busyShare: 1 / 3 },
  ])('changes less than 5 % an hour: $case', async ({ exponent, spread, busyShare }) => {
    const random = noise(7);
    const seats = 40;
    const source = Array.from({ length: 400 }, (_, index): Entry => {
      const key = `s${index}`;
      return { key, part: key, calls: 0n, time: BigInt(Math.round(1e9 / (index + 1) ** exponent)) };
    });
    const hours = 6;
    let changes = 0;
    let state: TopState<string> | undefined;
    for (let look = 0; look < hours * 60; look += 1) {
      for (const [index, entry] of source.entries()) {
        if (random() >= busyShare) continue;
        const mean = 1e6 / (index + 1) ** exponent;
        entry.calls += 1n;
        entry.time += BigInt(Math.round(mean * (1 + spread * (random() - 0.5))));
      }
      const former = new Set(keysOf(state));
      state = await nextTop(state, lookAt(look, source, 'x'), pace(seats));
      if (look > 0) changes += state.members.filter(({ key }) => !former.has(key)).length;
    }
    expect(changes / hours / seats).toBeLessThan(0.05);
  });
});
