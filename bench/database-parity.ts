/** Compares postgres_exporter's exposition with ours: names, types, labels and, within movement, values. */
import { type ParsedFamily, parseExposition } from '../test/render/exposition-parser.ts';

export interface Difference {
  readonly kind: 'family' | 'type' | 'series' | 'value';
  readonly what: string;
}

export interface Parity {
  readonly families: number;
  readonly series: number;
  readonly comparedValues: number;
  readonly differences: readonly Difference[];
}

/** What postgres_exporter says of itself: not ours to fake. */
const ofItself = /^(?:pg_exporter_|pg_scrape_collector_)/;

/** Families whose values each side sees differently, because its own session is among what is counted or comes from it. */
const ownSession = new Set([
  'pg_stat_activity_count',
  'pg_stat_activity_max_tx_duration',
  'pg_locks_count',
  'pg_stat_database_numbackends',
  // Its driver asks for 2.
  'pg_settings_extra_float_digits',
]);

/** Its one pg_up is for all servers; ours says which. */
const withMoreLabels = new Set(['pg_up']);

/** Sizes may grow between two looks, and ours is up to a minute old. */
const sizeSlack = 0.1;

function pgLines(exposition: string): string {
  const lines = exposition.split('\n').filter((line) => /^(?:# (?:HELP|TYPE) )?pg_/.test(line));
  return `${lines.join('\n')}\n`;
}

function familiesOf(exposition: string): Map<string, ParsedFamily> {
  const parsed = parseExposition(Buffer.from(pgLines(exposition)), 'text');
  return new Map(parsed.filter(({ name }) => !ofItself.test(name)).map((family) => [family.name, family]));
}

/** Values by label set; an empty label and an absent one are the same. */
function seriesOf({ name, samples }: ParsedFamily): Map<string, number> {
  return new Map(
    samples.map(({ labels, value }) => {
      const pairs = Object.entries(labels).filter(([label, text]) => text !== '' && !isMore(name, label));
      return [JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1))), value];
    }),
  );
}

function isMore(name: string, label: string): boolean {
  return withMoreLabels.has(name) && label === 'server';
}

/** Whether `value` is what somebody could have seen between two looks that saw `before` and `after`. */
function isBetween(name: string, value: number, before: number, after: number): boolean {
  if (Object.is(before, after) && Object.is(value, before)) return true;
  // Ours or theirs may have come before the first event.
  if (Number.isNaN(before) || Number.isNaN(value) || Number.isNaN(after)) return before !== after;
  const slack = /size_bytes$/.test(name) ? sizeSlack * Math.max(before, after) : 0;
  return value >= Math.min(before, after) - slack && value <= Math.max(before, after) + slack;
}

/**
 * Whatever postgres_exporter has, we must have, of the same type and labels; what we have beyond is not looked at.
 *
 * @param before its exposition before ours was taken
 * @param after its exposition after that
 */
export function compare(before: string, ours: string, after: string): Parity {
  const differences: Difference[] = [];
  const ourFamilies = familiesOf(ours);
  const afterFamilies = familiesOf(after);
  let series = 0;
  let comparedValues = 0;
  const beforeFamilies = familiesOf(before);
  for (const [name, theirs] of beforeFamilies) {
    const family = ourFamilies.get(name);
    const later = afterFamilies.get(name);
    if (family === undefined || later === undefined) {
      differences.push({ kind: 'family', what: name });
      continue;
    }
    if (family.type !== theirs.type) {
      differences.push({ kind: 'type', what: `${name}: ${theirs.type}, ours ${family.type}` });
    }
    const ourSeries = seriesOf(family);
    const laterSeries = seriesOf(later);
    for (const [labels, first] of seriesOf(theirs)) {
      const last = laterSeries.get(labels);
      // What came or went between the two looks we may have seen or not.
      if (last === undefined) continue;
      series += 1;
      const value = ourSeries.get(labels);
      if (value === undefined) {
        differences.push({ kind: 'series', what: `${name} ${labels}` });
      } else if (!ownSession.has(name)) {
        comparedValues += 1;
        if (isBetween(name, value, first, last)) continue;
        differences.push({ kind: 'value', what: `${name} ${labels}: ${value}, theirs ${first} to ${last}` });
      }
    }
    // Theirs is the whole of what is shared: a series more of ours would change every sum over the family.
    for (const labels of ourSeries.keys()) {
      if (laterSeries.has(labels) || seriesOf(theirs).has(labels)) continue;
      differences.push({ kind: 'series', what: `${name} ${labels}: only ours` });
    }
  }
  return { families: beforeFamilies.size, series, comparedValues, differences };
}
