import { backgroundLoop, reconcileAll, refreshGauges } from './background.ts';
import { heartbeatLoop, reAttach } from './heartbeats.ts';
import { addSecondary, schedule, setAttached } from './intent.ts';
import { notifyAttach } from './notifier.ts';
import type { PanicCause } from './panic-cause.ts';
import { cutReplies } from './replies.ts';
import type { Affinity } from './scheduler.ts';
import { absent, isAttachedMode, none, secondarySlots } from './shard-table.ts';
import { type NodeState, newMemory, type State, shardsOf, tenths, write } from './state.ts';
import type { Steps } from './task.ts';

/** Processes that die and start again: what the controller loses, what it finds, what a pageserver asks for. */

const controllerStartMs = 300;
const pageserverStartMs = 250;

export function startControllerLoops(state: State): void {
  state.memory.tasks.start(heartbeatLoop(state));
  state.memory.tasks.start(backgroundLoop(state));
  refreshGauges(state);
}

export function killController(state: State): void {
  if (state.controllerProcess === 'down') return;
  state.controllerProcess = 'down';
  state.memory.tasks.kill();
  cutReplies(state);
  write(state, 'controller', 'killed');
}

/** @param cold leaves shards without secondaries: the controller was up before the pageservers. */
export function startController(state: State, cold = false): void {
  if (state.controllerProcess !== 'down') killController(state);
  state.controllerProcess = 'up';
  state.leadership = 'leader';
  state.memory = newMemory(state.queue);
  state.memory.ready = false;
  forget(state);
  write(state, 'controller', 'starts');
  state.memory.tasks.start(startUp(state, cold));
}

/** The process exits, every connection is cut, and all that was only in its memory is lost. */
export function panic(state: State, cause: PanicCause): void {
  if (state.controllerProcess === 'down') return;
  const { broken } = state;
  broken.panics += 1;
  write(state, 'controller_panicked', cause);
  killController(state);
  if (broken.panicRestartMs === undefined) return;
  const { panics } = broken;
  state.queue.after(broken.panicRestartMs, () => {
    const isStopped = [...state.activeFaults.values()].some(({ name }) => name === 'controller_down');
    // Somebody has started it meanwhile, or has stopped it for good.
    if (state.controllerProcess === 'down' && broken.panics === panics && !isStopped) startController(state);
  });
}

/** What was only in the memory of the process. What is in the database stays: policies, placements, generations. */
function forget(state: State): void {
  const { shards } = state;
  for (const tenant of state.order) {
    tenant.notifying = false;
    tenant.appliedRequest = 0;
    tenant.locked = false;
    tenant.dropped = tenant.placement === -2;
  }
  const count = shards.count;
  shards.notifiedNode.fill(0, 0, count);
  shards.preferredNode.fill(0, 0, count);
  shards.pendingNotification.fill(0, 0, count);
  shards.consecutive.fill(0, 0, count);
  shards.splitting.fill(0, 0, count);
  shards.delayed.fill(0, 0, count);
  shards.sequence.fill(1, 0, count);
  shards.generation.set(shards.databaseGeneration.subarray(0, count));
  shards.attached.fill(0, 0, count);
  shards.secondaries.fill(0, 0, count * secondarySlots);
  for (const node of state.nodes.values()) {
    node.availability = 'Offline';
    Object.assign(node, { shardCount: 0, attachedCount: 0, homeCount: 0, requestErrors: 0 });
  }
}

function* startUp(state: State, cold: boolean): Steps<void> {
  yield controllerStartMs;
  while (state.broken.startHeld) yield { signal: state.broken.startReleased };
  if (state.order.some(({ panicsAtStart }) => panicsAtStart)) {
    panic(state, 'attached_2');
    return;
  }
  for (const node of state.nodes.values()) {
    if (node.process !== 'up' || node.attaching) continue;
    node.availability = 'Active';
    node.lastSeenMs = state.queue.nowMs();
    node.reportedShards = node.locationCount;
    write(state, 'node', `${node.id} Active ${node.scheduling}`);
  }
  const stable: number[] = [];
  for (const tenant of state.order) {
    const affinity: Affinity = new Map();
    for (const shard of shardsOf(tenant)) {
      learn(state, shard);
      if (tenant.dropped) continue;
      intentFromLearned(state, shard, cold);
      if (!cold) schedule(state, shard, affinity);
      const at = state.shards.findLocation(shard, state.shards.attached[shard] ?? 0);
      if (at !== -1 && isAttachedMode(state.shards.locations.knownMode[at] ?? absent)) stable.push(shard);
    }
  }
  state.memory.ready = true;
  write(state, 'controller', 'ready');
  for (const shard of stable) state.shards.notifiedNode[shard] = state.shards.attached[shard] ?? 0;
  for (const shard of stable)
    if (state.shards.number[shard] === 0) state.memory.tasks.start(announce(state, shard));
  yield* reconcileAll(state);
  startControllerLoops(state);
}

