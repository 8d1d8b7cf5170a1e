import { type Breathe, rowsPerBreath } from '../breathe.ts';
import type { NodeFact } from '../neon/node.ts';
import type { ShardPlacement, TenantPlacement } from '../neon/placement.ts';

/** What the storage controller would do when it is asked to fill a pageserver. */
export interface FillPlan {
  /** Shards that it would promote, with the pageserver that has them now. */
  readonly promoted: readonly { readonly shard: ShardPlacement; readonly from: number }[];
  /** Every shard that it might promote: of equals it takes which it likes. */
  readonly candidates: readonly ShardPlacement[];
  /** By node id, as it is and as it would be. */
  readonly before: ReadonlyMap<number, number>;
  readonly after: ReadonlyMap<number, number>;
}

interface Survey {
  readonly attached: Map<number, number>;
  /** Whose preferred zone is that of the node, and which are attached outside it. */
  readonly homecomers: ShardPlacement[];
  /** Of no zone, by the pageserver that has them. */
  readonly levellers: Map<number, ShardPlacement[]>;
  /** Tenant id → shards. */
  readonly sizes: Map<string, number>;
}

function addShard(
  survey: Survey,
  shard: ShardPlacement,
  nodeId: number,
  azs: ReadonlyMap<number, string>,
): void {
  const { nodeAttached, nodeSecondary, flags } = shard;
  if (nodeAttached === undefined) return;
  survey.attached.set(nodeAttached, (survey.attached.get(nodeAttached) ?? 0) + 1);
  if (!nodeSecondary.includes(nodeId) || nodeAttached === nodeId) return;
  const home = flags?.preferredAz;
  const hasOneZone = new Set(azs.values()).size <= 1;
  if (hasOneZone || home === undefined) {
    const others = survey.levellers.get(nodeAttached);
    if (others === undefined) survey.levellers.set(nodeAttached, [shard]);
    else others.push(shard);
  } else if (home === azs.get(nodeId) && azs.get(nodeAttached) !== home) survey.homecomers.push(shard);
}

async function surveyOf(
  nodes: readonly NodeFact[],
  tenants: readonly TenantPlacement[],
  nodeId: number,
  breathe: Breathe,
): Promise<Survey> {
  const azs = new Map(nodes.map((node) => [node.nodeId, node.az]));
  const survey: Survey = {
    attached: new Map(nodes.map((node) => [node.nodeId, 0])),
    homecomers: [],
    levellers: new Map(),
    sizes: new Map(),
  };
  let shards = 0;
  let breathed = 0;
  for (const tenant of tenants) {
    survey.sizes.set(tenant.tenantId, tenant.shards.length);
    for (const shard of tenant.shards) addShard(survey, shard, nodeId, azs);
    shards += tenant.shards.length;
    if (shards - breathed < rowsPerBreath) continue;
    breathed = shards;
    await breathe();
  }
  return survey;
}

/** Shards of no zone, from the fullest pageserver on, until this one has the average; few of one tenant. */
function levelled(survey: Survey, nodeId: number, planned: number): ShardPlacement[] {
  const { attached, levellers, sizes } = survey;
  const total = [...attached.values()].reduce((sum, count) => sum + count, 0);
  const average = Math.floor(total / attached.size);
  const wanted = average - (attached.get(nodeId) ?? 0) - planned;
  const chosen: ShardPlacement[] = [];
  const perTenant = new Map<string, number>();
  const byLoad = [...attached].sort(([left, most], [right, other]) => other - most || left - right);
  for (const [from, count] of byLoad) {
    const own = [...(levellers.get(from) ?? [])];
    let spare = count - average;
    while (spare > 0 && chosen.length < wanted) {
      const shard = own.pop();
      if (shard === undefined) break;
      const { tenantId } = shard.id;
      const limit = Math.max(1, Math.floor((sizes.get(tenantId) ?? 0) / attached.size));
      const taken = perTenant.get(tenantId) ?? 0;
      if (taken >= limit) continue;
      perTenant.set(tenantId, taken + 1);
      chosen.push(shard);
      spare -= 1;
    }
  }
  return chosen;
}

/**
 * Our own copy of what the controller plans when a pageserver is to be filled (storage_controller `fill_node_plan`,
 * contract 1.3): only shards that have a secondary there; with several zones those that prefer its zone and are attached
 * outside it, then those that prefer none, up to the average. It answers 202 even when that is nothing.
 */
export async function fillPlan(
  nodes: readonly NodeFact[],
  tenants: readonly TenantPlacement[],
  nodeId: number,
  breathe: Breathe,
): Promise<FillPlan> {
  const survey = await surveyOf(nodes, tenants, nodeId, breathe);
  const chosen = [...survey.homecomers, ...levelled(survey, nodeId, survey.homecomers.length)];
  const promoted = chosen.flatMap((shard) =>
    shard.nodeAttached === undefined ? [] : [{ shard, from: shard.nodeAttached }],
  );
  const after = new Map(survey.attached);
  for (const { from } of promoted) {
    after.set(from, (after.get(from) ?? 0) - 1);
    after.set(nodeId, (after.get(nodeId) ?? 0) + 1);
  }
  const candidates = [...survey.homecomers, ...[...survey.levellers.values()].flat()];
  return { promoted, candidates, before: survey.attached, after };
}

/** How far the counts are from equal: Σ(attached − mean)², times their number, so that it stays whole. */
export function unevenness(counts: ReadonlyMap<number, number>): number {
  const values = [...counts.values()];
  const sum = values.reduce((total, count) => total + count, 0);
  return values.length * values.reduce((total, count) => total + count * count, 0) - sum * sum;
}
