import { attachedOf, avoid, demote, nodesOf, raiseSequence, schedule } from './intent.ts';
import { maybeReconcile } from './reconciles.ts';
import type { Affinity } from './scheduler.ts';
import { absent, attachedSingle, none, secondary, unknown } from './shard-table.ts';
import { maySchedule, type NodeState, type State, shardsOf, write } from './state.ts';
import { backoffMs, Signal, type Steps } from './task.ts';
import type { NodeAvailability } from './wire.ts';

/** How the controller learns that a pageserver is there, and what it does when one is not. */

const tries = 4;
const tryMs = 1_000;

/** Whether the node answers one of the tries: one that is refused fails at once, one that hangs after a second. */
function* listen(state: State, node: NodeState): Steps<boolean> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    if (isHeard(node) && node.delayMs < tryMs) {
      node.lastSeenMs = state.queue.nowMs();
      yield node.delayMs;
      return true;
    }
    if (node.process !== 'down') yield tryMs;
    if (attempt + 1 < tries) yield backoffMs(attempt, 0.1, 3);
  }
  return false;
}

/** All at once; a round is over when the last one is judged. */
function* round(state: State): Steps<void> {
  const over = new Signal();
  let left = state.nodes.size;
  for (const node of state.nodes.values())
    state.memory.tasks.start(listen(state, node), (heard) => {
      if (state.nodes.has(node.id)) judge(state, node, heard && isHeard(node));
      left -= 1;
      if (left === 0) over.fire();
    });
  for (const keeper of state.safekeepers.values())
    if (keeper.process !== 'up' && keeper.scheduling !== 'Decomissioned') keeper.requestErrors += 1;
  yield left === 0 ? 10 : { signal: over };
}

function isHeard(node: NodeState): boolean {
  return node.process === 'up' && !node.attaching;
}

function judge(state: State, node: NodeState, heard: boolean): void {
  const now = state.queue.nowMs();
  if (heard) {
    node.reportedShards = Math.max(node.locationCount, node.shardCount);
    setAvailability(state, node, 'Active');
    return;
  }
  node.requestErrors += 1;
  const { warmingUpMs, offlineMs } = state.config;
  if (node.availability === 'WarmingUp') {
    if (now - node.warmingSinceMs >= warmingUpMs && !state.broken.warming.has(node.id))
      setAvailability(state, node, 'Offline');
  } else if (now - node.lastSeenMs >= offlineMs) setAvailability(state, node, 'Offline');
}

/** Rounds follow each other at the interval, and at once when one has taken longer. */
export function* heartbeatLoop(state: State): Steps<void> {
  let due = state.queue.nowMs();
  for (;;) {
    yield* round(state);
    activateSafekeepers(state);
    due += state.config.heartbeatMs;
    yield Math.max(0, due - state.queue.nowMs());
  }
}

function activateSafekeepers(state: State): void {
  for (const keeper of state.safekeepers.values())
    if (keeper.scheduling === 'Activating' && keeper.process === 'up') keeper.scheduling = 'Active';
}

export function setAvailability(state: State, node: NodeState, availability: NodeAvailability): void {
  const before = node.availability;
  if (before === availability) return;
  node.availability = availability;
  write(state, 'node', `${node.id} ${availability} ${node.scheduling}`);
  if (availability === 'Active') {
    learnLocations(state, node);
    reconcileUnknown(state, node);
  } else if (before === 'Active') node.unavailable.fire();
  if (availability === 'Offline') failOver(state, node);
}

/** Before a node is active again the controller lists what it has; where that is something else it is not sure. */
function learnLocations(state: State, node: NodeState): void {
  const { shards } = state;
  const { locations } = shards;
  for (const tenant of state.order) {
    for (let shard = tenant.first; shard < tenant.first + Math.max(1, tenant.shardCount); shard += 1) {
      const at = shards.findLocation(shard, node.id);
      if (at === -1 || locations.mode[at] === absent) continue;
      const same =
        locations.mode[at] === locations.knownMode[at] &&
        (locations.mode[at] === secondary || locations.generation[at] === locations.knownGeneration[at]);
      if (!same) {
        locations.knownMode[at] = unknown;
        locations.knownGeneration[at] = none;
      }
    }
  }
}

