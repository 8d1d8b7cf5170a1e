import { attachedOf } from './intent.ts';
import { beginReconcile, notify, type Reconcile, ReconcileError, reconcile } from './reconciler.ts';
import { absent, attachedSingle, none, secondary, unknown } from './shard-table.ts';
import {
  isAvailable,
  isGone,
  nameOf,
  placedDetached,
  type ReconcileHandle,
  type ShardWaiter,
  type State,
  shardsOf,
  tenantOf,
  write,
} from './state.ts';
import { Cancelled, type Permits, Signal, type Steps } from './task.ts';

/** Starts reconciles where they are needed, one at a time for each shard, and takes in what they come to. */

export type Priority = 'normal' | 'high';

/** Does the controller know of a difference that it could do something about? */
function isDirty(state: State, shard: number): boolean {
  const { shards } = state;
  const { locations } = shards;
  const attached = attachedOf(state, shard);
  let found = 0;
  for (let at = shards.firstLocation[shard] ?? -1; at !== -1; at = locations.next[at] ?? -1) {
    const mode = locations.knownMode[at] ?? absent;
    if (mode === absent) continue;
    const node = locations.node[at] ?? 0;
    const isAttached = node === attached;
    const isSecondary = !isAttached && shards.hasSecondary(shard, node);
    if (isAttached || isSecondary) found += 1;
    const asWanted = isAttached
      ? mode === attachedSingle && locations.knownGeneration[at] === shards.generation[shard]
      : isSecondary && mode === secondary;
    if (!asWanted && isAvailable(state, node)) return true;
    if (mode === unknown && isAvailable(state, node)) return true;
  }
  const wanted = (attached === 0 ? 0 : 1) + shards.secondariesOf(shard).length;
  if (found === wanted) return false;
  return [attached, ...shards.secondariesOf(shard)].some((node) => {
    if (node === 0 || !isAvailable(state, node)) return false;
    const at = shards.findLocation(shard, node);
    return at === -1 || locations.knownMode[at] === absent;
  });
}

function newWaiter(state: State, shard: number): ShardWaiter {
  const sequence = state.shards.sequence[shard] ?? 0;
  const waiter: ShardWaiter = { shard, sequence, outcome: 'waiting', error: '', settled: new Signal() };
  const { waiters } = state.memory;
  const others = waiters.get(shard);
  if (others === undefined) waiters.set(shard, [waiter]);
  else others.push(waiter);
  return waiter;
}

/** A waiter for the reconcile that the shard needs, undefined when it needs none or may have none. */
export function maybeReconcile(state: State, shard: number, priority: Priority): ShardWaiter | undefined {
  const { shards, memory } = state;
  if (!isDirty(state, shard) && shards.pendingNotification[shard] !== 1) return undefined;
  if (shards.splitting[shard] === 1) return undefined;
  const running = memory.reconciles.get(shard);
  if (running !== undefined && running.sequence === shards.sequence[shard]) return newWaiter(state, shard);
  if (tenantOf(state, shard).scheduling === 'Stop') return undefined;
  const permits = takePermit(state, priority);
  if (permits === undefined) {
    if (shards.delayed[shard] !== 1 && memory.delayed.length < 10_000) {
      shards.delayed[shard] = 1;
      memory.delayed.push(shard);
    }
    if (running !== undefined) shards.sequence[shard] = running.sequence + 1;
    return newWaiter(state, shard);
  }
  start(state, shard, permits, running);
  return newWaiter(state, shard);
}

function takePermit(state: State, priority: Priority): Permits | undefined {
  const { normalPermits, priorityPermits } = state.memory;
  if (priority === 'high' && priorityPermits.tryTake()) return priorityPermits;
  return normalPermits.tryTake() ? normalPermits : undefined;
}

function start(state: State, shard: number, permits: Permits, old: ReconcileHandle | undefined): void {
  const { shards, memory } = state;
  const sequence = Math.max(
    (shards.sequence[shard] ?? 0) + (old === undefined ? 1 : 0),
    1 + (old?.sequence ?? 0),
  );
  shards.sequence[shard] = sequence;
  memory.counters.reconcileSpawn += 1;
  const mustNotify = shards.pendingNotification[shard] === 1;
  const run = beginReconcile(state, shard);
  write(state, 'reconcile', `${nameOf(state, shard)} ${run.attached}/${run.secondaries.join('+')}`);
  old?.task.cancel();
  const task = memory.tasks.start(outcomeOf(state, run, mustNotify, old), (error) => {
    permits.give();
    if (memory === state.memory && !isGone(state, shard)) finish(state, run, sequence, error);
  });
  memory.reconciles.set(shard, { sequence, task, startedAtMs: state.queue.nowMs() });
}

/** Undefined when all went well. */
function* outcomeOf(
  state: State,
  run: Reconcile,
  mustNotify: boolean,
  old: ReconcileHandle | undefined,
): Steps<Error | undefined> {
  const { complete } = state.memory.counters;
  try {
    if (old !== undefined && !old.task.over) yield { signal: old.task.finished };
    yield* hinder(state, run);
    yield* reconcile(state, run);
    if (mustNotify) yield* notify(state, run);
    complete[run.notifyFailed ? 'ok_no_notify' : 'ok'] += 1;
    return undefined;
  } catch (error) {
    if (!(error instanceof ReconcileError) && !(error instanceof Cancelled)) throw error;
    if (mustNotify) run.notifyFailed = true;
    complete[error instanceof Cancelled ? 'cancel' : 'error'] += 1;
    return error;
  }
}

