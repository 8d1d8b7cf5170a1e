import type { Json } from '../detector.ts';

/** How long something was known to be so, and whether it was out of sight at the last look. */
type Known = readonly [knownMs: number, isFrozen: 0 | 1];

/** What must be kept between two looks. By subject, then by what was seen of it, such as a shard id. */
export interface LastingMemory {
  readonly [key: string]: Json;
  readonly atMs: number;
  readonly keys: { readonly [subject: string]: { readonly [key: string]: Known } };
  readonly shown: { readonly [subject: string]: Known };
  /** Subjects that were believed in of late, and when they were no longer. */
  readonly ended: { readonly [subject: string]: number };
}

export interface LastingLook {
  readonly nowMs: number;
  /** As the detector's hold says. */
  readonly forMs: number;
  /** Whether what is not seen now may still be there. */
  readonly isUnknown: (subject: string, key: string) => boolean;
}

/** Remembered of one subject; of more the first that came are enough to say that something lasts. */
const maxKeys = 64;
/** As in lifecycle.ts: longer steps prove nothing. */
const maxStepMs = 120_000;
/** For so long after it ended, a subject is only shown for what has lasted already. */
const wearyMs = 3_600_000;

function older([knownMs, isFrozen]: Known, elapsedMs: number): Known {
  return [knownMs + (isFrozen === 1 ? 0 : elapsedMs), 0];
}

/** What is known of one subject's keys after this look: remembered ones first, so that a few come to age. */
function keysOf(
  before: Readonly<Record<string, Known>>,
  present: readonly string[],
  elapsedMs: number,
  isUnknown: (key: string) => boolean,
): Record<string, Known> {
  const now = new Set(present);
  const keys: Record<string, Known> = {};
  for (const [key, known] of Object.entries(before)) {
    if (now.has(key)) keys[key] = older(known, elapsedMs);
    else if (isUnknown(key)) keys[key] = [known[0], 1];
  }
  let count = Object.keys(keys).length;
  for (const key of present) {
    if (count >= maxKeys) break;
    if (key in keys) continue;
    keys[key] = [0, 0];
    count += 1;
  }
  return keys;
}

/**
 * Tells what lasts from what comes and goes. A pageserver of a busy cluster has a shard on the move at every look, each
 * time another one; a finding about the pageserver must not take the many short moves for one long fault. A subject
 * is shown at the first look, so that one look is enough to see it, and then for as long as one of the same keys is
 * there; the life cycle does the waiting. It is not shown for one look when all of them have gone, which starts the
 * waiting anew, and once it was believed in, only keys that lasted bring it back within the hour.
 */
export function lasting(
  before: LastingMemory | undefined,
  present: ReadonlyMap<string, readonly string[]>,
  { nowMs, forMs, isUnknown }: LastingLook,
): {
  readonly shown: ReadonlySet<string>;
  readonly frozen: ReadonlySet<string>;
  readonly memory: LastingMemory;
} {
  const elapsedMs = Math.min(Math.max(nowMs - (before?.atMs ?? nowMs), 0), maxStepMs);
  const shownNow = new Set<string>();
  const frozen = new Set<string>();
  const keys: Record<string, Record<string, Known>> = {};
  const shown: Record<string, Known> = {};
  const ended = Object.fromEntries(
    Object.entries(before?.ended ?? {}).filter(([, endedMs]) => nowMs - endedMs < wearyMs),
  );
  for (const subject of new Set([...Object.keys(before?.keys ?? {}), ...present.keys()])) {
    const seen = present.get(subject) ?? [];
    const known = keysOf(before?.keys[subject] ?? {}, seen, elapsedMs, (key) => isUnknown(subject, key));
    if (Object.keys(known).length > 0) keys[subject] = known;
    const former = before?.shown[subject];
    const alive = Object.values(known).filter(([, isFrozen]) => isFrozen === 0);
    if (alive.length === 0 && Object.keys(known).length > 0) {
      frozen.add(subject);
      if (former !== undefined) shown[subject] = [former[0], 1];
      continue;
    }
    const oldestMs = Math.max(...alive.map(([knownMs]) => knownMs));
    const age: Known = former === undefined ? [0, 0] : older(former, elapsedMs);
    const enoughMs = subject in ended ? forMs : Math.min(age[0], forMs);
    if (alive.length > 0 && oldestMs >= enoughMs) {
      shownNow.add(subject);
      shown[subject] = age;
    } else if (former !== undefined && former[0] >= forMs) ended[subject] = nowMs;
  }
  return { shown: shownNow, frozen, memory: { atMs: nowMs, keys, shown, ended } };
}
