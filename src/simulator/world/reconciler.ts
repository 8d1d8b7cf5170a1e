import { attachedOf } from './intent.ts';
import { type NotifyOutcome, notifyAttach } from './notifier.ts';
import { callNode, configureLocation } from './pageserver-calls.ts';
import {
  absent,
  attachedMulti,
  attachedSingle,
  attachedStale,
  isAttachedMode,
  none,
  secondary,
  unknown,
} from './shard-table.ts';
import { addressOf, isAvailable, nameOf, type State, tenantOf } from './state.ts';
import { backoffMs, Cancelled, type Steps } from './task.ts';

/** One attempt to make what pageservers hold of a shard into what it shall be: the controller's Reconciler. */

export class ReconcileError extends Error {}

export interface Known {
  readonly mode: number;
  readonly generation: number;
}

export interface Reconcile {
  readonly shard: number;
  /** What it shall be, as of the start. */
  readonly attached: number;
  readonly secondaries: readonly number[];
  /** What the controller knew at the start, and what it knows now. */
  readonly before: ReadonlyMap<number, Known>;
  readonly known: Map<number, Known>;
  generation: number;
  notifyFailed: boolean;
}

export function beginReconcile(state: State, shard: number): Reconcile {
  const { shards } = state;
  const { locations } = shards;
  const before = new Map<number, Known>();
  for (const at of shards.locationsOf(shard)) {
    const mode = locations.knownMode[at] ?? absent;
    const generation = locations.knownGeneration[at] ?? none;
    if (mode !== absent) before.set(locations.node[at] ?? 0, { mode, generation });
  }
  return {
    shard,
    attached: attachedOf(state, shard),
    secondaries: shards.secondariesOf(shard),
    before,
    known: new Map(before),
    generation: shards.generation[shard] ?? none,
    notifyFailed: false,
  };
}

const unsure: Known = { mode: unknown, generation: none };

function* configure(state: State, run: Reconcile, node: number, to: Known): Steps<void> {
  if (to.mode === absent && !isAvailable(state, node)) return;
  run.known.set(node, unsure);
  const outcome = yield* configureLocation(state, run.shard, node, to);
  if (outcome === 'cancelled') throw new Cancelled();
  if (outcome === 'error') {
    const { host, httpPort } = addressOf(state, 'pageserver', node);
    const url = `http://${host}:${httpPort}/v1/tenant/${nameOf(state, run.shard)}/location_config`;
    throw new ReconcileError(`receive body: error sending request for url (${url})`);
  }
  if (to.mode === absent) run.known.delete(node);
  else run.known.set(node, to.mode === secondary ? { mode: secondary, generation: none } : to);
}

export function* notify(state: State, run: Reconcile): Steps<NotifyOutcome> {
  if (run.attached === 0) return 'ok';
  const outcome = yield* notifyAttach(state, run.shard, run.attached);
  if (outcome !== 'ok') run.notifyFailed = true;
  return outcome;
}

/** Any failure but in the cut-over of a live migration ends the reconcile. */
function* notifyOrFail(state: State, run: Reconcile): Steps<void> {
  const outcome = yield* notify(state, run);
  if (outcome !== 'ok') throw new ReconcileError(`compute notification failed: ${outcome}`);
}

/** Keeps on as long as the origin still serves: to let go of it before the compute knows would be an outage. */
function* notifyBlocking(state: State, run: Reconcile, origin: number): Steps<void> {
  for (let attempt = 0; ; attempt += 1) {
    const outcome = yield* notify(state, run);
    if (outcome === 'ok') return;
    if (outcome === 'fatal') throw new ReconcileError('compute notification failed: fatal');
    if (!isAvailable(state, origin)) return;
    const at = state.shards.findLocation(run.shard, origin);
    if (at === -1 || !isAttachedMode(state.shards.locations.mode[at] ?? absent)) return;
    yield backoffMs(attempt, 1, 10);
  }
}

function nextGeneration(state: State, run: Reconcile, node: number): number {
  const { shards } = state;
  const before = shards.databaseGeneration[run.shard] ?? none;
  run.generation = before === none ? 0 : before + 1;
  // The database knows before anyone else; the controller's memory follows when the reconcile is over.
  shards.databaseGeneration[run.shard] = run.generation;
  shards.generationNode[run.shard] = node;
  return run.generation;
}

