import type { LiveSettings } from '../../collectors/compute/compute-settings-reading.ts';
import { isAttached } from '../../neon/location.ts';
import type { ShardPlacement, TenantPlacement } from '../../neon/placement.ts';
import {
  type DriftCause,
  type DriftJudgement,
  type DriftReason,
  type DriftRow,
  type DriftState,
  isWrong,
  type Serving,
  type TenantFlags,
} from './judgement.ts';
import type { Places } from './places.ts';
import { type ClusterWitness, type ComputeWitness, rowsOf } from './rows.ts';

const noFlags: TenantFlags = {
  isReconciling: false,
  isPendingComputeNotification: false,
  isSplitting: false,
  isImporting: false,
};

function flagsOf(tenant: TenantPlacement | undefined): TenantFlags {
  const all = (tenant?.shards ?? []).flatMap(({ flags }) => flags ?? []);
  return {
    isReconciling: all.some(({ isReconciling }) => isReconciling),
    isPendingComputeNotification: all.some((flags) => flags.isPendingComputeNotification),
    isSplitting: all.some(({ isSplitting }) => isSplitting),
    isImporting: all.some(({ isImporting }) => isImporting),
  };
}

/** Steps 0 and 1: without these nothing can be compared. */
function causeOfUnknown(cluster: ClusterWitness, live: LiveSettings | undefined): DriftCause | undefined {
  const because = (reason: DriftReason): DriftCause => ({ reason, about: [] });
  if (live === undefined) return because('settings_missing');
  if (live.connstring === undefined) return because('connstring_unset');
  if ('flaw' in live.connstring) return { ...because('connstring_malformed'), flaw: live.connstring.flaw };
  if (live.tenantId === undefined) return because('tenant_unset');
  return cluster.problem === undefined ? undefined : because(cluster.problem);
}

/** Shards of one count, numbered from 0 without a gap; unsharded is one shard. */
function areComplete(shards: readonly ShardPlacement[]): boolean {
  const count = shards[0]?.id.count ?? 0;
  if (shards.length !== Math.max(count, 1)) return false;
  return new Set(shards.map(({ id }) => id.number)).size === shards.length;
}

/** What lies between intent and its witnesses, shard by shard. */
function causesOf(
  tenant: TenantPlacement,
  rows: readonly DriftRow[],
  read: ReadonlySet<number>,
): DriftCause[] {
  const attached = rows.filter(({ shardId }) => shardId !== undefined);
  const nodesOf = (list: readonly DriftRow[]) =>
    [...new Set(list.map(({ intendedNodeId }) => `node ${intendedNodeId}`))].sort();
  const unlisted = attached.filter(({ intended }) => intended === undefined);
  const unread = attached.filter((row) => row.intendedNodeId !== undefined && !read.has(row.intendedNodeId));
  const changing = attached.filter(({ held }) => held.some(({ mode }) => mode === 'InProgress'));
  const found: DriftCause[] = [
    { reason: 'node_not_listed', about: nodesOf(unlisted) },
    { reason: 'locations_missing', about: nodesOf(unread) },
    { reason: 'location_in_progress', about: changing.map(({ shardId }) => `shard ${shardId}`) },
  ];
  const isGap = !areComplete(tenant.shards);
  return [
    ...(isGap ? [{ reason: 'shards_incomplete', about: [] } as const] : []),
    ...found.filter(({ about }) => about.length > 0),
  ];
}

function isMoving(rows: readonly DriftRow[], flags: TenantFlags): boolean {
  if (flags.isReconciling) return true;
  return rows.some(({ shardId, held, heldBy, intendedNodeId }) => {
    if (shardId === undefined) return false;
    const isChanging = held.some(({ mode }) => isAttached(mode) && mode !== 'AttachedSingle');
    return isChanging || heldBy !== intendedNodeId;
  });
}

