import {
  attachedOf,
  nodesOf,
  preferredSecondary,
  raiseSequence,
  removeSecondary,
  rescheduleTo,
  schedule,
  setAttached,
  tenantAffinity,
} from './intent.ts';
import { awaitRemainder, maybeReconcile } from './reconciles.ts';
import { absent, isAttachedMode } from './shard-table.ts';
import {
  azOf,
  isAvailable,
  isGone,
  type NodeState,
  type Operation,
  type ShardWaiter,
  type State,
  shardsOf,
  tenantOf,
  write,
} from './state.ts';
import type { Steps } from './task.ts';
import { secondaryLag } from './warmth.ts';
import type { NodeScheduling } from './wire.ts';

/** Fill, drain and delete of a node: the one thing of its kind that goes on in a cluster at a time. */

const reconcilesAtOnce = 64;
const pollMs = 500;
const lastWaitMs = 5_000;
const maxLagBytes = 256 * 1_024 * 1_024;

export function setScheduling(state: State, node: NodeState, scheduling: NodeScheduling): void {
  if (node.scheduling === scheduling) return;
  node.scheduling = scheduling;
  write(state, 'node', `${node.id} ${node.availability} ${scheduling}`);
}

function allShards(state: State): number[] {
  return state.order.flatMap((tenant) => (tenant.dropped ? [] : shardsOf(tenant)));
}

/** Shards whose home is the node's zone and are attached elsewhere; then zoneless ones, to the average. */
function planFill(state: State, node: NodeState): number[] {
  const zones = new Set([...state.nodes.values()].map(({ az }) => az));
  const plan: number[] = [];
  const free = new Map<number, number[]>();
  for (const shard of allShards(state)) {
    if (!state.shards.hasSecondary(shard, node.id)) continue;
    const attached = attachedOf(state, shard);
    const home = state.shards.preferredAz[shard] ?? 0;
    if (zones.size <= 1 || home === 0) {
      if (attached === 0) continue;
      const others = free.get(attached);
      if (others === undefined) free.set(attached, [shard]);
      else others.push(shard);
    } else if (home === node.az && (attached === 0 || azOf(state, attached) !== home)) plan.push(shard);
  }
  levelOut(state, node, plan, free);
  return plan;
}

function levelOut(state: State, node: NodeState, plan: number[], free: Map<number, number[]>): void {
  const nodes = [...state.nodes.values()];
  const average = Math.floor(nodes.reduce((sum, each) => sum + each.attachedCount, 0) / nodes.length);
  const required = Math.max(0, average - node.attachedCount);
  const promoted = new Map<number, number>();
  for (const from of nodes.sort((one, other) => other.attachedCount - one.attachedCount)) {
    if (!isAvailable(state, from.id)) continue;
    if (plan.length >= required || free.size === 0 || from.attachedCount <= average) return;
    let take = Math.min(from.attachedCount - average, required - plan.length);
    const candidates = free.get(from.id) ?? [];
    while (take > 0) {
      const shard = candidates.pop();
      if (shard === undefined) break;
      const tenant = tenantOf(state, shard);
      const most = Math.max(1, Math.floor(tenant.shardCount / nodes.length));
      const done = promoted.get(tenant.index) ?? 0;
      if (done >= most) continue;
      plan.push(shard);
      promoted.set(tenant.index, done + 1);
      take -= 1;
    }
  }
}

/** True when the operation is to go on. Cancelling and a changed policy are noticed only here, between batches. */
function goesOn(state: State, operation: Operation, during: NodeScheduling, back: NodeScheduling): boolean {
  const node = state.nodes.get(operation.node);
  if (node === undefined) return false;
  if (operation.cancelled) setScheduling(state, node, back);
  return !operation.cancelled && node.scheduling === during;
}

function* awaitLast(
  state: State,
  operation: Operation,
  waiting: ShardWaiter[],
  back: NodeScheduling,
): Steps<boolean> {
  let waiters = waiting;
  while (waiters.length > 0) {
    if (operation.cancelled) {
      const node = state.nodes.get(operation.node);
      if (node !== undefined) setScheduling(state, node, back);
      return false;
    }
    waiters = yield* awaitRemainder(state, waiters, lastWaitMs);
  }
  return true;
}