/** What a fault makes of the reconcile. */
function* hinder(state: State, { shard, attached }: Reconcile): Steps<void> {
  const { stuckTenants, stuckOver } = state.broken;
  if (stuckTenants.size === 0) return;
  const { id } = tenantOf(state, shard);
  while (stuckTenants.get(id) === 'long') yield { signal: stuckOver };
  if (stuckTenants.get(id) === 'failing')
    throw new ReconcileError(`receive body: error sending request to pageserver ${attached}`);
}

/** What the controller knows of the locations after the reconcile. */
function takeIn(state: State, run: Reconcile, failed: boolean): void {
  const { shards } = state;
  const { locations } = shards;
  const set = (node: number, mode: number, generation: number) => {
    const at = shards.ensureLocation(run.shard, node);
    locations.knownMode[at] = mode;
    locations.knownGeneration[at] = generation;
  };
  for (const [node, known] of run.known) {
    const before = run.before.get(node);
    if (before?.mode === known.mode && before.generation === known.generation) continue;
    if (isAvailable(state, node)) set(node, known.mode, known.generation);
    else if (state.nodes.has(node)) set(node, unknown, none);
  }
  for (const node of run.before.keys()) {
    if (run.known.has(node) || !state.nodes.has(node)) continue;
    if (failed || !isAvailable(state, node)) set(node, unknown, none);
    else set(node, absent, none);
  }
  const generation = shards.generation[run.shard] ?? none;
  if (run.generation !== none && (generation === none || run.generation > generation))
    shards.generation[run.shard] = run.generation;
  shards.sweepLocations(run.shard);
}

function finish(state: State, run: Reconcile, sequence: number, error: Error | undefined): void {
  const { shards, memory } = state;
  const { shard } = run;
  shards.pendingNotification[shard] = run.notifyFailed ? 1 : 0;
  const running = memory.reconciles.get(shard);
  if (running !== undefined && running.sequence <= sequence) memory.reconciles.delete(shard);
  takeIn(state, run, error !== undefined);
  const message = error instanceof Cancelled ? 'cancelled' : (error?.message ?? '');
  if (error !== undefined) memory.lastErrors.set(shard, message);
  settleWaiters(state, shard, sequence, error === undefined ? undefined : message);
  shards.consecutive[shard] = Math.min(255, (shards.consecutive[shard] ?? 0) + 1);
  write(state, 'reconciled', `${nameOf(state, shard)} ${message}${run.notifyFailed ? ' not notified' : ''}`);
  dropWhenDetached(state, shard);
  startDelayed(state);
}

function settleWaiters(state: State, shard: number, sequence: number, error: string | undefined): void {
  const { waiters } = state.memory;
  const all = waiters.get(shard) ?? [];
  const left = all.filter((waiter) => waiter.sequence > sequence);
  if (left.length === 0) waiters.delete(shard);
  else waiters.set(shard, left);
  for (const waiter of all) {
    if (waiter.sequence > sequence) continue;
    waiter.outcome = error === undefined ? 'done' : 'failed';
    waiter.error = error ?? '';
    waiter.settled.fire();
  }
}

/** A tenant that is nowhere any more leaves the controller's memory. */
export function dropWhenDetached(state: State, shard: number): void {
  const tenant = tenantOf(state, shard);
  if (tenant.placement !== placedDetached || tenant.locked || tenant.dropped) return;
  const { shards, memory } = state;
  const left = shardsOf(tenant).some(
    (each) => memory.reconciles.has(each) || (shards.firstLocation[each] ?? -1) !== -1,
  );
  if (!left) tenant.dropped = true;
}

function startDelayed(state: State): void {
  const { shards, memory } = state;
  while (memory.normalPermits.free > 0) {
    const shard = memory.delayed.shift();
    if (shard === undefined) return;
    shards.delayed[shard] = 0;
    if (!isGone(state, shard)) maybeReconcile(state, shard, 'normal');
  }
}

/** Waits at most so long; true when the shard's reconcile is over, well or not. */
export function* awaitWaiter(waiter: ShardWaiter, ms: number): Steps<boolean> {
  if (waiter.outcome === 'waiting') yield { signal: waiter.settled, ms };
  return waiter.outcome !== 'waiting';
}

/** Waits at most so long for all together. @returns those that are not over. */
export function* awaitRemainder(
  state: State,
  waiters: readonly ShardWaiter[],
  ms: number,
): Steps<ShardWaiter[]> {
  const until = state.queue.nowMs() + ms;
  for (const waiter of waiters) {
    const left = until - state.queue.nowMs();
    if (left <= 0) break;
    yield* awaitWaiter(waiter, left);
  }
  return waiters.filter((waiter) => waiter.outcome === 'waiting');
}
