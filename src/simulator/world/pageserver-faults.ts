import type { FaultArguments } from './api.ts';
import { type Fault, toNode, toWorld } from './fault-kinds.ts';
import { continuePageserver, killPageserver, startPageserver } from './lifecycle.ts';
import { setScheduling } from './operations.ts';
import type { NodeState, State } from './state.ts';
import type { NodeScheduling } from './wire.ts';

export const pageserverFaults: readonly Fault[] = [
  toNode(
    'node_down',
    'the pageserver is killed; over: it starts again',
    (state, node) => killPageserver(state, node, 'down'),
    startPageserverAgain,
  ),
  toNode(
    'node_hung',
    'it takes connections and answers nothing; over: it goes on',
    (state, node) => killPageserver(state, node, 'hung'),
    continuePageserver,
  ),
  toNode(
    'node_slow',
    'every answer takes `ms` longer',
    (_state, node, args) => {
      node.delayMs = Number(args['ms'] ?? 1_000);
    },
    (_state, node) => {
      node.delayMs = 0;
    },
    [{ name: 'ms', kind: 'number', required: false }],
  ),
  toNode('node_restarted', 'the pageserver restarts', startPageserverAgain),
  toNode(
    'node_warming',
    'it starts and does not get to answering: WarmingUp, then Offline',
    (state, node) => startPageserver(state, node, true),
    (_state, node) => {
      node.attaching = false;
    },
  ),
  toNode(
    'cold_secondaries',
    'its secondaries get no heatmap: drains skip them, optimizations wait',
    (_state, node) => {
      node.cold = true;
    },
    (_state, node) => {
      node.cold = false;
    },
  ),
  toNode(
    'warming_stuck',
    'it starts, does not get to answering, and stays WarmingUp however long that takes',
    (state, node) => {
      state.broken.warming.add(node.id);
      startPageserver(state, node, true);
    },
    (state, node) => {
      state.broken.warming.delete(node.id);
      node.attaching = false;
    },
  ),
  toNode(
    'node_flapping',
    'it is killed and starts again, each after `ms`; default twice the time to Offline',
    startFlapping,
    (state, node) => {
      state.broken.flapping.delete(node.id);
      if (node.process !== 'up') startPageserver(state, node);
    },
    [{ name: 'ms', kind: 'number', required: false }],
  ),
  toNode(
    'node_policy',
    'its scheduling policy is `as` with no operation behind it: Draining or Filling orphaned, PauseForRestart forgotten',
    (state, node, args) => {
      const policy = policies.find((each) => each === args['as']);
      if (policy === undefined) return `a policy is one of ${policies.join(', ')}, not ${args['as']}`;
      setScheduling(state, node, policy);
      return undefined;
    },
    (state, node) => setScheduling(state, node, 'Active'),
    [{ name: 'as', kind: 'word', required: true }],
  ),
  toWorld(
    'nothing_schedulable',
    'every pageserver is paused; over: those are active again',
    (state) => {
      for (const node of state.nodes.values()) {
        if (node.scheduling !== 'Active') continue;
        state.broken.paused.add(node.id);
        setScheduling(state, node, 'Pause');
      }
      return undefined;
    },
    (state) => {
      for (const id of state.broken.paused) {
        const node = state.nodes.get(id);
        if (node?.scheduling === 'Pause') setScheduling(state, node, 'Active');
      }
      state.broken.paused.clear();
    },
  ),
  toNode(
    'unknown_location',
    'it holds a shard of a tenant that the controller has never heard of, until it restarts',
    (state, node) => {
      state.broken.strays.set(node.id, ['f'.repeat(28) + node.id.toString(16).padStart(4, '0')]);
    },
    (state, node) => {
      state.broken.strays.delete(node.id);
    },
  ),
];

const policies: readonly NodeScheduling[] = [
  'Active',
  'Filling',
  'Pause',
  'PauseForRestart',
  'Draining',
  'Deleting',
];

function startFlapping(state: State, node: NodeState, args: FaultArguments): void {
  const { flapping } = state.broken;
  const turn = (flapping.get(node.id) ?? 0) + 1;
  flapping.set(node.id, turn);
  const everyMs = Math.max(1_000, Number(args['ms'] ?? 2 * state.config.offlineMs));
  const flap = (): void => {
    if (flapping.get(node.id) !== turn || !state.nodes.has(node.id)) return;
    if (node.process === 'up') killPageserver(state, node, 'down');
    else startPageserver(state, node);
    state.queue.after(everyMs, flap);
  };
  flap();
}

function startPageserverAgain(state: State, node: NodeState): void {
  startPageserver(state, node);
}
