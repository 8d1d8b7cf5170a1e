import { type Breathe, eachBreathing, rowsPerBreath } from '../../breathe.ts';

/** Who may sit where. */
export interface SeatRules {
  readonly seats: number;
  /** Keys that the source still has. */
  readonly present: ReadonlySet<string>;
}

/** A newcomer needs this many times the score of the member it replaces: noise does not swap neighbours. */
const advantage = 2;
/** Nor is a share of the whole below one tenth of an even seat's share worth a name that another must give up. */
const worthyShare = 0.1;

/**
 * The members from now on, by descending score. A seat is lost only to somebody with twice the score, or when the
 * source no longer has the key and its score has become negligible. So whoever has no seat has at most twice the
 * score of the weakest member, or a negligible one.
 */
export async function takeSeats(
  former: readonly string[],
  scores: ReadonlyMap<string, number>,
  { seats, present }: SeatRules,
  breathe: Breathe,
): Promise<readonly string[]> {
  const scoreOf = (key: string) => scores.get(key) ?? 0;
  const descending = (left: string, right: string) =>
    scoreOf(right) - scoreOf(left) || (left < right ? -1 : Number(left > right));
  let sum = 0;
  for (const one of scores.values()) sum += one;
  const worthy = (sum / Math.max(1, seats)) * worthyShare;

  const members = former
    .filter((key) => present.has(key) || scoreOf(key) > worthy)
    .sort(descending)
    .slice(0, seats);
  const seated = new Set(members);
  const isFull = members.length === seats;
  // With every seat taken only the worthy can displace anybody.
  const isCandidate = (key: string) =>
    !seated.has(key) && present.has(key) && (!isFull || scoreOf(key) > worthy);
  const candidates = await firstOf(scores.keys(), isCandidate, seats, descending, breathe);
  const weakestFirst = members.toReversed();
  members.push(...candidates.splice(0, seats - members.length));
  for (const [index, newcomer] of candidates.entries()) {
    const weakest = weakestFirst[index];
    if (weakest === undefined) break;
    if (scoreOf(newcomer) <= Math.max(worthy, advantage * scoreOf(weakest))) break;
    members[members.indexOf(weakest)] = newcomer;
  }
  return members.sort(descending);
}

/** The first `most` of those that `isWanted`, in order. Sorting all of 50,000 would hold the event loop. */
async function firstOf(
  keys: Iterable<string>,
  isWanted: (key: string) => boolean,
  most: number,
  order: (left: string, right: string) => number,
  breathe: Breathe,
): Promise<string[]> {
  let first: string[] = [];
  let unsorted: string[] = [];
  let last: string | undefined;
  const merge = () => {
    first = [...first, ...unsorted].sort(order).slice(0, most);
    unsorted = [];
    last = first.length < most ? undefined : first.at(-1);
  };
  await eachBreathing(keys, breathe, (key) => {
    if (!isWanted(key) || (last !== undefined && order(key, last) > 0)) return;
    unsorted.push(key);
    if (unsorted.length === rowsPerBreath) merge();
  });
  merge();
  return first;
}
