import { type Breathe, eachBreathing, rowsPerBreath } from '../breathe.ts';
import type { Readings } from '../collection/store.ts';
import { isAttached } from '../neon/location.ts';
import type { ShardPlacement, TenantPlacement } from '../neon/placement.ts';
import {
  type Agreement,
  type AgreementFacts,
  agreements,
  classify,
  type NodeDisagreement,
  type Seen,
  type UnexpectedReason,
  type Witnesses,
} from './agreement-facts.ts';
import { agreementFamilies } from './agreement-families.ts';
import { type LocationIndex, locationIndex, matchTenants } from './location-index.ts';
import type { View } from './view.ts';

function nodeDisagreement(): NodeDisagreement {
  return {
    unexpected: { unknown_tenant: 0, unknown_shard: 0, not_intended: 0 },
    missing: { attached: 0, secondary: 0 },
  };
}

/** Counts what the controller intends on a pageserver that has no location of the shard at all. */
function countMissing(
  nodes: ReadonlyMap<number, NodeDisagreement>,
  shard: ShardPlacement,
  seen: readonly Seen[],
): void {
  const isThere = (nodeId: number) => seen.some((one) => one.nodeId === nodeId);
  const { nodeAttached } = shard;
  if (nodeAttached !== undefined && !isThere(nodeAttached)) {
    const node = nodes.get(nodeAttached);
    if (node !== undefined) node.missing.attached += 1;
  }
  for (const nodeId of shard.nodeSecondary) {
    const node = nodes.get(nodeId);
    if (node !== undefined && !isThere(nodeId)) node.missing.secondary += 1;
  }
}

/** Counts locations of one shard that the controller does not intend; detached and in-progress ones are no claim. */
function countUnexpected(
  nodes: ReadonlyMap<number, NodeDisagreement>,
  seen: readonly Seen[],
  reasonAt: (nodeId: number) => UnexpectedReason | undefined,
): void {
  for (const { nodeId, mode } of seen) {
    if (!isAttached(mode) && mode !== 'Secondary') continue;
    const reason = reasonAt(nodeId);
    const node = nodes.get(nodeId);
    if (reason !== undefined && node !== undefined) node.unexpected[reason] += 1;
  }
}

/** What cannot be seen is unknown, which is no disagreement. */
function isDisagreement(agreement: Agreement): boolean {
  return agreement === 'absent' || agreement === 'stale_generation' || agreement === 'elsewhere';
}

interface Tally {
  readonly shardsByAgreement: Map<Agreement, number>;
  readonly nodes: ReadonlyMap<number, NodeDisagreement>;
  readonly disagreeing: { shard: ShardPlacement; agreement: Agreement }[];
  readonly splittingTenants: Set<string>;
}

function countShard(
  tally: Tally,
  shard: ShardPlacement,
  here: readonly Seen[],
  witnesses: Witnesses,
  tenant: TenantPlacement,
): void {
  const agreement = classify(shard, here, witnesses, tenant.policy?.wantsAttached ?? true);
  tally.shardsByAgreement.set(agreement, (tally.shardsByAgreement.get(agreement) ?? 0) + 1);
  if (isDisagreement(agreement)) tally.disagreeing.push({ shard, agreement });
  // The pageservers hold its children by and by, and not the shard itself any more.
  if (shard.flags?.isSplitting === true) tally.splittingTenants.add(tenant.tenantId);
  else countMissing(tally.nodes, shard, here);
  const intends = (nodeId: number) => nodeId === shard.nodeAttached || shard.nodeSecondary.includes(nodeId);
  countUnexpected(tally.nodes, here, (nodeId) => (intends(nodeId) ? undefined : 'not_intended'));
}

/** Walks all shards of the controller. */
async function countTenants(
  tally: Tally,
  tenants: readonly TenantPlacement[],
  { index, rows, witnesses, breathe }: Gathered,
): Promise<void> {
  let at = 0;
  let agreeing = 0;
  for (const tenant of tenants) {
    for (const shard of tenant.shards) {
      const row = rows[at] ?? -1;
      at += 1;
      const isChanging = shard.flags?.isReconciling === true || shard.flags?.isSplitting === true;
      if (!isChanging && index.isAsMeant(row, shard)) agreeing += 1;
      else countShard(tally, shard, index.seenAt(row), witnesses, tenant);
      if (at % rowsPerBreath === 0) await breathe();
    }
  }
  tally.shardsByAgreement.set('agree', (tally.shardsByAgreement.get('agree') ?? 0) + agreeing);
}

interface Gathered {
  readonly index: LocationIndex;
  /** By shard in the order of the tenant list. */
  readonly rows: Int32Array;
  readonly witnesses: Witnesses;
  readonly breathe: Breathe;
}

/** Counts locations of shards that the controller does not list. */
async function countStrangers(
  { nodes, splittingTenants }: Tally,
  tenants: readonly TenantPlacement[],
  strangers: readonly number[],
  { index, breathe }: Gathered,
): Promise<void> {
  if (strangers.length === 0) return;
  const known = new Set<string>();
  await eachBreathing(tenants, breathe, ({ tenantId }) => known.add(tenantId));
  await eachBreathing(strangers, breathe, (row) => {
    const tenantId = (index.shardIds[row] ?? '').slice(0, 32);
    if (splittingTenants.has(tenantId)) return;
    const reason = known.has(tenantId) ? 'unknown_shard' : 'unknown_tenant';
    countUnexpected(nodes, index.seenAt(row), () => reason);
  });
}

async function build(readings: Readings, breathe: Breathe): Promise<AgreementFacts | undefined> {
  const nodeList = readings.one('nodes')?.reading.nodes;
  const tenants = readings.one('tenants')?.reading;
  // Without a node list nobody knows who should have answered; placement that came from the pageservers would only
  // agree with itself.
  if (nodeList === undefined || tenants === undefined || tenants.source === 'locations') return undefined;
  const index = await locationIndex(readings.locations(), breathe);
  const { rows, strangers } = await matchTenants(tenants.tenants, index, breathe);
  const { readNodes } = index;
  const isComplete = nodeList.every(({ nodeId }) => readNodes.has(nodeId));
  const gathered = { index, rows, witnesses: { readNodes, isComplete }, breathe };
  const shardsByAgreement = new Map<Agreement, number>(agreements.map((one) => [one, 0]));
  const nodes = new Map([...readNodes].sort((a, b) => a - b).map((nodeId) => [nodeId, nodeDisagreement()]));
  const tally: Tally = { shardsByAgreement, nodes, disagreeing: [], splittingTenants: new Set() };
  await countTenants(tally, tenants.tenants, gathered);
  await countStrangers(tally, tenants.tenants, strangers, gathered);
  let conflicts = 0;
  await eachBreathing(index.rows.values(), breathe, (row) => {
    if (index.singles(row) > 1) conflicts += 1;
  });
  const sawNone = readNodes.size === 0 && !isComplete;
  return {
    shardsByAgreement,
    disagreeing: tally.disagreeing,
    nodes,
    conflictingGenerations: sawNone ? undefined : conflicts,
  };
}

/** Whether what the controller intends is what the pageservers hold. */
export const agreement: View<AgreementFacts> = {
  name: 'agreement',
  summary: "The controller's intent held against what every pageserver really holds.",
  needs: ['nodes', 'tenants', 'pageserver_locations'],
  families: agreementFamilies,
  build,
};
