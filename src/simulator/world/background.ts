import { attachedOf, tenantAffinity } from './intent.ts';
import {
  applyOptimization,
  mayBeOptimized,
  type Optimization,
  optimizeAttachment,
  optimizeSecondary,
} from './optimizer.ts';
import { dropWhenDetached, maybeReconcile } from './reconciles.ts';
import type { Affinity } from './scheduler.ts';
import { azOf, isAvailable, placedDetached, type State, type TenantState, write } from './state.ts';
import type { Steps } from './task.ts';
import { placeInOrder } from './tenant-order.ts';
import { secondaryLag, secondaryStatus } from './warmth.ts';

/** What the controller does every 20 s by itself: reconcile what is dirty, and when nothing is, improve. */

const stuckAfter = 10;
const shardsInSlice = 20_000;
const betweenSlicesMs = 10;
const plannedAtMost = 64;
const appliedAtMost = 16;
const freshEnoughBytes = 10 * 1_024 ** 3;

export function* backgroundLoop(state: State): Steps<void> {
  yield state.config.firstBackgroundMs ?? state.random.below(state.config.backgroundMs);
  for (;;) {
    const { spawned, stuck } = yield* reconcileAll(state);
    if (spawned === 0 || spawned === stuck) yield* optimizeAll(state);
    yield state.config.backgroundMs;
  }
}

/**
 * Visits tenants by id until `visit` says false. A large cluster is visited in slices, so that whoever lets the world
 * go on is not held up by one pass; upstream does it in one go, but then upstream has a thread for it.
 */
function* eachTenant(state: State, visit: (tenant: TenantState) => boolean): Steps<void> {
  const { order } = state;
  let left = shardsInSlice;
  for (let at = 0; at < order.length; at += 1) {
    const tenant = order[at];
    if (tenant === undefined) continue;
    if (!visit(tenant)) return;
    left -= Math.max(1, tenant.shardCount);
    if (left > 0) continue;
    left = shardsInSlice;
    yield betweenSlicesMs;
    // Tenants may have come and gone meanwhile.
    const place = placeInOrder(order, tenant.id);
    at = order[place]?.id === tenant.id ? place : place - 1;
  }
}

/** Also where the lazy numbers of the metrics come from. */
export function* reconcileAll(state: State): Steps<{ readonly spawned: number; readonly stuck: number }> {
  const { shards, memory } = state;
  let [spawned, stuck, pending, violations] = [0, 0, 0, 0];
  yield* eachTenant(state, (tenant) => {
    if (tenant.dropped) return true;
    for (let shard = tenant.first; shard < tenant.first + Math.max(1, tenant.shardCount); shard += 1) {
      const attached = attachedOf(state, shard);
      const home = shards.preferredAz[shard] ?? 0;
      if (attached !== 0 && home !== 0 && azOf(state, attached) !== home) violations += 1;
      if (shards.delayed[shard] === 1 && memory.normalPermits.free === 0) {
        pending += 1;
      } else if (maybeReconcile(state, shard, 'normal') !== undefined) {
        spawned += 1;
        if ((shards.consecutive[shard] ?? 0) >= stuckAfter) stuck += 1;
      } else {
        if (shards.delayed[shard] === 1) pending += 1;
        shards.consecutive[shard] = 0;
      }
    }
    if (tenant.placement === placedDetached) dropWhenDetached(state, tenant.first);
    return true;
  });
  refreshGauges(state);
  Object.assign(memory.counters, { pending, stuck, azViolations: violations });
  return { spawned: spawned + pending, stuck };
}

export function refreshGauges(state: State): void {
  const { nodeGauges } = state.memory.counters;
  for (const node of state.nodes.values())
    nodeGauges.set(node.id, {
      az: state.azNames[node.az] ?? '',
      shards: node.shardCount,
      attachedShards: node.attachedCount,
      homeShards: node.homeCount,
    });
}

function mayOptimize(state: State, tenant: TenantState, shard: number): boolean {
  const { shards, memory } = state;
  if (tenant.dropped || tenant.placement === placedDetached) return false;
  const hinted = shards.preferredNode[shard] !== 0;
  const allowed = tenant.scheduling === 'Active' || (tenant.scheduling === 'Essential' && hinted);
  return allowed && shards.splitting[shard] !== 1 && !memory.reconciles.has(shard);
}

/** At most one change for each tenant in a pass. */
function planTenant(state: State, tenant: TenantState): Optimization | undefined {
  let affinity: Affinity | undefined;
  const ofTenant = () => {
    affinity ??= tenantAffinity(state, tenant);
    return affinity;
  };
  for (let shard = tenant.first; shard < tenant.first + Math.max(1, tenant.shardCount); shard += 1) {
    if (!mayOptimize(state, tenant, shard) || !mayBeOptimized(state, shard, ofTenant)) continue;
    const found = optimizeAttachment(state, shard) ?? optimizeSecondary(state, shard);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A migration needs a secondary that is warm: the optimizer waits for it. */
export function isReady(state: State, found: Optimization): boolean {
  if (found.kind !== 'migrate') return true;
  const node = state.nodes.get(found.to);
  if (node === undefined || !isAvailable(state, node.id)) return false;
  const lag = secondaryLag(state, found.shard, node);
  if (lag === undefined) return false;
  const total = secondaryStatus(state, found.shard, node)?.bytes_total ?? 0;
  return total < freshEnoughBytes ? lag === 0 : lag <= freshEnoughBytes;
}

/** @returns how many reconciles it has started. */
export function* optimizeAll(state: State): Steps<number> {
  const planned: Optimization[] = [];
  yield* eachTenant(state, (tenant) => {
    const found = planTenant(state, tenant);
    if (found !== undefined) planned.push(found);
    return planned.length < plannedAtMost;
  });
  let applied = 0;
  for (const found of planned) {
    if (applied >= appliedAtMost) break;
    if (!isReady(state, found) || !applyOptimization(state, found)) continue;
    write(state, 'optimize', `${found.kind} ${JSON.stringify(found)}`);
    applied += 1;
    maybeReconcile(state, found.shard, 'normal');
  }
  return planned.length;
}
