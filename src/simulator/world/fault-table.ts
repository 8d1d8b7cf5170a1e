import type { FaultArguments, FaultDescription } from './api.ts';
import { configureCompute } from './hook.ts';
import type { HookFault } from './hook-api.ts';
import { hookBehaviours } from './hook-behaviours.ts';
import {
  continuePageserver,
  killController,
  killPageserver,
  startController,
  startPageserver,
  stepDown,
} from './lifecycle.ts';
import type { ComputeState, NodeState, State } from './state.ts';

interface Fault extends FaultDescription {
  /** @returns why it cannot be done. */
  readonly on: (state: State, args: FaultArguments) => string | undefined;
  readonly off?: (state: State, args: FaultArguments) => void;
}

type Named = FaultDescription['arguments'];

const aNode: Named = [{ name: 'node', kind: 'node', required: true }];
const aTenant: Named = [{ name: 'tenant', kind: 'tenant', required: true }];
const aSafekeeper: Named = [{ name: 'safekeeper', kind: 'safekeeper', required: true }];

function toNode(
  name: string,
  description: string,
  on: (state: State, node: NodeState, args: FaultArguments) => void,
  off?: (state: State, node: NodeState) => void,
  more: Named = [],
): Fault {
  const nodeOf = (state: State, args: FaultArguments) => {
    const id = Number(args['node']);
    return state.nodes.get(id) ?? state.tombstones.get(id);
  };
  return {
    name,
    description,
    arguments: [...aNode, ...more],
    lasting: off !== undefined,
    on(state, args) {
      const node = nodeOf(state, args);
      if (node !== undefined) on(state, node, args);
      return undefined;
    },
    off(state, args) {
      const node = nodeOf(state, args);
      if (node !== undefined) off?.(state, node);
    },
  };
}

function toWorld(
  name: string,
  description: string,
  on: (state: State, args: FaultArguments) => string | undefined,
  off?: (state: State, args: FaultArguments) => void,
  named: Named = [],
): Fault {
  return {
    name,
    description,
    arguments: named,
    lasting: off !== undefined,
    on,
    ...(off === undefined ? {} : { off }),
  };
}

function toCompute(
  name: string,
  description: string,
  on: (state: State, compute: ComputeState) => void,
  off?: (state: State, compute: ComputeState) => void,
): Fault {
  const computeOf = (state: State, args: FaultArguments) => state.computes.get(String(args['tenant']));
  const turnOff = (state: State, args: FaultArguments) => {
    const compute = computeOf(state, args);
    if (compute !== undefined) off?.(state, compute);
  };
  const turnOn = (state: State, args: FaultArguments) => {
    const compute = computeOf(state, args);
    if (compute === undefined) return `tenant ${args['tenant']} has no compute`;
    on(state, compute);
    return undefined;
  };
  return toWorld(name, description, turnOn, off === undefined ? undefined : turnOff, aTenant);
}

function restartCompute(state: State, compute: ComputeState): void {
  compute.state = 'up';
  compute.status = 'running';
  compute.startTimeMs = state.queue.nowMs();
  const { tenantId, fileConnstring: connstring, fileStripeSize: stripeSize } = compute;
  configureCompute(state, { tenantId, connstring, stripeSize });
}

const pageserverFaults: readonly Fault[] = [
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
];

function startPageserverAgain(state: State, node: NodeState): void {
  startPageserver(state, node);
}

function isBehaviour(name: string): name is HookFault {
  return Object.hasOwn(hookBehaviours, name);
}

function setHook(state: State, as: string): string | undefined {
  const status = Number(as);
  if (Number.isInteger(status) && status >= 100 && status < 600) state.hook.behaviour = status;
  else if (isBehaviour(as)) state.hook.behaviour = as;
  else return `a hook is a status or one of ${Object.keys(hookBehaviours).join(', ')}, not ${as}`;
  return undefined;
}

const hookFault = toWorld(
  'hook',
  'the hook behaves `as`: dead, slow, sticky, lying, order-losing, tenant-blind, or a status such as 503',
  (state, args) => setHook(state, String(args['as'])),
  (state) => {
    state.hook.behaviour = 'right';
  },
  [{ name: 'as', kind: 'word', required: true }],
);

function hung(state: State): undefined {
  state.controllerProcess = 'hung';
}

function setLeadership(state: State, args: FaultArguments): string | undefined {
  const leader = String(args['leader'] ?? 'dead');
  if (leader !== 'dead' && leader !== 'itself' && leader !== 'alive')
    return `the other leader is dead, itself or alive, not ${leader}`;
  state.deposedBy = leader;
  stepDown(state);
  return undefined;
}

const controllerFaults: readonly Fault[] = [
  toWorld(
    'controller_down',
    'the controller is killed; over: it starts again',
    (state) => {
      killController(state);
      return undefined;
    },
    (state) => startController(state),
  ),
  toWorld('controller_restarted', 'the controller is killed and starts again', (state) => {
    startController(state);
    return undefined;
  }),
  toWorld('controller_hung', 'it takes connections and answers nothing', hung, (state) => {
    state.controllerProcess = 'up';
  }),
  toWorld('cold_start', 'the controller starts before the pageservers: no shard has a secondary', (state) => {
    startController(state, true);
    return undefined;
  }),
  toWorld(
    'stepped_down',
    'it is deposed; `leader` says by whom: dead, itself or alive',
    setLeadership,
    (state) => startController(state),
    [{ name: 'leader', kind: 'word', required: false }],
  ),
  toWorld(
    'candidate',
    'it waits to become leader',
    (state) => {
      state.leadership = 'candidate';
      return undefined;
    },
    (state) => {
      state.leadership = 'leader';
    },
  ),
  toWorld(
    'database_down',
    "the controller's database is lost",
    (state) => {
      state.database = 'down';
      return undefined;
    },
    (state) => {
      state.database = 'up';
      state.databaseBack.fire();
    },
  ),
];

const otherFaults: readonly Fault[] = [
  toWorld(
    'safekeeper_down',
    'the safekeeper is killed; the controller goes on calling it Active',
    (state, args) => {
      const keeper = state.safekeepers.get(Number(args['safekeeper']));
      if (keeper !== undefined) keeper.process = 'down';
      return undefined;
    },
    (state, args) => {
      const keeper = state.safekeepers.get(Number(args['safekeeper']));
      if (keeper !== undefined) keeper.process = 'up';
    },
    aSafekeeper,
  ),
  toWorld(
    'broker_down',
    'the broker is killed',
    (state) => {
      state.broker = 'down';
      return undefined;
    },
    (state) => {
      state.broker = 'up';
    },
  ),
  toCompute(
    'compute_down',
    'the compute is stopped',
    (_state, compute) => {
      compute.state = 'down';
    },
    restartCompute,
  ),
  toCompute('compute_restarted', 'the compute starts again with what its file says', restartCompute),
  toCompute('compute_drift', 'someone turns its list of pageservers round', (state, compute) => {
    const connstring = compute.connstring.split(',').reverse().join(',');
    configureCompute(state, { tenantId: compute.tenantId, connstring, stripeSize: null });
  }),
];

export const faultTable: readonly Fault[] = [
  ...pageserverFaults,
  hookFault,
  ...controllerFaults,
  ...otherFaults,
];