/** What config.json, or without it postgresql.conf, would make of a compute that is right now. */
function atNextStart(
  live: LiveSettings,
  rows: readonly DriftRow[],
  stripe: DriftJudgement['stripe'],
): DriftState {
  const { nextStart } = live;
  if (nextStart === undefined) return live.files?.isConnstringShadowed === true ? 'SHADOWED' : 'IN_SYNC';
  const entries = 'endpoints' in nextStart.connstring ? nextStart.connstring.endpoints.length : undefined;
  const isSame = rows.every(({ nextStartAgreement }) => nextStartAgreement === 'right');
  const isStripeSame = rows.length < 2 || stripe.nextStartBlocks === stripe.intendedBlocks;
  const isTenantSame = nextStart.matchesLive.get('neon.tenant_id') !== false;
  return entries === rows.length && isSame && isStripeSame && isTenantSame ? 'IN_SYNC' : 'NOT_PERSISTED';
}

/**
 * A string of former days names pageservers that still have something of the tenant, or had as many shards as it has.
 * Only what neither explains is taken for the string of the other tenant that has just this one.
 */
function isForeign(rows: readonly DriftRow[], isOtherCount: boolean): boolean {
  const attached = rows.map(({ intendedNodeId }) => intendedNodeId);
  const held = rows.flatMap((row) => row.held.map(({ nodeId }) => nodeId));
  const own = new Set(isOtherCount ? attached : [...attached, ...held]);
  return rows.some(
    ({ liveNodeIds }) => liveNodeIds.length > 0 && !liveNodeIds.some((nodeId) => own.has(nodeId)),
  );
}

/** Steps 4 and 5: everything is at rest and known, so what the compute has can be held against it. */
function compare(
  live: LiveSettings,
  rows: readonly DriftRow[],
  stripe: DriftJudgement['stripe'],
  witness: { places: Places; otherTenantId: string | undefined; shardCount: number },
): DriftState {
  const { places, otherTenantId, shardCount } = witness;
  const entries = rows.filter((row) => row.live !== undefined).length;
  const isStripeWrong =
    shardCount > 1 &&
    stripe.intendedBlocks !== undefined &&
    stripe.liveBlocks !== undefined &&
    stripe.intendedBlocks !== stripe.liveBlocks;
  const wrong = rows.filter(({ agreement }) => agreement !== 'right');
  const isOtherCount = entries !== shardCount;
  // One address is that of every unsharded tenant on the pageserver: it names none of them.
  const namesTenant = entries > 1 || isOtherCount;
  if (otherTenantId !== undefined && namesTenant && isForeign(rows, isOtherCount)) return 'WRONG_TENANT';
  if (isOtherCount) return 'WRONG_COUNT';
  if (isStripeWrong) return 'WRONG_STRIPE';
  if (wrong.length > 0) {
    const sorted = (pick: (row: DriftRow) => string | undefined) =>
      rows
        .map((row) => places.canonical(pick(row) ?? ''))
        .sort()
        .join(' ');
    return sorted((row) => row.live) === sorted((row) => row.intended) ? 'WRONG_ORDER' : 'WRONG_NODE';
  }
  // Certain and harmful ones come first: whether the order of the files did harm depends on the reload before.
  if (shardCount > 1 && live.files?.hasStripeOrderHazard === true) return 'STRIPE_ORDER_HAZARD';
  return atNextStart(live, rows, stripe);
}

/** The compute asks one pageserver only, and that is where every shard is. */
function isMaskedBy(rows: readonly DriftRow[], places: Places): boolean {
  const intended = new Set<string>();
  const live = new Set<string>();
  for (const row of rows) {
    if (row.shardId !== undefined)
      intended.add(row.intended === undefined ? '' : places.canonical(row.intended));
    if (row.live !== undefined) live.add(places.canonical(row.live));
  }
  return intended.size === 1 && live.size === 1 && [...live].every((address) => intended.has(address));
}

