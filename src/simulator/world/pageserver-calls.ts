import { absent, modeName, none, secondary } from './shard-table.ts';
import { isAvailable, isGone, type NodeState, nameOf, type State, write } from './state.ts';
import { backoffMs, Signal, type Steps } from './task.ts';
import { becomeSecondary } from './warmth.ts';

/** What a request of the controller to a pageserver came to. */
export type CallOutcome = 'ok' | 'error' | 'cancelled';

const tries = 4;
const requestTimeoutMs = 25_000;

function isServing(node: NodeState): boolean {
  return node.process === 'up' && !node.attaching;
}

/** Changes what a pageserver holds of a shard. */
export function setLocation(
  state: State,
  shard: number,
  node: NodeState,
  to: { readonly mode: number; readonly generation: number },
): void {
  const { shards } = state;
  const { locations } = shards;
  const at = shards.ensureLocation(shard, node.id);
  const before = locations.mode[at] ?? absent;
  const size = shards.sizeKib[shard] ?? 0;
  if (before === absent && to.mode !== absent) {
    node.locationCount += 1;
    node.diskWantedKib += size;
  }
  if (before !== absent && to.mode === absent) {
    node.locationCount -= 1;
    node.diskWantedKib -= size;
  }
  locations.mode[at] = to.mode;
  locations.generation[at] = to.mode === secondary ? none : to.generation;
  locations.changing[at] = 0;
  if (to.mode === secondary && before !== secondary) becomeSecondary(state, shard, at);
  const generation = to.mode === secondary || to.mode === absent ? '' : `/${to.generation}`;
  write(state, 'location', `${nameOf(state, shard)}@${node.id} ${modeName(to.mode)}${generation}`);
  shards.sweepLocations(shard);
}

/** What a request does at the pageserver: when its turn comes, and when it is done. */
interface Work {
  readonly costMs: number;
  readonly begin?: () => void;
  readonly effect?: () => void;
}

/** One request that the pageserver works off in turn. */
function* requestOnce(state: State, node: NodeState, { costMs, begin, effect }: Work): Steps<boolean> {
  const { queue } = state;
  const done = new Signal();
  const started = node.startedAtMs;
  const isSame = () => isServing(node) && node.startedAtMs === started;
  let applied = false;
  const at = Math.max(queue.nowMs(), node.busyUntilMs);
  const takesMs = Math.round(costMs * (0.8 + 0.4 * state.random.next()));
  node.busyUntilMs = at + takesMs;
  queue.after(at - queue.nowMs(), () => {
    if (!isSame()) return;
    begin?.();
    queue.after(takesMs, () => {
      if (!isSame()) return;
      effect?.();
      queue.after(node.delayMs, () => {
        applied = true;
        done.fire();
      });
    });
  });
  yield { signal: done, ms: requestTimeoutMs };
  return applied;
}

/** With the controller's retries: an error after the fourth try, or `cancelled` as soon as the node is given up. */
export function* callNode(state: State, id: number, work: Work): Steps<CallOutcome> {
  for (let attempt = 0; ; attempt += 1) {
    const node = state.nodes.get(id);
    if (node === undefined || !isAvailable(state, id)) return 'cancelled';
    if (isServing(node)) {
      if (yield* requestOnce(state, node, work)) return 'ok';
    } else if (node.process !== 'down') yield { signal: node.unavailable, ms: requestTimeoutMs };
    if (!isAvailable(state, id)) return 'cancelled';
    node.requestErrors += 1;
    if (attempt + 1 === tries) return 'error';
    const wait = backoffMs(attempt, 0.1, 3);
    if (wait > 0 && (yield { signal: node.unavailable, ms: wait })) return 'cancelled';
  }
}

/** `PUT location_config` of one shard. */
export function* configureLocation(
  state: State,
  shard: number,
  node: number,
  to: { readonly mode: number; readonly generation: number },
): Steps<CallOutcome> {
  const { shards } = state;
  const mark = (changing: number) => {
    const at = shards.findLocation(shard, node);
    if (at !== -1) shards.locations.changing[at] = changing;
  };
  try {
    return yield* callNode(state, node, {
      costMs: state.config.locationConfigMs,
      begin: () => mark(1),
      effect() {
        const target = state.nodes.get(node);
        if (target !== undefined && !isGone(state, shard)) setLocation(state, shard, target, to);
      },
    });
  } finally {
    mark(0);
  }
}
