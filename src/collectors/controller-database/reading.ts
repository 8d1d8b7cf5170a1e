import type { SqlReadingBase } from '../sql-collector.ts';
import type { ControllerTable } from './schema.ts';
import type { ShardRecord } from './shard-pages.ts';

/** Rows that share a value. */
export interface Group {
  readonly name: string;
  readonly rows: number;
}

export interface ShardState {
  readonly isSplitting: boolean;
  /** Active, Essential, Pause or Stop. */
  readonly schedulingPolicy: string;
  /** `Attached(1)`, Secondary or Detached, as the API's families have it. */
  readonly placementPolicy: string;
  readonly rows: number;
}

/** A pageserver as the database has it; deleted ones are not here. */
export interface NodeRecord {
  readonly nodeId: number;
  /** In snake_case: `pause_for_restart`. The API says `PauseForRestart`. */
  readonly schedulingPolicy: string;
  readonly lifecycle: string;
}

export interface TimelineTotals {
  readonly deleted: number;
  /** The control plane was not told of the newest safekeeper set yet. */
  readonly unnotified: number;
  /** A migration to other safekeepers is under way. */
  readonly migrating: number;
  /** Undefined before the column was there. */
  readonly skSetUnnotified: number | undefined;
}

/** A controller that leads, by its own word. */
export interface LeaderRecord {
  readonly address: string;
  readonly startedAtMs: number;
}

/** The storage controller's database. Undefined is unknown; `skippedParts` names the table and why. */
export interface ControllerDatabaseReading extends SqlReadingBase {
  readonly isInRecovery: boolean;
  readonly postmasterStartedAtMs: number;
  readonly maxConnections: number;
  /** By state; `unknown` where our role may not see it. */
  readonly connections: readonly Group[];
  readonly sizeBytes: bigint | undefined;
  readonly tableRows: ReadonlyMap<ControllerTable, number>;
  readonly shardStates: readonly ShardState[] | undefined;
  readonly shards: readonly ShardRecord[] | undefined;
  readonly nodes: readonly NodeRecord[] | undefined;
  /** Tombstones: they refuse a node that registers again under the same id. */
  readonly deletedNodes: number | undefined;
  readonly timelines: TimelineTotals | undefined;
  readonly pendingOps: readonly Group[] | undefined;
  readonly safekeepers: readonly Group[] | undefined;
  readonly unhealthyShards: number | undefined;
  /** When the metadata that was looked at longest ago was looked at, or the shard was made. */
  readonly oldestScrubAtMs: number | undefined;
  /** Newest first. Empty is normal: nothing is written without `--address-for-peers`. */
  readonly leaders: readonly LeaderRecord[] | undefined;
}
