import type { ConnstringFlaw } from '../../neon/connstring.ts';
import type { Seen } from '../agreement-facts.ts';

/**
 * How a compute's connection string agrees with where its tenant's shards are; exactly one for each compute.
 * Spelled as the drift algorithm has them. A closed set: it is a metric label.
 */
export const driftStates = [
  'UNKNOWN',
  'NOT_ATTACHED',
  'SPLITTING',
  'UNSCHEDULED',
  'NOTIFY_PENDING',
  'MIGRATING',
  'WRONG_TENANT',
  'WRONG_COUNT',
  'WRONG_STRIPE',
  'WRONG_ORDER',
  'WRONG_NODE',
  'STRIPE_ORDER_HAZARD',
  'SHADOWED',
  'NOT_PERSISTED',
  'IN_SYNC',
] as const;
export type DriftState = (typeof driftStates)[number];

/** The compute asks the wrong pageservers, or asks them for the wrong things. */
export const wrongStates = [
  'WRONG_TENANT',
  'WRONG_COUNT',
  'WRONG_STRIPE',
  'WRONG_ORDER',
  'WRONG_NODE',
] as const satisfies readonly DriftState[];
export type WrongState = (typeof wrongStates)[number];

/** Nothing moves and nothing is missing: intent, locations and the connection string can be compared. */
const settledStates: readonly DriftState[] = [
  ...wrongStates,
  'STRIPE_ORDER_HAZARD',
  'SHADOWED',
  'NOT_PERSISTED',
  'IN_SYNC',
];

export function isWrong(state: DriftState): state is WrongState {
  return (wrongStates as readonly DriftState[]).includes(state);
}

export function isSettled(state: DriftState): boolean {
  return settledStates.includes(state);
}

/** Why a compute could not be judged. A closed set. */
export const driftReasons = [
  'settings_missing',
  'tenant_unset',
  'connstring_unset',
  'connstring_malformed',
  'controller_not_live',
  'several_controllers',
  'placement_missing',
  'placement_without_intent',
  'nodes_missing',
  'tenant_not_listed',
  'shards_incomplete',
  'node_not_listed',
  'locations_missing',
  'location_in_progress',
  'stripe_size_unknown',
] as const;
export type DriftReason = (typeof driftReasons)[number];

/** Why, in words, with what it is about. */
export interface DriftCause {
  readonly reason: DriftReason;
  /** Nodes or shards it is about; empty when it is about the whole. */
  readonly about: readonly string[];
  readonly flaw?: ConnstringFlaw;
}

export type Agreement = 'right' | 'wrong' | 'unknown';
export type Serving = 'yes' | 'no' | 'unknown';

/** The four witnesses of one position of the connection string: a row of the table of a tenant. */
export interface DriftRow {
  /** Position in the connection string, which is the shard number. */
  readonly shardNumber: number;
  /** `8000…0008-0108`; undefined when the tenant has no such shard. */
  readonly shardId: string | undefined;
  /** Controller's intent. */
  readonly intendedNodeId: number | undefined;
  /** Address that the intended node announces. */
  readonly intended: string | undefined;
  /** Every location of the shard that the pageservers told of. */
  readonly held: readonly Seen[];
  /** The attached location of the highest generation. */
  readonly heldBy: number | undefined;
  /** `host:port` in the compute's live connection string; undefined when it has no such entry. */
  readonly live: string | undefined;
  /** Nodes that announce that address; empty when none does. */
  readonly liveNodeIds: readonly number[];
  /** `host:port` that config.json would set; undefined when that is not known or has no such entry. */
  readonly nextStart: string | undefined;
  /** Whether the live address is the intended one. */
  readonly agreement: Agreement;
  /** Whether the address after the next start is the intended one. */
  readonly nextStartAgreement: Agreement;
  /** Whether the pageserver that the compute asks for this shard holds it attached. */
  readonly serving: Serving;
}

/** What controller and pageservers say of the tenant as a whole; true when it holds for any of its shards. */
export interface TenantFlags {
  readonly isReconciling: boolean;
  readonly isPendingComputeNotification: boolean;
  readonly isSplitting: boolean;
  readonly isImporting: boolean;
}

/** One compute judged. */
export interface DriftJudgement {
  /** Name of the compute. */
  readonly compute: string;
  /** Its live `neon.tenant_id`; undefined when that is not known. */
  readonly tenantId: string | undefined;
  readonly state: DriftState;
  /** Why `UNKNOWN`, or `NOT_ATTACHED`; empty otherwise. */
  readonly causes: readonly DriftCause[];
  /** Whether what the compute asks for is where it asks; `unknown` unless the state is settled. */
  readonly serving: Serving;
  /** All shards are on one pageserver, which puts requests right by itself: it breaks at the next move. */
  readonly isMasked: boolean;
  readonly flags: TenantFlags;
  readonly rows: readonly DriftRow[];
  /** Shards of the tenant; undefined when not known. */
  readonly shardCount: number | undefined;
  /** In blocks; the controller's means nothing for one shard. */
  readonly stripe: {
    readonly intendedBlocks: number | undefined;
    readonly liveBlocks: number | undefined;
    readonly nextStartBlocks: number | undefined;
  };
  /** Every entry is an address that no pageserver announces. */
  readonly usesOnlyUnknownAddresses: boolean;
  /** The only other tenant that has just this connection string; it may be chance, unless the state is WRONG_TENANT. */
  readonly otherTenantId: string | undefined;
  /** Live stripe size stands after the connection string in the files; undefined when they cannot be read. */
  readonly hasStripeOrderHazard: boolean | undefined;
  readonly postmasterStartedAtMs: number | undefined;
  readonly confLoadedAtMs: number | undefined;
}