function servingOf(state: DriftState, rows: readonly DriftRow[], isMasked: boolean): Serving {
  if (isMasked) return 'yes';
  if (state === 'WRONG_TENANT' || state === 'WRONG_COUNT' || state === 'WRONG_STRIPE') return 'no';
  if (state === 'STRIPE_ORDER_HAZARD') return 'unknown';
  if (rows.some(({ serving }) => serving === 'no')) return 'no';
  return rows.every(({ serving }) => serving === 'yes') ? 'yes' : 'unknown';
}

/** First match of the drift algorithm, for a tenant that is listed. */
function stateOf(
  cluster: ClusterWitness,
  tenant: TenantPlacement,
  rows: readonly DriftRow[],
  flags: TenantFlags,
): DriftState | readonly DriftCause[] | undefined {
  if (tenant.policy?.wantsAttached === false) return 'NOT_ATTACHED';
  const counts = new Set(tenant.shards.map(({ id }) => id.count));
  if (flags.isSplitting || counts.size > 1) return 'SPLITTING';
  if (tenant.shards.some(({ nodeAttached }) => nodeAttached === undefined)) return 'UNSCHEDULED';
  const causes = causesOf(tenant, rows, cluster.readNodes);
  if (causes.length > 0) return causes;
  if (flags.isPendingComputeNotification) return 'NOTIFY_PENDING';
  return isMoving(rows, flags) ? 'MIGRATING' : undefined;
}

/**
 * Judges one compute by the four witnesses (drift algorithm, steps 0 to 5). Total: whatever it is given, it gives
 * exactly one state. It is one look: intent, locations and settings were read at different instants, so that only what
 * lasts, with the same intent before and after, is a fault.
 */
export function judge(cluster: ClusterWitness, witness: ComputeWitness): DriftJudgement {
  const { live, tenant, otherTenantId } = witness;
  const rows = rowsOf(cluster, witness);
  const flags = tenant === undefined ? noFlags : flagsOf(tenant);
  const stripe = {
    intendedBlocks: tenant?.stripeSizeBlocks,
    liveBlocks: live?.stripeSizeBlocks,
    nextStartBlocks: live?.nextStart?.stripeSizeBlocks,
  };
  const entries = rows.filter((row) => row.live !== undefined);
  const base = {
    compute: witness.compute,
    tenantId: live?.tenantId,
    causes: [],
    serving: 'unknown' as const,
    isMasked: false,
    flags,
    rows,
    shardCount: tenant?.shards.length,
    stripe,
    usesOnlyUnknownAddresses: entries.length > 0 && entries.every((row) => row.liveNodeIds.length === 0),
    otherTenantId,
    hasStripeOrderHazard: live?.files?.hasStripeOrderHazard,
    postmasterStartedAtMs: live?.postmasterStartedAtMs,
    confLoadedAtMs: live?.confLoadedAtMs,
  };
  const unknown = (causes: readonly DriftCause[]): DriftJudgement => ({ ...base, state: 'UNKNOWN', causes });
  const cause = causeOfUnknown(cluster, live);
  if (cause !== undefined || live === undefined) return unknown(cause === undefined ? [] : [cause]);
  if (tenant === undefined) {
    return { ...base, state: 'NOT_ATTACHED', causes: [{ reason: 'tenant_not_listed', about: [] }] };
  }
  const early = stateOf(cluster, tenant, rows, flags);
  if (typeof early === 'string') return { ...base, state: early };
  if (early !== undefined) return unknown(early);
  const shardCount = tenant.shards.length;
  const state = compare(live, rows, stripe, { places: cluster.places, otherTenantId, shardCount });
  const isStripeUnknown = stripe.intendedBlocks === undefined || stripe.liveBlocks === undefined;
  if (shardCount > 1 && isStripeUnknown && !isWrong(state)) {
    return unknown([{ reason: 'stripe_size_unknown', about: [] }]);
  }
  const isMasked = (isWrong(state) || state === 'STRIPE_ORDER_HAZARD') && isMaskedBy(rows, cluster.places);
  return { ...base, state, isMasked, serving: servingOf(state, rows, isMasked) };
}
