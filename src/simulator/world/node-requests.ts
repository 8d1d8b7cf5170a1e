import { setAvailability } from './heartbeats.ts';
import { panic } from './lifecycle.ts';
import { drainNode, emptyNode, fillNode, leaveNode, setScheduling } from './operations.ts';
import { maybeReconcile } from './reconciles.ts';
import { answered, changing, later, ok, refusals, whenAnswered } from './replies.ts';
import { absent, none } from './shard-table.ts';
import {
  maySchedule,
  type NodeState,
  type Operation,
  type OperationKind,
  type State,
  shardsOf,
  write,
} from './state.ts';
import type { Steps } from './task.ts';
import type { Answer, NodeScheduling, Reply } from './wire.ts';

type NodeReply = Reply<null>;

function unknownNode(id: number): Answer<null> {
  return refusals.notFound(`Node ${id} not registered`);
}

const duringOf: Readonly<Record<OperationKind, NodeScheduling>> = {
  fill: 'Filling',
  drain: 'Draining',
  delete: 'Deleting',
};
const doneTo: Readonly<Record<OperationKind, string>> = {
  fill: 'filled',
  drain: 'drained',
  delete: 'deleted',
};

/** What the state of the cluster has against the operation. */
function refuseOperation(state: State, node: NodeState, kind: OperationKind): Answer<null> | undefined {
  const { operation } = state.memory;
  if (operation !== undefined)
    return refusals.precondition(
      `Background operation already ongoing for node: ${operation.kind} ${operation.node}`,
    );
  if (kind !== 'delete' && node.availability !== 'Active')
    return refusals.unavailable(`Node ${node.id} is currently unavailable`);
  if (kind === 'fill' && state.nodes.size <= 1) return refusals.precondition('No other nodes to fill from');
  if (kind !== 'fill' && ![...state.nodes.values()].some(maySchedule))
    return refusals.precondition(
      kind === 'drain'
        ? 'No other schedulable nodes to drain to'
        : 'No other schedulable nodes to move shards',
    );
  const allowed: readonly NodeScheduling[] = kind === 'delete' ? ['Active', 'Pause'] : ['Active'];
  if (allowed.includes(node.scheduling)) return undefined;
  if (node.scheduling === duringOf[kind]) return refusals.conflict(`Node ${node.id} has ${kind} in progress`);
  return refusals.precondition(`Node ${node.id} cannot be ${doneTo[kind]} due to ${node.scheduling} policy`);
}

function startOperation(
  state: State,
  id: number,
  kind: OperationKind,
  steps: (operation: Operation, node: NodeState) => Steps<void>,
): NodeReply {
  const node = state.nodes.get(id);
  const refused = node === undefined ? unknownNode(id) : refuseOperation(state, node, kind);
  if (refused !== undefined || node === undefined) return answered(refused ?? unknownNode(id));
  const start = (): NodeReply => {
    const { memory } = state;
    const operation: Operation = { kind, node: id, cancelled: false };
    const running = steps(operation, node);
    setScheduling(state, node, duringOf[kind]);
    memory.operation = operation;
    write(state, 'operation', `${kind} ${id} starts`);
    memory.tasks.start(running, () => {
      write(state, 'operation', `${kind} ${id} ends`);
      // Another one has been put in its place: what the controller asserts here, and dies of.
      if (memory.operation !== operation) panic(state, 'concurrent_operations');
      memory.operation = undefined;
    });
    return answered(ok(kind === 'delete' ? 200 : 202, null));
  };
  const { databaseMs } = state.broken;
  return databaseMs === 0 ? changing(state, start) : later(state, afterCheck(state, databaseMs, start));
}

/** Between check and start the controller waits for its database, and does not check again. */
function* afterCheck(state: State, ms: number, start: () => NodeReply): Steps<Answer<null>> {
  yield ms;
  return yield* whenAnswered(changing(state, start));
}

export function startFill(state: State, id: number): NodeReply {
  return startOperation(state, id, 'fill', (operation) => fillNode(state, operation));
}

export function startDrain(state: State, id: number): NodeReply {
  return startOperation(state, id, 'drain', (operation) => drainNode(state, operation));
}

export function startDelete(state: State, id: number, force: boolean): NodeReply {
  return startOperation(state, id, 'delete', (operation, node) => {
    const back = node.scheduling;
    return deleteNode(state, operation, { force, back });
  });
}

function* deleteNode(
  state: State,
  operation: Operation,
  how: { readonly force: boolean; readonly back: NodeScheduling },
): Steps<void> {
  if (yield* emptyNode(state, operation, how)) forgetNode(state, operation.node);
}

/** The node leaves the controller's memory, its row stays as a tombstone; what was meant to be there goes elsewhere. */
export function forgetNode(state: State, id: number): void {
  const node = state.nodes.get(id);
  if (node === undefined) return;
  const { shards } = state;
  const moved: number[] = [];
  node.scheduling = 'Deleting';
  for (const tenant of state.order)
    for (const shard of shardsOf(tenant)) {
      if (leaveNode(state, shard, id)) moved.push(shard);
      const at = shards.findLocation(shard, id);
      if (at === -1) continue;
      shards.locations.mode[at] = absent;
      shards.locations.knownMode[at] = absent;
      shards.locations.knownGeneration[at] = none;
      shards.sweepLocations(shard);
    }
  node.locationCount = 0;
  node.diskWantedKib = 0;
  state.nodes.delete(id);
  state.tombstones.set(id, node);
  node.availability = 'Offline';
  node.unavailable.fire();
  write(state, 'node', `${id} deleted`);
  for (const shard of moved) maybeReconcile(state, shard, 'normal');
}

export function cancelOperation(state: State, id: number, kind: OperationKind): NodeReply {
  const node = state.nodes.get(id);
  if (node === undefined) return answered(unknownNode(id));
  if (kind !== 'delete' && node.availability !== 'Active')
    return answered(refusals.unavailable(`Node ${id} is currently unavailable`));
  const { operation } = state.memory;
  if (operation?.kind !== kind || operation.node !== id)
    return answered(refusals.precondition(`Node ${id} has no ${kind} in progress`));
  operation.cancelled = true;
  return answered(ok(202, null));
}

export function configureNode(
  state: State,
  id: number,
  body: { readonly scheduling?: NodeScheduling; readonly availability?: 'Active' | 'Offline' },
): NodeReply {
  const { operation } = state.memory;
  if (operation !== undefined)
    return answered(
      refusals.precondition(
        `Ongoing background operation forbids configuring: ${operation.kind} ${operation.node}`,
      ),
    );
  const node = state.nodes.get(id);
  if (node === undefined) return answered(unknownNode(id));
  return changing(state, () => {
    if (body.scheduling !== undefined) setScheduling(state, node, body.scheduling);
    if (body.availability !== undefined) setAvailability(state, node, body.availability);
    return answered(ok(200, null));
  });
}
