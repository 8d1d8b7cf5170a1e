import { isAttached } from '../neon/location.ts';
import type { ShardPlacement } from '../neon/placement.ts';

/** How intent and the pageservers agree about one shard; exactly one for each shard. See `classify`. */
export const agreements = [
  'not_attached',
  'unscheduled',
  'unknown',
  'absent',
  'moving',
  'stale_generation',
  'agree',
  'elsewhere',
] as const;
export type Agreement = (typeof agreements)[number];

/** Why a location is on a pageserver that the controller does not mean it to be on. */
export const unexpectedReasons = ['unknown_tenant', 'unknown_shard', 'not_intended'] as const;
export type UnexpectedReason = (typeof unexpectedReasons)[number];

/** One location, seen from its shard. */
export interface Seen {
  readonly nodeId: number;
  readonly mode: string;
  readonly generation: number;
}

export interface NodeDisagreement {
  readonly unexpected: Record<UnexpectedReason, number>;
  readonly missing: Record<'attached' | 'secondary', number>;
}

export interface AgreementFacts {
  readonly shardsByAgreement: ReadonlyMap<Agreement, number>;
  /** Shards that are absent, elsewhere or attached twice; by tenant. */
  readonly disagreeing: readonly { readonly shard: ShardPlacement; readonly agreement: Agreement }[];
  /** By node id, for each pageserver whose locations were read. */
  readonly nodes: ReadonlyMap<number, NodeDisagreement>;
  /** Shards with two or more `AttachedSingle` locations; undefined when there are pageservers and none was read. */
  readonly conflictingGenerations: number | undefined;
}

/** Whom of the pageservers anybody could ask. */
export interface Witnesses {
  readonly readNodes: ReadonlySet<number>;
  /** Whether the locations of every node in the node list were read. */
  readonly isComplete: boolean;
}

/**
 * Holds one shard's intent against what the pageservers say (`reference`: drift algorithm, steps 1 to 3). The two were
 * read at different instants, so a single disagreement in passing proves nothing; one that lasts does.
 */
export function classify(
  shard: ShardPlacement,
  seen: readonly Seen[],
  witnesses: Witnesses,
  wantsAttached: boolean,
): Agreement {
  const { nodeAttached } = shard;
  if (nodeAttached === undefined) return wantsAttached ? 'unscheduled' : 'not_attached';
  if (!witnesses.readNodes.has(nodeAttached)) return 'unknown';
  if (seen.some(({ mode }) => mode === 'InProgress')) return 'unknown';
  // A split replaces the shard by its children: until it is done neither is a fault, wherever they are.
  const isChanging = shard.flags?.isReconciling === true || shard.flags?.isSplitting === true;
  const attached = seen.filter(({ mode }) => isAttached(mode));
  const winner = attached.reduce<Seen | undefined>(
    (best, one) => (best === undefined || one.generation > best.generation ? one : best),
    undefined,
  );
  if (winner === undefined) {
    if (!witnesses.isComplete) return 'unknown';
    return isChanging ? 'moving' : 'absent';
  }
  if (isChanging || attached.some(({ mode }) => mode !== 'AttachedSingle')) return 'moving';
  if (winner.nodeId !== nodeAttached) return 'elsewhere';
  return attached.length > 1 ? 'stale_generation' : 'agree';
}
