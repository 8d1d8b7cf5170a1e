import { z } from 'zod';
import './meta.ts';

/** Milliseconds per unit, falling. */
const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** The units in falling order, each at most once, at least one: `1h30m`, `500ms`. */
const durationPattern = /^(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** The longest wait a Node timer can hold is 2^31 - 1 ms; a longer one fires at once. */
const maxDurationMs = 24 * unitMs.d;

/** `90000` as `1m30s`: the shortest text with whole units. */
export function formatDuration(durationMs: number): string {
  let restMs = durationMs;
  let text = '';
  for (const [unit, ms] of Object.entries(unitMs)) {
    const count = Math.floor(restMs / ms);
    restMs -= count * ms;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

/** Milliseconds of `15s`, `500ms`, `1h30m`; undefined when the text is no duration. */
function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  if (match === null) return undefined;
  return Object.values(unitMs).reduce((sumMs, ms, index) => sumMs + Number(match[index + 1] ?? 0) * ms, 0);
}

/** A time span with its unit, `15s` `500ms` `2m` `1h30m`; decoded to whole milliseconds, from 1 ms to 24 days. */
export const Duration = z
  .codec(z.string().regex(durationPattern), z.int(), {
    decode(text, context) {
      const durationMs = parseDuration(text);
      if (durationMs !== undefined && durationMs >= 1 && durationMs <= maxDurationMs) return durationMs;
      context.issues.push({ code: 'custom', input: text, message: 'expected a duration from 1ms to 24d' });
      return z.NEVER;
    },
    encode: formatDuration,
  })
  .meta({ unit: 'ms', word: 'duration', expects: 'a duration such as 15s' });
