import type { ShardId } from './shard-id.ts';

/** What the controller says of a shard beyond its place (`TenantDescribeResponseShard`). */
export interface ShardFlags {
  readonly isReconciling: boolean;
  readonly isPendingComputeNotification: boolean;
  readonly isSplitting: boolean;
  readonly isImporting: boolean;
  /** `last_error` is sticky: it stays after success. */
  readonly hasLastError: boolean;
  /** Active, Essential, Pause or Stop. */
  readonly schedulingPolicy: string;
  readonly preferredAz: string | undefined;
}

/** Where a shard is meant to be. `nodeAttached` is intent and flips before the move is done. */
export interface ShardPlacement {
  readonly id: ShardId;
  /** Undefined: attached nowhere (policy `Secondary`, or unscheduled). */
  readonly nodeAttached: number | undefined;
  readonly nodeSecondary: readonly number[];
  /** Undefined when placement was put together from pageservers' locations: those do not know it. */
  readonly flags: ShardFlags | undefined;
}

/** The placement policy as text, `Attached(1)`, and the secondaries it asks for each shard. */
export interface PlacementPolicy {
  readonly text: string;
  readonly secondariesWanted: number;
  readonly wantsAttached: boolean;
}

/** One tenant with its shards. */
export interface TenantPlacement {
  readonly tenantId: string;
  /** Undefined when placement was put together from pageservers' locations. */
  readonly policy: PlacementPolicy | undefined;
  /** In blocks of 8 kB, as `neon.stripe_size` has it; means nothing for one shard. Undefined as `policy` is. */
  readonly stripeSizeBlocks: number | undefined;
  readonly shards: readonly ShardPlacement[];
}

/**
 * Where placement was read: `list` is the controller's tenant list (needs an `admin` token), `describe` asks it for
 * each tenant found on a pageserver (`scrubber`), `locations` is what the pageservers say, without any intent.
 */
export type PlacementSource = 'list' | 'describe' | 'locations';
