import { isReady, optimizeAll, reconcileAll } from './background.ts';
import {
  addSecondary,
  attachedOf,
  clearIntent,
  clearSecondaries,
  raiseSequence,
  removeSecondary,
  setAttached,
  tenantAffinity,
} from './intent.ts';
import { applyOptimization, findBetterNode, optimizeAttachment } from './optimizer.ts';
import { awaitRemainder, awaitWaiter, maybeReconcile } from './reconciles.ts';
import { answered, changing, later, ok, refusals } from './replies.ts';
import { parseShardName } from './shard-name.ts';
import {
  addressOf,
  isAvailable,
  nameOf,
  placedDetached,
  placedSecondary,
  type ShardWaiter,
  type State,
  tenantOf,
  write,
} from './state.ts';
import type { Steps } from './task.ts';
import type { Answer, MigrateRequest, Reply } from './wire.ts';

const reconcileTimeoutMs = 30_000;

export type Empty = Record<string, never>;

/** Index of the shard, undefined when there is none of that name. */
function findShard(state: State, name: string): number | undefined {
  const parsed = parseShardName(name);
  const tenant = parsed === undefined ? undefined : state.tenantIds.get(parsed.tenantId);
  if (parsed === undefined || tenant === undefined || tenant.dropped) return undefined;
  if (parsed.count !== tenant.shardCount || parsed.number >= Math.max(1, tenant.shardCount)) return undefined;
  return tenant.first + parsed.number;
}

/** 408 after 30 s, and what was waited for goes on. */
function* awaitReconcile(state: State, waiter: ShardWaiter): Steps<Answer<Empty>> {
  const name = nameOf(state, waiter.shard);
  if (!(yield* awaitWaiter(waiter, reconcileTimeoutMs)))
    return refusals.timeout(`Timeout waiting for shard ${name}`);
  if (waiter.outcome === 'failed')
    return refusals.internal(`Reconcile error on shard ${name}: ${waiter.error}`);
  return ok(200, {});
}

function replyWhenReconciled(state: State, waiter: ShardWaiter | undefined): Reply<Empty> {
  if (waiter === undefined) return answered(ok(200, {}));
  return later(state, awaitReconcile(state, waiter));
}

function describeAttached(node: number): string {
  return node === 0 ? 'None' : `Some(NodeId(${node}))`;
}

/** What stands against the migration; the order of the checks is the controller's. */
function refuseMigration(state: State, name: string, body: MigrateRequest): Answer<Empty> | undefined {
  const { node_id: target, origin_node_id: origin } = body;
  const override = body.migration_config?.override_scheduler === true;
  if (!state.nodes.has(target)) return refusals.badRequest(`Node ${target} not found`);
  if (!isAvailable(state, target) && !override) {
    const { host } = addressOf(state, 'pageserver', target);
    return refusals.precondition(`Node ${target} (${host}) is unavailable`);
  }
  const shard = findShard(state, name);
  if (shard === undefined) return refusals.notFound('Tenant shard not found');
  const affinity = tenantAffinity(state, tenantOf(state, shard));
  const better = findBetterNode(state, shard, 'attached', affinity, { current: target, exclude: [] });
  if (better !== 0 && !override) return refusals.precondition('Migration to a worse-scoring node');
  if (origin !== undefined && attachedOf(state, shard) !== origin)
    return refusals.precondition(
      `Migration expected to originate from ${origin} but shard is on ${describeAttached(attachedOf(state, shard))}`,
    );
  return undefined;
}

export function migrate(state: State, name: string, body: MigrateRequest): Reply<Empty> {
  const parsed = parseShardName(name);
  if (parsed === undefined) return answered(refusals.badRequest('failed to parse tenant_shard_id'));
  const refused = refuseMigration(state, name, body);
  const shard = findShard(state, name);
  if (refused !== undefined || shard === undefined)
    return answered(refused ?? refusals.notFound('Tenant shard not found'));
  return changing(state, () => {
    if (attachedOf(state, shard) === body.node_id) {
      state.shards.preferredNode[shard] = 0;
      return replyWhenReconciled(state, maybeReconcile(state, shard, 'high'));
    }
    if (body.migration_config?.prewarm ?? true) return migrateGracefully(state, shard, body.node_id);
    return migrateNow(state, shard, body.node_id);
  });
}

/** Only a wish: the optimizer moves the shard once the secondary there is warm. */
function migrateGracefully(state: State, shard: number, node: number): Reply<Empty> {
  state.shards.preferredNode[shard] = node;
  write(state, 'migrate', `${nameOf(state, shard)} to ${node}, warming first`);
  const found = optimizeAttachment(state, shard);
  if (found === undefined || !isReady(state, found)) return answered(ok(200, {}));
  applyOptimization(state, found);
  return replyWhenReconciled(state, maybeReconcile(state, shard, 'high'));
}

