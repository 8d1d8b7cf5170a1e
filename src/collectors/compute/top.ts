import { type Breathe, eachBreathing } from '../../breathe.ts';
import { add, minus, plus, sumOf, sumOfNumbers, zeros } from './top-counters.ts';
import { type SeatRules, takeSeats } from './top-seats.ts';

/*
 * The longest counters by name and one `other` for the rest, over a source that forgets.
 *
 * What is promised, after every look:
 * 1. sum(members) + other = what the source reports + `forgotten`, exactly (bigint); sum(groups) is the same number.
 *    `forgotten` is what entries had counted that the source has dropped or reset one by one since we watch.
 * 2. A member shows the source's own counter, so that it can be compared with a query by hand; what the source
 *    forgot of it while it had a seat is kept, so it never goes down.
 * 3. No series goes down or jumps for bookkeeping. When the whole source is reset, every series starts again from
 *    what it reports, which is what Prometheus takes a falling counter for.
 *
 * 1 and 3 compete when a member leaves: its count must reappear in `other`, and a rate would take that for work done
 * just then (a join would make `other` fall, and a rate would count all of it again). So `other` is not one series for
 * ever but one per membership: `sinceMs` names it, and changes whenever a count moves between a member and `other`.
 * A new series has no rate at its first sample, so nothing is ever counted twice. The price: what `other` and the
 * newcomer did in the one interval before the change is in no rate, and each change is one more series; hysteresis
 * keeps changes rare. An entry that is new to the source and finds a free seat changes nothing.
 */

/** One counting entry of the source. */
export interface TopRow<Identity> {
  /** What is given a seat. Several entries may share one: they are added up. */
  readonly key: string;
  /** The entry: unique within a look. */
  readonly part: string;
  readonly identity: Identity;
  /** What `groups` adds up by; what was counted under a former group stays there. */
  readonly group: string;
  /** In the order of `columns`. */
  readonly counters: readonly bigint[];
  /** Present value for a ranking by level. */
  readonly level?: number;
  /** The entry sums up unnamed ones: it never has a seat, and when it falls some are gone and the others go on. */
  readonly isSum?: boolean;
}

export interface TopLook<Identity> {
  readonly rows: readonly TopRow<Identity>[];
  readonly columns: readonly string[];
  /** Changes when the whole source is reset. Undefined: the source cannot say, and it is judged by its counters. */
  readonly resetMark: string | undefined;
  /** Monotonic. */
  readonly atMs: number;
  readonly wallMs: number;
}

export interface TopRules {
  /** Most members. */
  readonly seats: number;
  /** Rank by what this counter gained lately, or by the present `level` of the rows. */
  readonly rank: { readonly by: 'pace'; readonly column: string } | { readonly by: 'level' };
}

interface Part {
  readonly key: string;
  readonly counters: readonly bigint[];
}

export interface TopMember<Identity> {
  readonly key: string;
  readonly identity: Identity;
  readonly counters: readonly bigint[];
}

export interface TopState<Identity> {
  readonly columns: readonly string[];
  /** By descending score. */
  readonly members: readonly TopMember<Identity>[];
  /** Wall clock instant at which this `other` began: part of its name. */
  readonly other: { readonly sinceMs: number; readonly counters: readonly bigint[] };
  /** True totals of everything, by group. */
  readonly groups: ReadonlyMap<string, readonly bigint[]>;
  readonly forgotten: readonly bigint[];
  /** The rest is for the next look. */
  readonly memory: {
    readonly atMs: number;
    readonly resetMark: string | undefined;
    readonly parts: ReadonlyMap<string, Part>;
    /** What the source forgot of a key that it still has, or that has a seat. */
    readonly lost: ReadonlyMap<string, readonly bigint[]>;
    readonly scores: ReadonlyMap<string, number>;
    /** The scores are lifetime totals: nothing has been seen to move yet. */
    readonly isSeed: boolean;
  };
}

/** Half of a score is gone after this long: long against noise, short against an incident. */
const halfLifeMs = 30 * 60_000;
/** The lifetime totals that rank the first look weigh as much as this many looks at the present pace. */
const seedLooks = 5;

