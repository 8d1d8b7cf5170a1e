import type { FaultArguments, World } from '../../../../src/simulator/world/api.ts';
import type { TenantDescription } from '../../../../src/simulator/world/wire.ts';
import { shardsNow } from '../mended.ts';
import { neighbourOf } from '../operations.ts';

/** What a fault is done to. */
export interface Place {
  readonly world: World;
  /** Resolves when so much time has passed in the world. */
  readonly wait: (ms: number) => Promise<void>;
  readonly node: number;
  readonly safekeeper: number;
  /** Sharded, and has a compute. */
  readonly tenant: TenantDescription;
  /** Unsharded, and has a compute: where it is moved to it stays. */
  readonly single: TenantDescription;
}

/**
 * One fault of the simulator, and what is promised of it. The promise is the hold of the finding, two looks of the
 * slowest reading that it needs, and what the world itself takes until there is something to see.
 */
export interface FaultRow {
  readonly name: string;
  /** @returns why it cannot be done here. */
  readonly begin: (place: Place) => string | undefined | Promise<string | undefined>;
  /** The finding, with its class if it has classes; none: nothing is wrong that a user would have to know. */
  readonly finds: string | undefined;
  readonly about?: string;
  /**
   * What counts as well among operations: a move between two looks, or another compute in the middle of one, hides whose
   * fault it is, and a split makes another class of it. That something is wrong is seen all the same.
   */
  readonly orElse?: string;
  /** What the world itself takes. */
  readonly worldMs?: number;
  readonly why?: string;
  /** Findings beside it that are true as well, or symptoms. */
  readonly also?: readonly string[];
  /** Whether something has mended it, as an optimization that was under way does. */
  readonly isMended?: (place: Place) => boolean;
  /** It is about several shards: another of them that comes and goes meanwhile begins the hold anew. */
  readonly isShared?: boolean;
  /** Where shards of the same tenants move at the time, also this. */
  readonly amongMoves?: readonly string[];
  /** The finding waits until no shard moves: nothing else is done meanwhile. */
  readonly isQuiet?: boolean;
  /** Nothing undoes it by switching it off. */
  readonly stays?: boolean;
}

export type Pick = (place: Place) => FaultArguments;

export const onNode: Pick = ({ node }) => ({ node });
export const onSafekeeper: Pick = ({ safekeeper }) => ({ safekeeper });
export const onTenant: Pick = ({ tenant }) => ({ tenant: tenant.tenant_id });

export function fault(name: string, of: Pick = () => ({})): FaultRow['begin'] {
  return (place) => place.world.faults.on(name, of(place));
}

/** Moves the first shard of a tenant to the neighbour of where it is. */
export function move({ world }: Place, tenant: TenantDescription): string | undefined {
  const [shard] = shardsNow(world, tenant);
  const target = shard === undefined ? undefined : neighbourOf(world, shard);
  if (shard === undefined || target === undefined) return 'there is no neighbour to move to';
  const migration_config = { override_scheduler: true, prewarm: false };
  world.controller.migrate(shard.tenant_shard_id, { node_id: target, migration_config });
  return undefined;
}

/** A hook that sets computes by ALTER SYSTEM leaves their files behind. */
export const moved = ['connstring_not_persisted'];

/** What an operator had moved cannot be brought home to a node that takes nothing. */
export const homeless = ['az_violation', 'pair_in_one_az'];
