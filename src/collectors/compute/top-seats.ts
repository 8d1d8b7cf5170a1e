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
export function takeSeats(
  former: readonly string[],
  scores: ReadonlyMap<string, number>,
  { seats, present }: SeatRules,
): readonly string[] {
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
  // With every seat taken only the worthy can displace anybody, and those are few: no sorting of 50,000.
  const candidates = [...scores.keys()]
    .filter((key) => !seated.has(key) && present.has(key) && (!isFull || scoreOf(key) > worthy))
    .sort(descending);
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