/** Takes one look into account. Pure but for the breathing; a changed list of columns starts anew. */
export async function nextTop<Identity>(
  earlier: TopState<Identity> | undefined,
  look: TopLook<Identity>,
  rules: TopRules,
  breathe: Breathe,
): Promise<TopState<Identity>> {
  const previous = earlier !== undefined && sameColumns(earlier.columns, look.columns) ? earlier : undefined;
  const ledger = await account(previous, look, breathe);
  const identities = new Map(previous?.members.map(({ key, identity }) => [key, identity]));
  const present = new Set<string>();
  await eachBreathing(look.rows, breathe, ({ key, identity, isSum }) => {
    if (isSum !== true) present.add(key);
    if (!identities.has(key)) identities.set(key, identity);
  });
  const formerKeys = previous?.members.map(({ key }) => key) ?? [];
  const { scores, isSeed } = await score(previous, look, rules, ledger.gains, breathe);
  const seatRules: SeatRules = { seats: rules.seats, present };
  const keys = await takeSeats(formerKeys, scores, seatRules, breathe);
  const counted = await countMembers(keys, look, ledger.lost, breathe);
  const members = counted.map(({ key, counters }) => ({
    key,
    // Every key that can have a seat was a row or a member.
    identity: identities.get(key) as Identity,
    counters,
  }));
  const total = sumOf(look.columns.length, ledger.groups.values());
  const named = sumOf(
    look.columns.length,
    members.map(({ counters }) => counters),
  );
  const seated = new Set(keys);
  const isKept = (key: string) => present.has(key) || seated.has(key);
  return {
    columns: look.columns,
    members,
    other: { sinceMs: otherSince(earlier, previous, keys, look.wallMs), counters: minus(total, named) },
    groups: ledger.groups,
    forgotten: ledger.forgotten,
    memory: {
      atMs: look.atMs,
      resetMark: look.resetMark,
      parts: ledger.parts,
      lost: await keepKeys(ledger.lost, isKept, breathe),
      scores: await keepKeys(scores, isKept, breathe),
      isSeed,
    },
  };
}

function sameColumns(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((column, index) => column === right[index]);
}

interface Ledger {
  readonly parts: Map<string, Part>;
  readonly lost: Map<string, readonly bigint[]>;
  readonly groups: Map<string, readonly bigint[]>;
  readonly forgotten: readonly bigint[];
  /** Gained since the last look, by key, in the order of `columns`; keys that gained nothing are not in it. */
  readonly gains: ReadonlyMap<string, readonly bigint[]>;
}

async function account<Identity>(
  previous: TopState<Identity> | undefined,
  look: TopLook<Identity>,
  breathe: Breathe,
): Promise<Ledger> {
  const width = look.columns.length;
  const base = previous !== undefined && !wasReset(previous, look) ? previous : undefined;
  const parts = new Map<string, Part>();
  const lost = new Map(base?.memory.lost);
  const groups = new Map<string, bigint[]>(
    [...(base?.groups ?? [])].map(([group, sum]) => [group, [...sum]]),
  );
  const forgotten = base === undefined ? zeros(width) : [...base.forgotten];
  const gains = new Map<string, bigint[]>();
  const forget = (key: string, counters: readonly bigint[]) => {
    lost.set(key, plus(lost.get(key) ?? zeros(width), counters));
    add(forgotten, counters);
  };
  await eachBreathing(look.rows, breathe, ({ key, part, group, counters, isSum }) => {
    const before = base?.memory.parts.get(part)?.counters;
    parts.set(part, { key, counters });
    const { gained, dropped } = compare(before, counters, isSum ?? false);
    if (dropped !== undefined) forget(key, dropped);
    // A group with nothing in it yet is a fact too: its zero is how its first count becomes a rate.
    const sum = groups.get(group) ?? zeros(width);
    groups.set(group, sum);
    if (gained === undefined) return;
    add(sum, gained);
    const gain = gains.get(key);
    if (gain === undefined) gains.set(key, [...gained]);
    else add(gain, gained);
  });
  await eachBreathing(base?.memory.parts ?? [], breathe, ([part, { key, counters }]) => {
    if (!parts.has(part)) forget(key, counters);
  });
  return { parts, lost, groups, forgotten, gains };
}

