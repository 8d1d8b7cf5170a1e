import { type Breathe, rowsPerBreath } from '../breathe.ts';
import type { Readings } from '../collection/store.ts';
import { isAttached } from '../neon/location.ts';
import type { ShardPlacement } from '../neon/placement.ts';
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
import type { View } from './view.ts';

async function gather(readings: Readings, breathe: Breathe): Promise<Witnesses | undefined> {
  const nodes = readings.one('nodes')?.reading.nodes;
  if (nodes === undefined) return undefined;
  const seen = new Map<string, Seen[]>();
  const readNodes = new Set<number>();
  let rows = 0;
  for (const { nodeId, locations } of readings.locations()) {
    readNodes.add(nodeId);
    for (const { id, mode, generation = -1 } of locations) {
      const one = { nodeId, mode, generation };
      const known = seen.get(id.text);
      if (known === undefined) seen.set(id.text, [one]);
      else known.push(one);
      rows += 1;
      if (rows % rowsPerBreath === 0) await breathe();
    }
  }
  return { seen, readNodes, isComplete: nodes.every((node) => readNodes.has(node.nodeId)) };
}

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

async function build(readings: Readings, breathe: Breathe): Promise<AgreementFacts | undefined> {
  const tenants = readings.one('tenants')?.reading;
  const witnesses = await gather(readings, breathe);
  // Placement that came from the pageservers would only agree with itself.
  if (tenants === undefined || witnesses === undefined || tenants.source === 'locations') return undefined;
  const { seen, readNodes } = witnesses;
  const shardsByAgreement = new Map<Agreement, number>(agreements.map((agreement) => [agreement, 0]));
  const nodes = new Map([...readNodes].sort((a, b) => a - b).map((nodeId) => [nodeId, nodeDisagreement()]));
  const disagreeing: { shard: ShardPlacement; agreement: Agreement }[] = [];
  const knownShards = new Set<string>();
  const knownTenants = new Set<string>();
  const splittingTenants = new Set<string>();
  let conflictingGenerations = 0;
  for (const tenant of tenants.tenants) {
    knownTenants.add(tenant.tenantId);
    for (const shard of tenant.shards) {
      knownShards.add(shard.id.text);
      const here = seen.get(shard.id.text) ?? [];
      const agreement = classify(shard, here, witnesses, tenant.policy?.wantsAttached ?? true);
      shardsByAgreement.set(agreement, (shardsByAgreement.get(agreement) ?? 0) + 1);
      if (isDisagreement(agreement)) disagreeing.push({ shard, agreement });
      // The pageservers hold its children by and by, and not the shard itself any more.
      if (shard.flags?.isSplitting === true) splittingTenants.add(tenant.tenantId);
      else countMissing(nodes, shard, here);
      const intends = (nodeId: number) =>
        nodeId === shard.nodeAttached || shard.nodeSecondary.includes(nodeId);
      countUnexpected(nodes, here, (nodeId) => (intends(nodeId) ? undefined : 'not_intended'));
      if (knownShards.size % rowsPerBreath === 0) await breathe();
    }
  }
  let rows = 0;
  for (const [shardId, here] of seen) {
    if (here.filter(({ mode }) => mode === 'AttachedSingle').length > 1) conflictingGenerations += 1;
    const tenantId = shardId.slice(0, 32);
    if (!knownShards.has(shardId) && !splittingTenants.has(tenantId)) {
      const reason = knownTenants.has(tenantId) ? 'unknown_shard' : 'unknown_tenant';
      countUnexpected(nodes, here, () => reason);
    }
    rows += 1;
    if (rows % rowsPerBreath === 0) await breathe();
  }
  const sawNone = readNodes.size === 0 && !witnesses.isComplete;
  const conflicts = sawNone ? undefined : conflictingGenerations;
  return { shardsByAgreement, disagreeing, nodes, conflictingGenerations: conflicts };
}

/** Whether what the controller intends is what the pageservers hold. */
export const agreement: View<AgreementFacts> = {
  name: 'agreement',
  summary: "The controller's intent held against what every pageserver really holds.",
  needs: ['nodes', 'tenants', 'pageserver_locations'],
  families: agreementFamilies,
  build,
};
