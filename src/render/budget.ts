import { type Cardinality, cardinalities } from '../metrics/family.ts';
import type { Slice } from './slice-writer.ts';

/** What one collector has to say about one target, in the order of the collector's families. */
export interface Chunk {
  readonly collector: string;
  readonly target: string;
  readonly slices: readonly Slice[];
}

/** Most series served. Families of cardinality `process` count, and are never cut. */
export interface Budgets {
  readonly maxSeries: number;
  /** By collector; one that is not listed has only the global budget. */
  readonly perCollector: ReadonlyMap<string, number>;
}

export const dropReasons = ['collector_budget', 'global_budget'] as const;
export type DropReason = (typeof dropReasons)[number];

/** Series of one collector that a budget left out; zero when there is a budget and it holds. */
export interface DroppedSeries {
  readonly collector: string;
  readonly reason: DropReason;
  readonly series: number;
}

/** Series of one collector at one target that are served. */
export interface ServedSeries {
  readonly collector: string;
  readonly target: string;
  readonly series: number;
}

/** The first `rows` rows of a slice. */
export interface Portion {
  readonly slice: Slice;
  readonly rows: number;
}

interface Claim {
  readonly collector: string;
  readonly target: string;
  readonly slice: Slice;
  readonly familyOrder: number;
  readonly dropped: Record<DropReason, number>;
  rows: number;
}

/** What is served and what is not. */
export interface Division {
  readonly portions: readonly Portion[];
  readonly dropped: readonly DroppedSeries[];
  readonly served: readonly ServedSeries[];
}

/**
 * Divides the budgets: per collector first, then over all. The highest cardinality class gives first; within a
 * class the last family, of it the last target, of that the last row. A histogram slice is served whole or not at all.
 * Returns the portions of each family together, families in the order they are first met. Never throws.
 */
export function divide(chunks: readonly Chunk[], budgets: Budgets): Division {
  const claims = claimsOf(chunks);
  const inOrderOfMerit = claims.toSorted((a, b) => classOf(a) - classOf(b));
  for (const [collector, maxSeries] of budgets.perCollector) {
    cut(
      inOrderOfMerit.filter((claim) => claim.collector === collector),
      maxSeries,
      'collector_budget',
    );
  }
  cut(inOrderOfMerit, budgets.maxSeries, 'global_budget');
  return {
    portions: claims.filter((claim) => claim.rows > 0),
    dropped: droppedBy(claims, budgets),
    served: servedBy(chunks, claims),
  };
}

/** Rows of one slice that some budget could serve: what is beyond need not be rendered. */
export function maxRowsOf(collector: string, cardinality: Cardinality, budgets: Budgets): number {
  if (cardinality === 'process') return Number.POSITIVE_INFINITY;
  return Math.max(
    0,
    Math.min(budgets.maxSeries, budgets.perCollector.get(collector) ?? Number.POSITIVE_INFINITY),
  );
}

/** One claim per slice, families together and targets by name. */
function claimsOf(chunks: readonly Chunk[]): Claim[] {
  const familyOrders = new Map<string, number>();
  const claims = chunks.flatMap(({ collector, target, slices }) =>
    slices.map((slice): Claim => {
      const { name } = slice.family;
      const familyOrder = familyOrders.get(name) ?? familyOrders.size;
      familyOrders.set(name, familyOrder);
      const dropped = { collector_budget: 0, global_budget: 0 };
      return { collector, target, slice, familyOrder, dropped, rows: slice.rows };
    }),
  );
  return claims.sort((a, b) => a.familyOrder - b.familyOrder || compareText(a.target, b.target));
}

function cut(claims: readonly Claim[], maxSeries: number, reason: DropReason): void {
  let left = maxSeries;
  for (const claim of claims) {
    const rows = classOf(claim) === 0 ? claim.rows : rowsWithin(claim, left);
    claim.dropped[reason] += claim.rows - rows;
    claim.rows = rows;
    left -= rows;
  }
}

function rowsWithin({ slice, rows }: Claim, left: number): number {
  if (rows <= left) return rows;
  return slice.family.type === 'histogram' ? 0 : Math.max(0, left);
}

function droppedBy(claims: readonly Claim[], { maxSeries, perCollector }: Budgets): DroppedSeries[] {
  const totals = new Map<string, Record<DropReason, number>>();
  for (const claim of claims) {
    if (classOf(claim) === 0) continue;
    const { collector, slice, dropped } = claim;
    const total = totals.get(collector) ?? { collector_budget: 0, global_budget: 0 };
    totals.set(collector, total);
    const omittedBy =
      (perCollector.get(collector) ?? maxSeries) < maxSeries ? 'collector_budget' : 'global_budget';
    for (const reason of dropReasons) total[reason] += dropped[reason];
    total[omittedBy] += slice.omittedRows;
  }
  return [...totals].flatMap(([collector, total]) =>
    dropReasons
      .filter((reason) => reason === 'global_budget' || perCollector.has(collector))
      .map((reason) => ({ collector, reason, series: total[reason] })),
  );
}

/** In the order of the chunks, each collector and target once; what belongs to no target is left out. */
function servedBy(chunks: readonly Chunk[], claims: readonly Claim[]): ServedSeries[] {
  const keyOf = ({ collector, target }: { collector: string; target: string }) => `${collector}\n${target}`;
  const served = new Map<string, { collector: string; target: string; series: number }>();
  for (const { collector, target } of chunks) {
    if (target !== '') served.set(keyOf({ collector, target }), { collector, target, series: 0 });
  }
  for (const claim of claims) {
    const one = served.get(keyOf(claim));
    if (one !== undefined) one.series += claim.rows;
  }
  return [...served.values()];
}

function classOf({ slice }: Claim): number {
  return cardinalities.indexOf(slice.family.cardinality);
}

/** Code unit order: the same on every machine, whatever its locale. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