/** What an entry gained, and what of it the source dropped; undefined for nothing. */
function compare(
  before: readonly bigint[] | undefined,
  now: readonly bigint[],
  isSum: boolean,
): { readonly gained: readonly bigint[] | undefined; readonly dropped: readonly bigint[] | undefined } {
  if (before === undefined) return { gained: now, dropped: undefined };
  // Most entries rest between two looks: they cost no list of zeros.
  if (now.every((value, index) => value === before[index])) return { gained: undefined, dropped: undefined };
  const change = minus(now, before);
  if (change.every((one) => one >= 0n)) return { gained: change, dropped: undefined };
  if (!isSum) return { gained: now, dropped: before };
  return {
    gained: change.map((one) => (one > 0n ? one : 0n)),
    dropped: change.map((one) => (one < 0n ? -one : 0n)),
  };
}

function wasReset<Identity>(previous: TopState<Identity>, look: TopLook<Identity>): boolean {
  const { resetMark, parts } = previous.memory;
  if (resetMark !== undefined && look.resetMark !== undefined) return resetMark !== look.resetMark;
  if (parts.size === 0 || look.rows.length === 0) return false;
  return !look.rows.some(({ part, counters }) => {
    const before = parts.get(part)?.counters;
    return before?.every((value, index) => value <= (counters[index] ?? 0n));
  });
}

async function score<Identity>(
  previous: TopState<Identity> | undefined,
  { rows, columns, atMs }: TopLook<Identity>,
  { rank }: TopRules,
  gains: ReadonlyMap<string, readonly bigint[]>,
  breathe: Breathe,
): Promise<{ readonly scores: Map<string, number>; readonly isSeed: boolean }> {
  const scores = new Map<string, number>();
  if (rank.by === 'level') {
    await eachBreathing(rows, breathe, ({ key, level = 0 }) => {
      scores.set(key, (scores.get(key) ?? 0) + level);
    });
    return { scores, isSeed: false };
  }
  const column = columns.indexOf(rank.column);
  const gainOf = (key: string) => Number(gains.get(key)?.[column] ?? 0n);
  await eachBreathing(rows, breathe, ({ key }) => {
    scores.set(key, gainOf(key));
  });
  if (previous === undefined) return { scores, isSeed: true };
  const { memory } = previous;
  const gained = sumOfNumbers(scores.values());
  const seeded = sumOfNumbers(memory.scores.values());
  const isSeed = memory.isSeed && gained === 0;
  const paceOfSeed = seeded === 0 ? 0 : (gained * seedLooks) / seeded;
  const kept = memory.isSeed ? (isSeed ? 1 : paceOfSeed) : 2 ** (-(atMs - memory.atMs) / halfLifeMs);
  await eachBreathing(memory.scores, breathe, ([key, former]) => {
    scores.set(key, former * kept + (scores.get(key) ?? 0));
  });
  return { scores, isSeed };
}

/** Counters of the members: their entries added up, and what was lost of them. */
async function countMembers<Identity>(
  keys: readonly string[],
  { rows, columns }: TopLook<Identity>,
  lost: ReadonlyMap<string, readonly bigint[]>,
  breathe: Breathe,
): Promise<readonly { readonly key: string; readonly counters: readonly bigint[] }[]> {
  const sums = new Map(keys.map((key) => [key, [...(lost.get(key) ?? zeros(columns.length))]]));
  await eachBreathing(rows, breathe, ({ key, counters }) => {
    const sum = sums.get(key);
    if (sum !== undefined) add(sum, counters);
  });
  return [...sums].map(([key, counters]) => ({ key, counters }));
}

function otherSince<Identity>(
  earlier: TopState<Identity> | undefined,
  previous: TopState<Identity> | undefined,
  keys: readonly string[],
  wallMs: number,
): number {
  if (previous !== undefined) {
    const former = new Set(previous.members.map(({ key }) => key));
    const hasLeft = [...former].some((key) => !keys.includes(key));
    const cameFromOther = keys.some((key) => !former.has(key) && previous.memory.scores.has(key));
    if (!hasLeft && !cameFromOther) return previous.other.sinceMs;
  }
  // A clock that was set back must not give two of them one name.
  return Math.max(wallMs, earlier === undefined ? 0 : earlier.other.sinceMs + 1);
}

async function keepKeys<Value>(
  all: Map<string, Value>,
  isKept: (key: string) => boolean,
  breathe: Breathe,
): Promise<Map<string, Value>> {
  await eachBreathing(all.keys(), breathe, (key) => {
    if (!isKept(key)) all.delete(key);
  });
  return all;
}
