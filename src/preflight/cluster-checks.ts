import type { Readings } from '../collection/store.ts';
import type { NodeFact } from '../neon/node.ts';
import { distinctProcesses } from '../views/distinct-processes.ts';
import { type Check, go, no, unknown } from './preflight.ts';

const operations = ['Filling', 'Draining', 'Deleting'];

/** The controller leads and its answers can be believed. */
export function controllerCheck(readings: Readings): Check {
  const health = readings.all('controller_health');
  if (health.length === 0) return unknown('whether the controller is ready and leads could not be read');
  const leading = health.filter(({ reading }) => reading.isReady && reading.isLive);
  const live = distinctProcesses(readings, leading);
  if (live.length === 0) return no('the controller is not ready, or does not lead (/live)');
  if (live.length > 1) return no(`${live.length} controllers say that they lead`);
  return go('the controller is ready and leads');
}

/** One drain, fill or delete runs in the whole cluster at a time, and two at once can crash the controller. */
export function noOperationCheck(nodes: readonly NodeFact[]): Check {
  const busy = nodes.filter(({ scheduling }) => operations.includes(scheduling));
  if (busy.length === 0) return go('no drain, fill or delete is under way');
  const text = busy.map(({ nodeId, scheduling }) => `node ${nodeId} is ${scheduling}`).join(', ');
  return no(`one node operation runs in the whole cluster at a time, and ${text}`);
}

/** Every move is told to the hook: while it is dead computes go on asking the old pageserver. */
export function hookCheck(readings: Readings): Check {
  const hooks = readings.all('compute_hook');
  const [hook] = hooks;
  if (hook === undefined) {
    return unknown(
      'whether the compute hook answers is not known (set computeHook.url): computes are told of every move through it',
    );
  }
  return hook.reading.isResponding
    ? go('the compute hook answers')
    : no('the compute hook does not answer: computes would not be told of the moves');
}

/** Shards that are being changed already, or of whose last move the compute was not told. */
export function settledCheck(readings: Readings): Check {
  const tenants = readings.one('tenants')?.reading;
  if (tenants === undefined || tenants.source === 'locations') {
    return unknown('what the controller intends could not be read (its tenant list needs scope admin)');
  }
  const { shardsByState } = tenants.totals;
  const busy = (['reconciling', 'pending_compute_notification', 'splitting'] as const).flatMap((state) => {
    const count = shardsByState.get(state) ?? 0;
    return count === 0 ? [] : [`${count} ${state.replaceAll('_', ' ')}`];
  });
  return busy.length === 0
    ? go('no shard is being moved or split, and no notification is pending')
    : no(`shards are being changed: ${busy.join(', ')}`);
}

export function isSchedulable({ availability, scheduling }: NodeFact): boolean {
  return availability === 'Active' && (scheduling === 'Active' || scheduling === 'Filling');
}

/** The node of this id, or why it cannot be judged. */
export function nodeOf(readings: Readings, nodeId: number): NodeFact | Check {
  const nodes = readings.one('nodes')?.reading.nodes;
  if (nodes === undefined) return unknown('the node list could not be read');
  const node = nodes.find((one) => one.nodeId === nodeId);
  const known = nodes.map((one) => one.nodeId).join(', ');
  return node ?? no(`the controller knows no node ${nodeId}; there are ${known || 'none'}`);
}

/** A node id as it is typed; undefined when it is none. */
export function parseNodeId(word: string | undefined): number | undefined {
  return word !== undefined && /^\d{1,15}$/.test(word) ? Number(word) : undefined;
}
