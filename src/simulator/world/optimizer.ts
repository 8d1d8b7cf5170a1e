import {
  addSecondary,
  attachedOf,
  demote,
  nodesOf,
  promote,
  removeSecondary,
  tenantAffinity,
} from './intent.ts';
import { type Affinity, isBetterNode, pickNode, type Role, worstSecondary } from './scheduler.ts';
import { azOf, maySchedule, placedDetached, placedSecondary, type State, tenantOf } from './state.ts';

/** One small change to where a shard shall be. It holds for the sequence it was found at. */
export type Optimization = { readonly shard: number; readonly sequence: number } & (
  | { readonly kind: 'migrate'; readonly from: number; readonly to: number }
  | { readonly kind: 'replace'; readonly from: number; readonly to: number }
  | { readonly kind: 'create'; readonly to: number }
  | { readonly kind: 'remove'; readonly from: number }
);

function wantedSecondaries(placement: number): number {
  if (placement === placedSecondary) return 1;
  return placement === placedDetached ? 0 : placement;
}

function isBetter(
  state: State,
  shard: number,
  role: Role,
  affinity: Affinity,
  nodes: { readonly current: number; readonly candidate: number },
): boolean {
  const { shards } = state;
  const candidate = state.nodes.get(nodes.candidate);
  if (candidate === undefined || !maySchedule(candidate)) return false;
  if (shards.preferredNode[shard] === nodes.candidate) return true;
  return isBetterNode(state, role, shards.preferredAz[shard] ?? 0, affinity, nodes) === true;
}

/** A node that is better than `current` by what only moving can change, 0 when there is none. */
export function findBetterNode(
  state: State,
  shard: number,
  role: Role,
  affinity: Affinity,
  where: { readonly current: number; readonly exclude: readonly number[] },
): number {
  const { shards } = state;
  const hint = shards.preferredNode[shard] ?? 0;
  if (hint !== 0) return hint === where.current ? 0 : hint;
  const candidate = pickNode(state, role, where.exclude, shards.preferredAz[shard] ?? 0, affinity);
  if (candidate === 0 || candidate === where.current) return 0;
  return isBetter(state, shard, role, affinity, { current: where.current, candidate }) ? candidate : 0;
}

/** Quick: false means that nothing can be better. */
export function mayBeOptimized(state: State, shard: number, affinityOfTenant: () => Affinity): boolean {
  const { shards } = state;
  const tenant = tenantOf(state, shard);
  const attached = attachedOf(state, shard);
  const az = shards.preferredAz[shard] ?? 0;
  const hint = shards.preferredNode[shard] ?? 0;
  if (hint !== 0 && hint !== attached) return true;
  if (tenant.placement >= 0 && attached !== 0 && azOf(state, attached) !== az) return true;
  const secondaries = shards.secondariesOf(shard);
  if (secondaries.some((node) => azOf(state, node) === az)) return true;
  if (secondaries.length > wantedSecondaries(tenant.placement)) return true;
  if (tenant.shardCount === 0) return false;
  const affinity = affinityOfTenant();
  return nodesOf(state, shard).some((node) => (affinity.get(node) ?? 0) > 1);
}

function trimSecondaries(
  state: State,
  shard: number,
  affinity: Affinity,
  secondaries: readonly number[],
): number | undefined {
  const az = state.shards.preferredAz[shard] ?? 0;
  const worst = worstSecondary(state, az, affinity, secondaries);
  if (worst !== undefined) return worst;
  if (secondaries.length === 1) return secondaries[0];
  const keep = secondaries.find((id) => {
    const node = state.nodes.get(id);
    return node !== undefined && maySchedule(node) && node.az !== az;
  });
  return keep === undefined ? undefined : secondaries.find((id) => id !== keep);
}

/** What would bring the attached location to a better place. */
export function optimizeAttachment(state: State, shard: number): Optimization | undefined {
  const { shards } = state;
  const attached = attachedOf(state, shard);
  if (attached === 0) return undefined;
  const tenant = tenantOf(state, shard);
  const affinity = tenantAffinity(state, tenant, shard);
  const sequence = shards.sequence[shard] ?? 0;
  const az = shards.preferredAz[shard] ?? 0;
  const secondaries = shards.secondariesOf(shard);
  const migrateTo = (to: number): Optimization => ({ shard, sequence, kind: 'migrate', from: attached, to });
  for (const candidate of secondaries)
    if (isBetter(state, shard, 'attached', affinity, { current: attached, candidate }))
      return migrateTo(candidate);
  if (secondaries.length > wantedSecondaries(tenant.placement)) {
    const victim = trimSecondaries(state, shard, affinity, secondaries);
    if (victim !== undefined) return { shard, sequence, kind: 'remove', from: victim };
  }
  const to = findBetterNode(state, shard, 'attached', affinity, { current: attached, exclude: [] });
  if (to === 0) return undefined;
  // Not a hop on the way: only where it shall stay.
  if (shards.preferredNode[shard] === 0 && az !== 0 && azOf(state, to) !== az) return undefined;
  return secondaries.includes(to) ? migrateTo(to) : { shard, sequence, kind: 'create', to };
}

/** What would bring a secondary to a better place. */
export function optimizeSecondary(state: State, shard: number): Optimization | undefined {
  const { shards } = state;
  const tenant = tenantOf(state, shard);
  const secondaries = shards.secondariesOf(shard);
  if (secondaries.length > wantedSecondaries(tenant.placement)) return undefined;
  const affinity = tenantAffinity(state, tenant, shard);
  const attached = attachedOf(state, shard);
  const role = tenant.placement === placedSecondary ? 'attached' : 'secondary';
  for (const current of secondaries) {
    const exclude = [attached, ...secondaries].filter((node) => node !== 0 && node !== current);
    const to = findBetterNode(state, shard, role, affinity, { current, exclude });
    if (to === 0) continue;
    return { shard, sequence: shards.sequence[shard] ?? 0, kind: 'replace', from: current, to };
  }
  return undefined;
}

function stillFits(state: State, found: Optimization): boolean {
  const { shards } = state;
  const { shard } = found;
  if (found.sequence !== shards.sequence[shard]) return false;
  if (found.kind === 'migrate')
    return attachedOf(state, shard) === found.from && shards.hasSecondary(shard, found.to);
  if (found.kind === 'replace')
    return !shards.hasSecondary(shard, found.to) && attachedOf(state, shard) !== found.to;
  return found.kind === 'remove' || !shards.hasSecondary(shard, found.to);
}

/** @returns whether the shard's intent has changed. */
export function applyOptimization(state: State, found: Optimization): boolean {
  if (!stillFits(state, found)) return false;
  const { shards } = state;
  const { shard } = found;
  state.memory.counters.optimizations += 1;
  if (found.kind === 'migrate') {
    demote(state, shard, found.from);
    promote(state, shard, found.to);
    if (shards.preferredNode[shard] === found.to) shards.preferredNode[shard] = 0;
  } else {
    if (found.kind !== 'create') removeSecondary(state, shard, found.from);
    if (found.kind !== 'remove') addSecondary(state, shard, found.to);
  }
  return true;
}
