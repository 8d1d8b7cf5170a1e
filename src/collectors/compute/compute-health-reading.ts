import type { SqlReadingBase } from '../sql-collector.ts';
import type { Activity } from './compute-health-activity.ts';
import type { RiskySettings } from './compute-health-risks.ts';
import type { DatabaseSizes } from './compute-health-sizes.ts';
import type { NeonFacts } from './neon-facts.ts';

/** How a compute is. Undefined is unknown; `skippedParts` says why. */
export interface ComputeHealthReading extends SqlReadingBase {
  readonly isInRecovery: boolean;
  readonly postmasterStartedAtMs: number;
  readonly maxConnections: number;
  readonly superuserReservedConnections: number;
  /** Since PostgreSQL 16. */
  readonly reservedConnections: number | undefined;
  readonly blockBytes: number;
  readonly activity: Activity;
  /** Backends by the `Neon/…` event they wait for, the prefix taken off; undefined before PostgreSQL 17. */
  readonly waits: ReadonlyMap<string, number> | undefined;
  readonly databases: DatabaseSizes | undefined;
  /** Undefined when `pg_settings` could not be read. */
  readonly risks?: RiskySettings | undefined;
  /** Rows kept by name. */
  readonly top: number;
  readonly neon: NeonFacts | undefined;
}
