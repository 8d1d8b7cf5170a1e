import { durationMs } from './rule-files.ts';

/** How much faster than in production time passes in test/system/alerting.test.ts: 15 seconds are a quarter of one. */
export const timeFactor = 60;

/** What says how long to wait or how often to look. Expressions, and the ranges in them, are never touched. */
const durations = new Set([
  'for',
  'keep_firing_for',
  'interval',
  'scrape_interval',
  'evaluation_interval',
  'group_wait',
  'group_interval',
  'repeat_interval',
]);

/** A duration as Prometheus writes it, divided by the factor; at least a millisecond unless it was zero. */
function shortenedDuration(text: string): string {
  const ms = durationMs(text);
  return ms === 0 ? text : `${Math.max(1, Math.round(ms / timeFactor))}ms`;
}

/** A configuration or rule file of Prometheus or Alertmanager with every waiting and interval divided by the factor. */
export function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      durations.has(key) && typeof inner === 'string' ? shortenedDuration(inner) : shortened(inner),
    ]),
  );
}
