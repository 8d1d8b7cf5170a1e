import { type Affinity, pickNode } from './scheduler.ts';
import { secondarySlots } from './shard-table.ts';
import {
  azOf,
  maySchedule,
  placedDetached,
  placedSecondary,
  type State,
  shardsOf,
  type TenantState,
  tenantOf,
} from './state.ts';

/** Where a shard shall be: every change goes through here, because the scheduler counts references to nodes. */

type Change = 'attach' | 'detach' | 'promote' | 'demote' | 'add' | 'remove';

function count(state: State, shard: number, nodeId: number, change: Change): void {
  const node = state.nodes.get(nodeId);
  if (node === undefined) return;
  const home = node.az === state.shards.preferredAz[shard] ? 1 : 0;
  if (change === 'attach' || change === 'promote') node.attachedCount += 1;
  if (change === 'detach' || change === 'demote') node.attachedCount -= 1;
  if (change === 'attach' || change === 'add') {
    node.shardCount += 1;
    node.homeCount += home;
    node.reportedShards = Math.max(node.reportedShards, node.shardCount);
  }
  if (change === 'detach' || change === 'remove') {
    node.shardCount -= 1;
    node.homeCount -= home;
  }
}

export function attachedOf(state: State, shard: number): number {
  return state.shards.attached[shard] ?? 0;
}

export function setAttached(state: State, shard: number, node: number): void {
  const before = attachedOf(state, shard);
  if (before === node) return;
  if (before !== 0) count(state, shard, before, 'detach');
  if (node !== 0) count(state, shard, node, 'attach');
  state.shards.attached[shard] = node;
}

export function promote(state: State, shard: number, node: number): void {
  const { shards } = state;
  const before = attachedOf(state, shard);
  shards.setSecondaries(
    shard,
    shards.secondariesOf(shard).filter((id) => id !== node),
  );
  shards.attached[shard] = node;
  count(state, shard, node, 'promote');
  if (before !== 0) count(state, shard, before, 'demote');
}

/** The attached location becomes a secondary, if it is at `node`. */
export function demote(state: State, shard: number, node: number): boolean {
  const { shards } = state;
  if (node === 0 || shards.attached[shard] !== node) return false;
  shards.attached[shard] = 0;
  shards.setSecondaries(shard, [...shards.secondariesOf(shard), node]);
  count(state, shard, node, 'demote');
  return true;
}

export function addSecondary(state: State, shard: number, node: number): void {
  const { shards } = state;
  const before = shards.secondariesOf(shard);
  if (before.includes(node) || before.length === secondarySlots) return;
  shards.setSecondaries(shard, [...before, node]);
  count(state, shard, node, 'add');
}

export function removeSecondary(state: State, shard: number, node: number): void {
  const { shards } = state;
  const before = shards.secondariesOf(shard);
  if (!before.includes(node)) return;
  shards.setSecondaries(
    shard,
    before.filter((id) => id !== node),
  );
  count(state, shard, node, 'remove');
}

export function clearSecondaries(state: State, shard: number): void {
  for (const node of state.shards.secondariesOf(shard)) removeSecondary(state, shard, node);
}

export function clearIntent(state: State, shard: number): void {
  setAttached(state, shard, 0);
  clearSecondaries(state, shard);
}

export function setPreferredAz(state: State, shard: number, az: number): void {
  const { shards } = state;
  const nodes = [attachedOf(state, shard), ...shards.secondariesOf(shard)];
  const before = shards.preferredAz[shard] ?? 0;
  for (const id of nodes) {
    const node = state.nodes.get(id);
    if (node === undefined) continue;
    if (node.az === before) node.homeCount -= 1;
    if (node.az === az) node.homeCount += 1;
  }
  shards.preferredAz[shard] = az;
}

export function nodesOf(state: State, shard: number): number[] {
  const attached = attachedOf(state, shard);
  const secondaries = state.shards.secondariesOf(shard);
  return attached === 0 ? secondaries : [attached, ...secondaries];
}