function* liveMigrate(state: State, run: Reconcile, origin: number): Steps<void> {
  const destination = run.attached;
  const before = run.generation;
  yield* configure(state, run, origin, { mode: attachedStale, generation: before });
  // Its last LSNs, then the latest layers to a secondary, then the wait for the LSNs.
  yield 4;
  if (run.known.get(destination)?.mode === secondary) yield 6;
  const generation = nextGeneration(state, run, destination);
  yield* configure(state, run, destination, { mode: attachedMulti, generation });
  if ((yield* callNode(state, destination, { costMs: 0 })) === 'cancelled') throw new Cancelled();
  yield 8;
  yield* notifyBlocking(state, run, origin);
  yield* configure(state, run, origin, { mode: secondary, generation: none });
  yield* configure(state, run, destination, { mode: attachedSingle, generation });
  // Once more for the heatmap settings, which the migration leaves out; the hook knows already.
  if (run.secondaries.length > 0) {
    yield* configure(state, run, destination, { mode: attachedSingle, generation });
    yield* notifyOrFail(state, run);
  }
}

/** The node that serves now, if it can be asked to hand over. */
function originOf(state: State, run: Reconcile): number | undefined {
  const destination = run.known.get(run.attached);
  if (run.attached === 0 || (destination !== undefined && destination.mode !== secondary)) return undefined;
  for (const [node, known] of run.known)
    if (known.mode === attachedSingle && isAvailable(state, node)) return node;
  return undefined;
}

/** What the controller is not sure of at the node to attach to, it asks. */
function* refresh(state: State, run: Reconcile): Steps<boolean> {
  if (run.known.get(run.attached)?.mode !== unknown) return run.attached !== 0;
  const outcome = yield* callNode(state, run.attached, { costMs: 0 });
  if (outcome === 'cancelled') throw new Cancelled();
  if (outcome === 'error') throw new ReconcileError('receive body: error sending request');
  const { locations } = state.shards;
  const at = state.shards.findLocation(run.shard, run.attached);
  const mode = at === -1 ? absent : (locations.mode[at] ?? absent);
  if (mode === absent) run.known.delete(run.attached);
  else run.known.set(run.attached, { mode, generation: locations.generation[at] ?? none });
  return true;
}

function* attach(state: State, run: Reconcile, refreshed: boolean): Steps<void> {
  const known = run.known.get(run.attached);
  if (known?.mode === attachedSingle && known.generation === run.generation) {
    if (refreshed) yield* notifyOrFail(state, run);
    return;
  }
  const generation = nextGeneration(state, run, run.attached);
  yield* configure(state, run, run.attached, { mode: attachedSingle, generation });
  yield* notifyOrFail(state, run);
}

function* settleOthers(state: State, run: Reconcile): Steps<void> {
  let failure: ReconcileError | undefined;
  const others: [number, Known][] = run.secondaries
    .filter((node) => run.known.get(node)?.mode !== secondary)
    .map((node) => [node, { mode: secondary, generation: none }]);
  for (const node of run.before.keys())
    if (node !== run.attached && !run.secondaries.includes(node))
      others.push([node, { mode: absent, generation: none }]);
  for (const [node, to] of others) {
    if (!isAvailable(state, node)) {
      run.known.set(node, unsure);
      continue;
    }
    try {
      yield* configure(state, run, node, to);
    } catch (error) {
      if (!(error instanceof ReconcileError)) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
}

/** @throws ReconcileError and Cancelled. */
export function* reconcile(state: State, run: Reconcile): Steps<void> {
  const uncertain = run.known.get(run.attached)?.mode === unknown;
  yield* refresh(state, run);
  const origin = originOf(state, run);
  if (origin !== undefined) yield* liveMigrate(state, run, origin);
  if (run.attached !== 0) yield* attach(state, run, uncertain);
  yield* settleOthers(state, run);
  if (run.attached === 0 && run.before.size > 0) {
    // A detached shard: what the hook was told holds no longer.
    state.shards.notifiedNode[run.shard] = 0;
    tenantOf(state, run.shard).appliedRequest = 0;
  }
}
