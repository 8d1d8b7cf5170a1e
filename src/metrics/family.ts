/** Types of OpenMetrics 1.0 that we expose. In text 0.0.4 `info` becomes `gauge` and `unknown` becomes `untyped`. */
export type FamilyType = 'gauge' | 'counter' | 'info' | 'histogram' | 'unknown';

/** Base units of Prometheus; a family with a unit ends its name in it (before `_total`). */
export type Unit = 'seconds' | 'bytes' | 'ratio';

/**
 * How many series one family may grow to. `process`: a handful per neonwatch; `cluster`: bounded by closed label sets;
 * `node`: times the pageservers or safekeepers; `tenant`, `shard`: opt-in and budgeted.
 * The order is the order of sacrifice: a spent series budget takes `shard` families first.
 */
export const cardinalities = ['process', 'cluster', 'node', 'tenant', 'shard'] as const;
export type Cardinality = (typeof cardinalities)[number];

/** What is true of a family before any reading is taken. docs/metrics.md is made from these. */
export interface FamilyDeclaration<Label extends string = string> {
  /** The sample name, `_total` and `_info` included. */
  readonly name: string;
  readonly type: FamilyType;
  /** One sentence, ending in a period. */
  readonly help: string;
  readonly unit?: Unit;
  readonly labels: readonly Label[];
  readonly cardinality: Cardinality;
  readonly stability: 'stable' | 'experimental';
  /** Named as this other exporter names it; see compat.ts. */
  readonly compat?: 'postgres_exporter';
}

/** One line of exposition. `suffix` only for histograms: `_bucket`, `_sum`, `_count`. */
export interface Sample<Label extends string = string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number | bigint;
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** A declaration and the pure function that turns a reading into its samples, lazily, in a stable order. */
export interface Family<Reading, Label extends string = string> extends FamilyDeclaration<Label> {
  readonly samples: (reading: Reading) => Iterable<Sample<Label>>;
}

type EndsInUnit<Name extends string, U extends Unit | undefined> = U extends Unit
  ? Name extends `${string}_${U}` | `${string}_${U}_total`
    ? Name
    : `${string}_${U}`
  : Name;

type EndsInType<Name extends string, Type extends FamilyType> = Type extends 'counter'
  ? Name extends `${string}_total`
    ? Name
    : `${string}_total`
  : Type extends 'info'
    ? Name extends `${string}_info`
      ? Name
      : `${string}_info`
    : Name extends `${string}_total` | `${string}_info`
      ? never
      : Name;

/**
 * Declares a family. Does not compile when the name lacks its unit, a counter lacks `_total`,
 * an info lacks `_info`, or a sample misses a label.
 */
export function family<
  Reading,
  const Name extends string,
  const Type extends FamilyType,
  const Label extends string,
  const U extends Unit | undefined = undefined,
>(
  declaration: Omit<Family<Reading, Label>, 'name' | 'type' | 'unit' | 'stability' | 'labels'> & {
    readonly name: Name & NoInfer<EndsInUnit<Name, U> & EndsInType<Name, Type>>;
    readonly type: Type;
    readonly unit?: U;
    readonly labels: readonly Label[];
    readonly stability?: 'stable' | 'experimental';
  },
): Family<Reading, Label> {
  const { unit, stability = 'stable', ...rest } = declaration;
  return { ...rest, stability, ...(unit === undefined ? {} : { unit }) };
}
