import type { Sample } from './family.ts';

/** One sample; reads better than a nested literal in a family. */
export function sample<Label extends string>(
  labels: Readonly<Record<Label, string>>,
  value: number | bigint,
): Sample<Label> {
  return { labels, value };
}

/** 1 or 0. */
export function flag(truth: boolean): 0 | 1 {
  return truth ? 1 : 0;
}

/**
 * The values to report for a state: every known one, so that a change is seen as 1 → 0, and the present one
 * even when it is newer than this program.
 */
export function stateValues(known: readonly string[], present: string): readonly string[] {
  return known.includes(present) ? known : [...known, present];
}
