import { type Breathe, eachBreathing } from '../../../breathe.ts';

/** Who gets a finding of their own, and who is only counted. */
export interface Seats {
  readonly named: readonly string[];
  /** How many have none. */
  readonly others: number;
  /** The first of those by name. */
  readonly examples: readonly string[];
}

/** A set, or the keys of a map. */
interface Names {
  readonly size: number;
  has(name: string): boolean;
  keys(): Iterable<string>;
}

const maxExamples = 3;

/** Puts a name in its place among the first by name; who is beyond `most` falls out. */
function insert(first: string[], name: string, most: number): void {
  const last = first.at(-1);
  if (first.length >= most && last !== undefined && name >= last) return;
  const at = first.findIndex((one) => name < one);
  first.splice(at === -1 ? first.length : at, 0, name);
  if (first.length > most) first.pop();
}

/**
 * Gives a finding of its own to so many of `present` as there are seats. Who has one keeps it, or the waiting of the life
 * cycle would begin anew each time that somebody else comes first; free seats go by name.
 */
export async function takeSeats(
  before: readonly string[],
  present: Names,
  seats: number,
  breathe: Breathe,
): Promise<Seats> {
  const kept = before.filter((name) => present.has(name)).slice(0, seats);
  const seated = new Set(kept);
  const free = seats - kept.length;
  const first: string[] = [];
  await eachBreathing(present.keys(), breathe, (name) => {
    if (!seated.has(name)) insert(first, name, free + maxExamples);
  });
  const named = [...kept, ...first.slice(0, free)];
  return { named, others: present.size - named.length, examples: first.slice(free) };
}