export function avoid(affinity: Affinity, nodes: readonly number[]): void {
  for (const node of nodes) affinity.set(node, (affinity.get(node) ?? 0) + 1);
}

/** Of all shards of a tenant, without what one of them adds. */
export function tenantAffinity(state: State, tenant: TenantState, without?: number): Affinity {
  const affinity: Affinity = new Map();
  for (const shard of shardsOf(tenant)) if (shard !== without) avoid(affinity, nodesOf(state, shard));
  return affinity;
}

/** Where to go for a while when the attached location is gone: rather outside the preferred zone. 0 when nowhere. */
export function preferredSecondary(state: State, shard: number): number {
  const preferredAz = state.shards.preferredAz[shard] ?? 0;
  const usable = state.shards.secondariesOf(shard).filter((id) => {
    const node = state.nodes.get(id);
    return node !== undefined && maySchedule(node);
  });
  const rank = (id: number) => (azOf(state, id) === preferredAz ? 100_000 : 0) + id;
  return usable.sort((one, other) => rank(one) - rank(other))[0] ?? 0;
}

function scheduleAttached(state: State, shard: number, secondaries: number, affinity: Affinity): boolean {
  const { shards } = state;
  const az = shards.preferredAz[shard] ?? 0;
  if (attachedOf(state, shard) === 0) {
    const secondary = preferredSecondary(state, shard);
    if (secondary !== 0) promote(state, shard, secondary);
    else {
      const node = pickNode(state, 'attached', shards.secondariesOf(shard), az, affinity);
      if (node === 0) return false;
      setAttached(state, shard, node);
    }
    raiseSequence(state, shard);
  }
  const used = [attachedOf(state, shard)];
  const wanted = Math.min(secondaries, secondarySlots);
  while (shards.secondariesOf(shard).length < wanted) {
    const node = pickNode(state, 'secondary', used, az, affinity);
    if (node === 0) return false;
    if (!shards.hasSecondary(shard, node)) {
      addSecondary(state, shard, node);
      raiseSequence(state, shard);
    }
    used.push(node);
  }
  return true;
}

function scheduleSecondary(state: State, shard: number, affinity: Affinity): boolean {
  const { shards } = state;
  const az = shards.preferredAz[shard] ?? 0;
  const attached = attachedOf(state, shard);
  if (attached !== 0) demote(state, shard, attached);
  else if (shards.secondariesOf(shard).length === 0) {
    const node = pickNode(state, 'attached', [], az, affinity);
    if (node === 0) return false;
    addSecondary(state, shard, node);
  }
  for (let all = shards.secondariesOf(shard); all.length > 1; all = shards.secondariesOf(shard)) {
    const outside = all.filter((node) => azOf(state, node) !== az);
    removeSecondary(state, shard, (outside.at(-1) ?? all.at(-1)) as number);
  }
  raiseSequence(state, shard);
  return true;
}

/**
 * Gives the shard the locations that its tenant's policy wants, and counts them in `affinity`.
 * @returns false when there was no node for one of them: what was found stays.
 */
export function schedule(state: State, shard: number, affinity: Affinity): boolean {
  const tenant = tenantOf(state, shard);
  let placed = true;
  if (tenant.scheduling === 'Active' || tenant.scheduling === 'Essential') {
    if (tenant.placement === placedDetached) {
      if (nodesOf(state, shard).length > 0) raiseSequence(state, shard);
      clearIntent(state, shard);
    } else if (tenant.placement === placedSecondary) placed = scheduleSecondary(state, shard, affinity);
    else placed = scheduleAttached(state, shard, tenant.placement, affinity);
  }
  avoid(affinity, nodesOf(state, shard));
  return placed;
}

/** Swaps the attached location with a secondary. */
export function rescheduleTo(state: State, shard: number, node: number): void {
  demote(state, shard, attachedOf(state, shard));
  promote(state, shard, node);
  raiseSequence(state, shard);
}

export function raiseSequence(state: State, shard: number): void {
  state.shards.sequence[shard] = (state.shards.sequence[shard] ?? 0) + 1;
}