function reconcileUnknown(state: State, node: NodeState): void {
  const { shards, memory } = state;
  for (const tenant of state.order) {
    if (tenant.dropped) continue;
    for (const shard of shardsOf(tenant)) {
      const at = shards.findLocation(shard, node.id);
      if (at === -1 || shards.locations.knownMode[at] !== unknown || memory.reconciles.has(shard)) continue;
      maybeReconcile(state, shard, 'normal');
    }
  }
}

/** What was attached there is attached elsewhere, unless there is nowhere to go. */
function failOver(state: State, node: NodeState): void {
  const { shards } = state;
  const hopeless = state.nodes.size === 1 || ![...state.nodes.values()].some(maySchedule);
  for (const tenant of state.order) {
    if (tenant.dropped) continue;
    const affinity: Affinity = new Map();
    for (const shard of shardsOf(tenant)) {
      const at = shards.findLocation(shard, node.id);
      if (at !== -1 && shards.locations.knownMode[at] !== absent) {
        shards.locations.knownMode[at] = unknown;
        shards.locations.knownGeneration[at] = none;
      }
      if (hopeless || attachedOf(state, shard) !== node.id) {
        avoid(affinity, nodesOf(state, shard));
        continue;
      }
      demote(state, shard, node.id);
      raiseSequence(state, shard);
      if (schedule(state, shard, affinity)) maybeReconcile(state, shard, 'normal');
    }
  }
}

/**
 * A pageserver has started and asks what it shall attach. Generations of what was last issued to it go up by one;
 * everything that is not in the answer it drops.
 */
export function reAttach(state: State, node: NodeState): void {
  const { shards } = state;
  const { locations } = shards;
  for (const tenant of state.order) {
    for (let shard = tenant.first; shard < tenant.first + Math.max(1, tenant.shardCount); shard += 1) {
      const issued = !tenant.dropped && shards.generationNode[shard] === node.id;
      const found = shards.findLocation(shard, node.id);
      if (issued && shards.databaseGeneration[shard] !== none && tenant.placement >= 0) {
        const generation = (shards.databaseGeneration[shard] ?? 0) + 1;
        shards.databaseGeneration[shard] = generation;
        shards.generation[shard] = generation;
        const at = shards.ensureLocation(shard, node.id);
        const known = locations.knownMode[at] ?? absent;
        if (known === absent) locations.knownMode[at] = unknown;
        else if (known !== unknown) locations.knownGeneration[at] = generation;
        hold(state, shard, node, attachedSingle, generation);
      } else if (shards.hasSecondary(shard, node.id)) hold(state, shard, node, secondary, none);
      else if (found !== -1) hold(state, shard, node, absent, none);
    }
  }
  // What is not in the answer it drops, whoever it belongs to.
  state.broken.strays.delete(node.id);
  const reset: readonly string[] = ['PauseForRestart', 'Draining', 'Filling', 'Deleting'];
  if (reset.includes(node.scheduling)) node.scheduling = 'Active';
  const before = node.availability;
  node.availability = 'WarmingUp';
  node.warmingSinceMs = state.queue.nowMs();
  if (before === 'Active') node.unavailable.fire();
  write(state, 'node', `${node.id} WarmingUp ${node.scheduling}`);
}

/** As the pageserver loads it: without the log line of a request. */
function hold(state: State, shard: number, node: NodeState, mode: number, generation: number): void {
  const { shards } = state;
  const { locations } = shards;
  const at = shards.ensureLocation(shard, node.id);
  const had = locations.mode[at] !== absent;
  const has = mode !== absent;
  const size = shards.sizeKib[shard] ?? 0;
  if (had !== has) {
    node.locationCount += has ? 1 : -1;
    node.diskWantedKib += has ? size : -size;
  }
  locations.mode[at] = mode;
  locations.generation[at] = generation;
  if (!has) shards.sweepLocations(shard);
}
