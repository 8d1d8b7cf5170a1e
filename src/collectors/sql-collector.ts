import type { Clock } from '../clock.ts';
import type { Family } from '../metrics/family.ts';
import type { ConfigJson } from '../sources/config-json.ts';
import type { SqlReader } from '../sources/sql-reader.ts';
import type { ReadingBase, Skipped, SkippedPart, TargetReading } from './collector.ts';
import type { Target, TargetKind } from './target.ts';

/** Settings of one Postgres server that change what is read from it. */
export interface SqlSettings {
  /** Databases read besides that of the DSN: globs over `datname`; templates and invalid ones never match. */
  readonly databases: readonly string[];
  /** Rows kept by name in a top list (statements, tables, indexes); the rest is summed up as `other`. */
  readonly top: number;
  /** Whether statement texts are exported (an info metric, normalised and cut). */
  readonly statementText: boolean;
}

/** What every reading of an SQL collector may carry beside its facts. */
export interface SqlReadingBase extends ReadingBase {
  readonly skippedParts: readonly SkippedPart[];
}

export interface SqlContext<Reading> {
  readonly sql: SqlReader;
  readonly target: Target;
  /** Newest successful reading of this collector and target, however old. */
  readonly previous: Reading | undefined;
  readonly settings: SqlSettings;
  /** Reads the compute's config.json; absent where no path to it is known. */
  readonly readConfigJson?: (() => Promise<ConfigJson>) | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * One way of looking at a Postgres server. As `Collector`, but over SQL. Label `compute` is `target.name` for
 * families named `neon_compute_*` and `neurondb_*`; the `pg_*` families carry `server` as postgres_exporter does.
 */
export interface SqlCollector<Reading extends SqlReadingBase> {
  readonly name: string;
  readonly summary: string;
  readonly kind: Extract<TargetKind, 'compute' | 'controller_database'>;
  /** Another kind of server that it reads as well. */
  readonly alsoFor?: Extract<TargetKind, 'compute' | 'controller_database'>;
  readonly families: readonly Family<TargetReading<Reading>>[];
  /**
   * Families whose names only the server knows, such as one for each of its settings; rendered after `families`. The
   * same name is the same declaration whatever the reading, and every one matches the pattern that the catalogue has.
   */
  readonly dynamicFamilies?: (input: TargetReading<Reading>) => readonly Family<TargetReading<Reading>>[];
  readonly collect: (context: SqlContext<Reading>) => Promise<Reading | Skipped>;
}