/** After a start everyone is told again. */
function* announce(state: State, shard: number): Steps<void> {
  const outcome = yield* notifyAttach(state, shard, state.shards.attached[shard] ?? 0);
  if (outcome !== 'ok') state.shards.pendingNotification[shard] = 1;
}

/** Knowledge is what the pageservers that answer say. */
function learn(state: State, shard: number): void {
  const { shards } = state;
  const { locations } = shards;
  for (const at of shards.locationsOf(shard)) {
    const node = state.nodes.get(locations.node[at] ?? 0);
    const answers = node !== undefined && node.availability === 'Active';
    locations.changing[at] = 0;
    locations.knownMode[at] = answers ? (locations.mode[at] ?? absent) : absent;
    locations.knownGeneration[at] = answers ? (locations.generation[at] ?? none) : none;
  }
  shards.sweepLocations(shard);
}

function intentFromLearned(state: State, shard: number, cold: boolean): void {
  const { shards } = state;
  const { locations } = shards;
  let best = 0;
  let highest = -1;
  const seen: number[] = [];
  for (const at of shards.locationsOf(shard)) {
    const mode = locations.knownMode[at] ?? absent;
    if (mode === absent) continue;
    const node = locations.node[at] ?? 0;
    seen.push(node);
    const generation = locations.knownGeneration[at] ?? none;
    if (isAttachedMode(mode) && generation !== none && generation > highest) {
      highest = generation;
      best = node;
    }
  }
  if (best !== 0) setAttached(state, shard, best);
  if (cold) return;
  for (const node of seen.sort((one, other) => one - other))
    if (node !== best) addSecondary(state, shard, node);
}

/** Deposed: it goes on answering, and does nothing more by itself; another leader that is alive does it instead. */
export function stepDown(state: State): void {
  state.leadership = 'stepped_down';
  write(state, 'controller', 'stepped down');
  if (state.deposedBy === 'alive') return;
  state.memory.tasks.kill();
  cutReplies(state);
  state.memory.reconciles.clear();
}

export function killPageserver(state: State, node: NodeState, as: 'down' | 'hung'): void {
  node.process = as;
  write(state, 'pageserver', `${node.id} ${as}`);
}

/** One that hung goes on as if nothing had been. */
export function continuePageserver(state: State, node: NodeState): void {
  node.process = 'up';
  node.busyUntilMs = state.queue.nowMs();
  write(state, 'pageserver', `${node.id} goes on`);
}

/** @param stuck keeps it from answering after it has attached: it stays in WarmingUp until that is over. */
export function startPageserver(state: State, node: NodeState, stuck = false): void {
  const { queue } = state;
  node.process = 'up';
  node.attaching = true;
  node.startedAtMs = queue.nowMs();
  node.busyUntilMs = queue.nowMs();
  coolSecondaries(state, node);
  write(state, 'pageserver', `${node.id} starts`);
  const started = node.startedAtMs;
  const ask = () => {
    if (node.process === 'down' || node.startedAtMs !== started || !state.nodes.has(node.id)) return;
    const answers =
      node.process === 'up' &&
      state.controllerProcess === 'up' &&
      state.memory.ready &&
      state.leadership === 'leader';
    if (!answers || state.database === 'down') {
      queue.after(1_000, ask);
      return;
    }
    reAttach(state, node);
    if (stuck) return;
    queue.after(50, () => {
      if (node.startedAtMs === started) node.attaching = false;
    });
  };
  queue.after(pageserverStartMs, ask);
}

/** Secondaries learn of heatmaps anew after a start. */
function coolSecondaries(state: State, node: NodeState): void {
  const { shards } = state;
  const { locations } = shards;
  const period = Math.floor(state.config.heatmapPeriodMs / 100);
  const now = tenths(state);
  for (const tenant of state.order)
    for (const shard of shardsOf(tenant)) {
      const at = shards.findLocation(shard, node.id);
      if (at !== -1) locations.warmAt[at] = now + period + (shard % Math.max(1, period));
    }
}
