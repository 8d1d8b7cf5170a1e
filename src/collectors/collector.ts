import type { Clock } from '../clock.ts';
import type { Family } from '../metrics/family.ts';
import type { NodeLocations } from '../neon/location.ts';
import type { JsonReader } from '../sources/json-reader.ts';
import type { PartSkipReason } from '../sources/sql-reader.ts';
import type { Target, TargetKind } from './target.ts';

/** Settings that change what a collector reads. */
export interface CollectSettings {
  /** Tenants asked for in one page. */
  readonly pageSize: number;
  readonly placement: 'auto' | 'list' | 'locations';
  /** Secondaries asked for their warmth, per pageserver and run. */
  readonly warmthSamples: number;
}

/** Facts from outside the target. */
export interface CollectInputs {
  readonly settings: CollectSettings;
  /** The controller with the token for describing tenants one by one; the same as `http` when no other is set. */
  readonly describe: JsonReader;
  /** The same target without any token, whatever is configured; the same as `http` when nothing is. */
  readonly withoutToken: JsonReader;
  /** Fresh readings of `pageserver_locations`, one per node. */
  readonly locations: () => readonly NodeLocations[];
  /** Whether the locations of every watched pageserver were asked for at least once, with or without success. */
  readonly areLocationsTried: () => boolean;
}

/** What a collector is given for one read of one target. */
export interface CollectContext<Reading> {
  readonly http: JsonReader;
  readonly target: Target;
  /** Newest successful reading of this collector and target, however old. */
  readonly previous: Reading | undefined;
  readonly inputs: CollectInputs;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Why a run was not made, or made nothing. A closed set: it is a metric label. */
export const skipReasons = ['still_running', 'waiting_for_locations', 'suspended'] as const;
export type SkipReason = (typeof skipReasons)[number];

/** A run that made no reading and is no failure. */
export interface Skipped {
  readonly skipped: SkipReason;
}

/** Why a row that has the right shape is not used. A closed set: it is a metric label. */
export type SetAsideReason = 'duplicate' | 'bad_id' | 'bad_line';

/** Rows of a reading that were left out, so that one bad row does not cost the rest. Counted, never silent. */
export type SetAside = Readonly<Partial<Record<SetAsideReason, number>>>;

/** A part of a reading that is missing for a reason that is no failure: said once as a metric, not an error a minute. */
export interface SkippedPart {
  /** The part by a closed name of the collector's own: `gpu`, `job_queue`, `statements`. */
  readonly part: string;
  readonly reason: PartSkipReason;
}

/** What every reading may carry beside its facts. */
export interface ReadingBase {
  readonly setAside?: SetAside;
  readonly skippedParts?: readonly SkippedPart[];
}

/** A reading together with the target it came from: what families are rendered from. */
export interface TargetReading<Reading> {
  readonly target: Target;
  readonly reading: Reading;
}

/**
 * One way of looking at one kind of target. `collect` throws `SourceError` or returns facts; `families` are pure
 * functions of those facts. Adding one: this value, a line in registry.ts, a test table, a docs page.
 */
export interface Collector<Reading extends ReadingBase> {
  readonly name: string;
  readonly summary: string;
  readonly kind: TargetKind;
  readonly families: readonly Family<TargetReading<Reading>>[];
  readonly collect: (context: CollectContext<Reading>) => Promise<Reading | Skipped>;
}
