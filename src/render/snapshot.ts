import { type Budgets, type Chunk, type DroppedSeries, divide, type Portion } from './budget.ts';
import { type Body, bodyOf, type Format, familyHeader, openMetricsEnd } from './exposition.ts';
import { type SelfReading, type SnapshotFacts, selfFamilies } from './self-families.ts';
import { emptySlice, renderSliceNow } from './slice.ts';

/** One exposition, ready to be written. Immutable: a scrape under way keeps the one it began with. */
export interface Snapshot {
  readonly builtAtMs: number;
  /** Rows in the body, those about neonwatch itself included. */
  readonly series: number;
  readonly dropped: readonly DroppedSeries[];
  readonly identity: Readonly<Record<Format, Body>>;
  /** Only the formats that somebody asks for. */
  readonly gzip: Readonly<Partial<Record<Format, Body>>>;
}

/**
 * Puts rendered chunks together within the budgets, and adds the families about the snapshot itself,
 * which no budget counts. Copies no row. Never throws.
 *
 * @param chunks in a deterministic order: it decides the order of families
 */
export function assemble(chunks: readonly Chunk[], budgets: Budgets, facts: SnapshotFacts): Snapshot {
  const { portions, dropped, served } = divide(chunks, budgets);
  const collected = portions.reduce((series, portion) => series + portion.rows, 0);
  const own = selfPortions({ ...facts, dropped, served, series: 0 });
  const series = collected + own.reduce((rows, portion) => rows + portion.rows, 0);
  // The number of series is one of the series: rendered again now that it is known.
  const all = [...portions, ...selfPortions({ ...facts, dropped, served, series })];
  return {
    builtAtMs: facts.builtAtMs,
    series,
    dropped,
    identity: {
      text: bodyOf(pagesOf(all, 'text')),
      openmetrics: bodyOf([...pagesOf(all, 'openmetrics'), openMetricsEnd]),
    },
    gzip: {},
  };
}

function selfPortions(reading: SelfReading): Portion[] {
  return selfFamilies
    .map((family) => {
      const result = renderSliceNow(family, () => family.samples(reading));
      return 'ok' in result ? result.ok : emptySlice(family);
    })
    .map((slice) => ({ slice, rows: slice.rows }))
    .filter(({ rows }) => rows > 0);
}

function pagesOf(portions: readonly Portion[], format: Format): Buffer[] {
  const pages: Buffer[] = [];
  let name = '';
  for (const { slice, rows } of portions) {
    if (slice.family.name !== name) pages.push(familyHeader(slice.family, format));
    name = slice.family.name;
    pushRows(pages, slice.pages, rows === 0 ? 0 : (slice.rowEnds[rows - 1] ?? 0));
  }
  return pages;
}

function pushRows(pages: Buffer[], source: readonly Buffer[], bytes: number): void {
  let left = bytes;
  for (const page of source) {
    if (left <= 0) return;
    pages.push(page.length <= left ? page : page.subarray(0, left));
    left -= page.length;
  }
}
