import type { Readings } from '../collection/store.ts';
import type { NodeFact } from '../neon/node.ts';
import type { ShardPlacement } from '../neon/placement.ts';
import { isSchedulable } from './cluster-checks.ts';
import { type Check, go, no, unknown } from './preflight.ts';

/** Why a shard would stay when its pageserver is drained, as the controller's drain decides it. */
type Stay =
  | 'pinned'
  | 'no secondary'
  | 'secondary elsewhere not usable'
  | 'secondary cold'
  | 'warmth not known';

/** Shards attached to a node, and which of them a drain would leave there. */
export interface Leaving {
  readonly attached: number;
  readonly staying: ReadonlyMap<Stay, readonly string[]>;
}

/** `Pause` and `Stop` are pins: a drain passes such shards over. */
const movable = ['Active', 'Essential'];

function stayOf(
  { id, nodeSecondary, flags }: ShardPlacement,
  nodes: ReadonlyMap<number, NodeFact>,
  warmthOf: (nodeId: number, shardId: string) => string | undefined,
): Stay | undefined {
  if (flags !== undefined && !movable.includes(flags.schedulingPolicy)) return 'pinned';
  if (nodeSecondary.length === 0) return 'no secondary';
  const usable = nodeSecondary.filter((nodeId) => {
    const node = nodes.get(nodeId);
    return node !== undefined && isSchedulable(node);
  });
  if (usable.length === 0) return 'secondary elsewhere not usable';
  const warmths = usable.map((nodeId) => warmthOf(nodeId, id.text));
  if (warmths.includes('warm')) return undefined;
  return warmths.every((warmth) => warmth === 'cold' || warmth === 'warming')
    ? 'secondary cold'
    : 'warmth not known';
}

/** Looks at every shard attached to a node; undefined when the controller's intent could not be read. */
export function leaving(readings: Readings, nodeId: number): Leaving | undefined {
  const tenants = readings.one('tenants')?.reading;
  const list = readings.one('nodes')?.reading.nodes;
  if (tenants === undefined || tenants.source === 'locations' || list === undefined) return undefined;
  const nodes = new Map(list.map((node) => [node.nodeId, node]));
  const warmth = new Map(
    readings.all('pageserver_secondaries').map(({ reading }) => [reading.nodeId, reading.sampled]),
  );
  const warmthOf = (at: number, shardId: string) => warmth.get(at)?.get(shardId)?.warmth;
  const staying = new Map<Stay, string[]>();
  let attached = 0;
  for (const { shards } of tenants.tenants) {
    for (const shard of shards) {
      if (shard.nodeAttached !== nodeId) continue;
      attached += 1;
      const stay = stayOf(shard, nodes, warmthOf);
      if (stay === undefined) continue;
      const known = staying.get(stay);
      if (known === undefined) staying.set(stay, [shard.id.text]);
      else known.push(shard.id.text);
    }
  }
  return { attached, staying };
}

const shown = 3;

function some(ids: readonly string[]): string {
  const more = ids.length > shown ? ` and ${ids.length - shown} more` : '';
  return `${ids.slice(0, shown).join(', ')}${more}`;
}

/** `8 shards would stay: secondary cold (…)`, one check a reason; what was not asked is unknown, not warm. */
export function leavingChecks(found: Leaving | undefined): Check[] {
  if (found === undefined) {
    return [unknown('which shards are attached to it could not be read (the tenant list needs scope admin)')];
  }
  const { attached, staying } = found;
  if (staying.size === 0)
    return [go(`all ${attached} shards attached to it have a warm secondary elsewhere`)];
  return [...staying].map(([stay, ids]) => {
    const text = `${ids.length} of ${attached} shards would be left: ${stay} (${some(ids)})`;
    return stay === 'warmth not known' ? unknown(text) : no(text);
  });
}