export function* fillNode(state: State, operation: Operation): Steps<void> {
  yield 2;
  const node = state.nodes.get(operation.node);
  if (node === undefined) return;
  const plan = planFill(state, node);
  let waiters: ShardWaiter[] = [];
  while (plan.length > 0) {
    if (!goesOn(state, operation, 'Filling', 'Active')) return;
    while (waiters.length < reconcilesAtOnce) {
      const shard = plan.pop();
      if (shard === undefined) break;
      if (isGone(state, shard) || !state.shards.hasSecondary(shard, node.id)) continue;
      rescheduleTo(state, shard, node.id);
      const waiter = maybeReconcile(state, shard, 'normal');
      if (waiter !== undefined) waiters.push(waiter);
    }
    waiters = yield* awaitRemainder(state, waiters, pollMs);
  }
  if (yield* awaitLast(state, operation, waiters, 'Active')) setScheduling(state, node, 'Active');
}

/** Where a drain would move the shard; 0 to leave it. `moved` ones only wait for their reconcile. */
function drainTo(
  state: State,
  shard: number,
  from: number,
): { readonly to: number; readonly moved: boolean } {
  const attached = attachedOf(state, shard);
  if (attached !== from) {
    const at = state.shards.findLocation(shard, from);
    const still = at !== -1 && isAttachedMode(state.shards.locations.knownMode[at] ?? absent);
    return { to: still ? attached : 0, moved: true };
  }
  const { scheduling } = tenantOf(state, shard);
  const may = scheduling === 'Active' || scheduling === 'Essential';
  return { to: may ? preferredSecondary(state, shard) : 0, moved: false };
}

/** Skips, without a word, what has no warm secondary; ends in PauseForRestart all the same. */
export function* drainNode(state: State, operation: Operation): Steps<void> {
  yield 2;
  const queue = allShards(state).reverse();
  let waiters: ShardWaiter[] = [];
  while (queue.length > 0) {
    if (!goesOn(state, operation, 'Draining', 'Active')) return;
    while (waiters.length < reconcilesAtOnce) {
      const shard = queue.pop();
      if (shard === undefined) break;
      if (isGone(state, shard)) continue;
      const { to, moved } = drainTo(state, shard, operation.node);
      const target = state.nodes.get(to);
      if (target === undefined) continue;
      yield 2;
      const lag = secondaryLag(state, shard, target);
      if (lag === undefined || lag > maxLagBytes || isGone(state, shard)) continue;
      if (!moved && state.shards.hasSecondary(shard, to)) rescheduleTo(state, shard, to);
      const waiter = maybeReconcile(state, shard, 'normal');
      if (waiter !== undefined) waiters.push(waiter);
    }
    waiters = yield* awaitRemainder(state, waiters, pollMs);
  }
  const node = state.nodes.get(operation.node);
  if ((yield* awaitLast(state, operation, waiters, 'Active')) && node !== undefined)
    setScheduling(state, node, 'PauseForRestart');
}

/** @returns whether the node may go now: every shard that could be moved has been. */
export function* emptyNode(
  state: State,
  operation: Operation,
  how: { readonly force: boolean; readonly back: NodeScheduling },
): Steps<boolean> {
  yield 2;
  const queue = allShards(state).reverse();
  let waiters: ShardWaiter[] = [];
  while (queue.length > 0) {
    if (!goesOn(state, operation, 'Deleting', how.back)) return false;
    while (waiters.length < reconcilesAtOnce) {
      const shard = queue.pop();
      if (shard === undefined) break;
      if (isGone(state, shard) || !mayLeave(state, shard) || !leaveNode(state, shard, operation.node))
        continue;
      const waiter = maybeReconcile(state, shard, 'normal');
      if (waiter !== undefined && !how.force) waiters.push(waiter);
    }
    waiters = yield* awaitRemainder(state, waiters, pollMs);
  }
  return yield* awaitLast(state, operation, waiters, how.back);
}

function mayLeave(state: State, shard: number): boolean {
  const { scheduling } = tenantOf(state, shard);
  return scheduling === 'Active' || scheduling === 'Essential';
}

/** Nothing of the shard is meant to be at the node any more. False when nothing was. */
export function leaveNode(state: State, shard: number, node: number): boolean {
  const tenant = tenantOf(state, shard);
  if (state.shards.preferredNode[shard] === node) state.shards.preferredNode[shard] = 0;
  if (!nodesOf(state, shard).includes(node)) return false;
  const affinity = tenantAffinity(state, tenant);
  if (attachedOf(state, shard) === node) setAttached(state, shard, 0);
  removeSecondary(state, shard, node);
  raiseSequence(state, shard);
  schedule(state, shard, affinity);
  return true;
}
