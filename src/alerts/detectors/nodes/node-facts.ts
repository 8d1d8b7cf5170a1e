import { type Breathe, eachBreathing } from '../../../breathe.ts';
import type { Readings } from '../../../collection/store.ts';
import type { NodeFact } from '../../../neon/node.ts';
import type { Evidence, Subject } from '../../finding.ts';

export const nodeRoute = 'GET /control/v1/node';

/** What the node list says of one pageserver. */
export function nodeEvidence(node: NodeFact, atMs: number): Evidence[] {
  return [
    { what: 'availability', value: node.availability, source: nodeRoute, atMs },
    { what: 'scheduling policy', value: node.scheduling, source: nodeRoute, atMs },
  ];
}

export function nodeSubject({ nodeId }: NodeFact): Subject {
  return { kind: 'node', name: String(nodeId) };
}

/** Whether the controller may give it shards: `may_schedule` of its scheduler is No for every other. */
export function isSchedulable({ availability, scheduling }: NodeFact): boolean {
  return availability === 'Active' && (scheduling === 'Active' || scheduling === 'Filling');
}

/** Shards that the controller means to be attached, by node id; undefined without a tenant list. */
export async function attachedByNode(
  readings: Readings,
  breathe: Breathe,
): Promise<ReadonlyMap<number, number> | undefined> {
  const tenants = readings.one('tenants')?.reading.tenants;
  if (tenants === undefined) return undefined;
  const counts = new Map<number, number>();
  await eachBreathing(tenants, breathe, ({ shards }) => {
    for (const { nodeAttached } of shards) {
      if (nodeAttached !== undefined) counts.set(nodeAttached, (counts.get(nodeAttached) ?? 0) + 1);
    }
  });
  return counts;
}
