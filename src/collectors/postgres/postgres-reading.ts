import type { SqlReadingBase } from '../sql-collector.ts';

/** One row of a statistics view. A value is absent where this version has none, null where the server said null. */
export interface StatRow {
  readonly texts: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number | bigint | null>>;
}

/** A setting as a family has it: a number in base units, or 1 and 0. */
export interface SettingFact {
  readonly value: number;
  readonly unit: 'seconds' | 'bytes' | undefined;
}

/** Size of one database and its name. */
export interface DatabaseSize {
  readonly datname: string;
  readonly sizeBytes: bigint;
}

export interface ServerFacts {
  /** What `version()` says. */
  readonly version: string;
  /** `15.20.0` for 150020: how postgres_exporter shortens it. */
  readonly shortVersion: string;
  readonly isInRecovery: boolean;
  /** Seconds behind the primary: 0 on a primary, undefined on a replica that has replayed nothing yet. */
  readonly replicationLagSeconds: number | undefined;
  /** Age of the last replayed transaction; undefined on a primary and before the first. */
  readonly lastReplaySeconds: number | undefined;
}

/** The most and the longest of what one database does in one state. */
export interface ActivityFact {
  readonly datname: string;
  readonly state: string;
  readonly count: number;
  /** Age of the oldest transaction among them; 0 when none has one. */
  readonly maxTransactionSeconds: number;
}

/** Locks of one mode held or awaited in one database. */
export interface LockFact {
  readonly datname: string;
  /** Lower case, as postgres_exporter has it: `accesssharelock`. */
  readonly mode: string;
  readonly count: number;
}

/** What a Postgres server says of itself in the views that every version has. A part that was not read is undefined. */
export interface PostgresReading extends SqlReadingBase {
  readonly server: ServerFacts;
  /** By name of the family, in the server's order. */
  readonly settings: ReadonlyMap<string, SettingFact> | undefined;
  /** Databases that are valid, by name. */
  readonly databases: readonly string[] | undefined;
  readonly databaseConnectionLimits: ReadonlyMap<string, number> | undefined;
  readonly roleConnectionLimits: ReadonlyMap<string, number> | undefined;
  /** Only databases that we may connect to; read once a minute. */
  readonly sizes: readonly DatabaseSize[] | undefined;
  /** When `sizes` were read, by the monotonic clock. */
  readonly sizesReadMs: number | undefined;
  readonly activity: readonly ActivityFact[] | undefined;
  readonly locks: readonly LockFact[] | undefined;
  /** Rows of the views that are exported as they are, by part. */
  readonly rows: ReadonlyMap<string, readonly StatRow[]>;
}