function migrateNow(state: State, shard: number, node: number): Reply<Empty> {
  const { placement } = tenantOf(state, shard);
  if (placement === placedDetached)
    return answered(
      refusals.badRequest(
        'Cannot migrate a tenant that is PlacementPolicy::Detached: configure it to an attached policy first',
      ),
    );
  if (placement === placedSecondary) {
    clearIntent(state, shard);
    addSecondary(state, shard, node);
  } else {
    const before = attachedOf(state, shard);
    removeSecondary(state, shard, node);
    setAttached(state, shard, node);
    if (before !== 0 && placement > 0) {
      for (let all = state.shards.secondariesOf(shard); all.length >= placement; ) {
        removeSecondary(state, shard, all.at(-1) ?? 0);
        all = state.shards.secondariesOf(shard);
      }
      addSecondary(state, shard, before);
    }
  }
  raiseSequence(state, shard);
  state.shards.preferredNode[shard] = 0;
  write(state, 'migrate', `${nameOf(state, shard)} to ${node}`);
  return replyWhenReconciled(state, maybeReconcile(state, shard, 'high'));
}

export function migrateSecondary(state: State, name: string, body: MigrateRequest): Reply<Empty> {
  if (!state.nodes.has(body.node_id)) return answered(refusals.badRequest(`Node ${body.node_id} not found`));
  const shard = findShard(state, name);
  if (shard === undefined) return answered(refusals.notFound('Tenant shard not found'));
  return changing(state, () => {
    const secondaries = state.shards.secondariesOf(shard);
    const unchanged = secondaries.length === 1 && secondaries[0] === body.node_id;
    if (!unchanged && attachedOf(state, shard) !== body.node_id) {
      clearSecondaries(state, shard);
      addSecondary(state, shard, body.node_id);
      raiseSequence(state, shard);
    }
    return replyWhenReconciled(state, maybeReconcile(state, shard, 'high'));
  });
}

export function cancelReconcile(state: State, name: string): Reply<null> {
  const shard = findShard(state, name);
  if (shard === undefined) return answered(refusals.notFound('Tenant shard not found'));
  const running = state.memory.reconciles.get(shard);
  if (running === undefined) return answered(ok(200, null));
  running.task.cancel();
  function* untilOver(): Steps<Answer<null>> {
    if (running !== undefined && !running.task.over) yield { signal: running.task.finished, ms: 5_000 };
    return running?.task.over === true
      ? ok(200, null)
      : refusals.timeout(`Timeout waiting for shard ${name}`);
  }
  return later(state, untilOver());
}

/** Everything that is dirty, then the optimizer; 0 says that the cluster is idle. */
export function reconcileAllNow(state: State): Reply<number> {
  function* run(): Steps<Answer<number>> {
    const { spawned } = yield* reconcileAll(state);
    const optimized = spawned === 0 ? yield* optimizeAll(state) : 0;
    const waiters: ShardWaiter[] = [];
    for (const shard of state.memory.reconciles.keys()) {
      const waiter = maybeReconcile(state, shard, 'normal');
      if (waiter !== undefined) waiters.push(waiter);
    }
    const left = yield* awaitRemainder(state, waiters, reconcileTimeoutMs);
    const first = left[0];
    if (first !== undefined)
      return refusals.timeout(`Timeout waiting for shard ${nameOf(state, first.shard)}`);
    const failed = waiters.find((waiter) => waiter.outcome === 'failed' && waiter.error !== 'cancelled');
    if (failed !== undefined)
      return refusals.internal(`Reconcile error on shard ${nameOf(state, failed.shard)}: ${failed.error}`);
    return ok(200, Math.max(waiters.length, spawned + optimized));
  }
  return later(state, run());
}

/** 500 whenever any reconcile is running. */
export function consistencyCheck(state: State): Reply<null> {
  for (const shard of state.memory.reconciles.keys())
    return answered(refusals.internal(`Shard ${nameOf(state, shard)} has a reconcile in progress`));
  return answered(ok(200, null));
}

/** PUT preferred_azs: nothing is reconciled, nobody is notified. */
export function setPreferredAzsOf(
  state: State,
  body: Readonly<Record<string, string | null>>,
  set: (shard: number, az: number) => void,
): Reply<{ readonly updated: readonly string[] }> {
  return changing(state, () => {
    const updated: string[] = [];
    for (const [name, zone] of Object.entries(body)) {
      const shard = findShard(state, name);
      if (shard === undefined) continue;
      set(shard, zone === null ? 0 : Math.max(0, state.azNames.indexOf(zone)));
      updated.push(name);
    }
    return answered(ok(200, { updated }));
  });
}
