const maxLabelChars = 60;
const maxUnknown = 10;

/** Text out of a table or a driver, fit for a label: no controls, at most 60 characters, never empty. */
export function labelText(text: string): string {
  const cleaned = text
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
  return cleaned === '' ? 'none' : [...cleaned].slice(0, maxLabelChars).join('');
}

/**
 * Counts by a free-text column as counts by a bounded label: every known value, 0 when it does not occur, then the ten
 * most frequent others, then `other`. The sum is that of the rows.
 */
export function countsByLabel(
  known: readonly string[],
  rows: Iterable<readonly [value: string, count: number]>,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>(known.map((value) => [value, 0]));
  const unknown = new Map<string, number>();
  for (const [value, count] of rows) {
    const label = labelText(value);
    const target = counts.has(label) ? counts : unknown;
    target.set(label, (target.get(label) ?? 0) + count);
  }
  const byCount = [...unknown].sort(
    ([left, leftCount], [right, rightCount]) => rightCount - leftCount || (left < right ? -1 : 1),
  );
  for (const [index, [label, count]] of byCount.entries()) {
    const shown = index < maxUnknown ? label : 'other';
    counts.set(shown, (counts.get(shown) ?? 0) + count);
  }
  return counts;
}

/** Whole milliseconds as seconds: microseconds would print the noise of a division by 1000. */
export function secondsOf(ms: number): number {
  return Math.round(ms) / 1000;
}
