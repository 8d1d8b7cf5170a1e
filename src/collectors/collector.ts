import type { Clock } from '../clock.ts';
import type { Family } from '../metrics/family.ts';
import type { JsonReader } from '../sources/json-reader.ts';
import type { Target, TargetKind } from './target.ts';

/** What a collector is given for one read of one target. */
export interface CollectContext<Reading, Inputs = unknown> {
  readonly http: JsonReader;
  readonly target: Target;
  /** Newest successful reading of this collector and target, however old. */
  readonly previous: Reading | undefined;
  /** Facts from outside this target that the collector asked for, e.g. settings and other collectors' readings. */
  readonly inputs: Inputs;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A reading that could not be made for a reason that is no failure, e.g. a role that does not apply. */
export interface Skipped {
  readonly skipped: string;
}

/**
 * One way of looking at one kind of target. `collect` throws `SourceError` or returns facts;
 * `families` are pure functions of those facts. Adding one: this value, a line in registry.ts, a test table, a docs page.
 */
export interface Collector<Reading, Inputs = unknown> {
  readonly name: string;
  readonly summary: string;
  readonly kind: TargetKind;
  readonly families: readonly Family<TargetReading<Reading>>[];
  readonly collect: (context: CollectContext<Reading, Inputs>) => Promise<Reading>;
}

/** A reading together with the target it came from: what families are rendered from. */
export interface TargetReading<Reading> {
  readonly target: Target;
  readonly reading: Reading;
}
