import type { Readings } from '../../../collection/store.ts';
import type { NodeFact } from '../../../neon/node.ts';
import { controllerCommand } from '../../commands.ts';
import type { Evidence, Step } from '../../finding.ts';
import { isSchedulable, nodeRoute } from './node-facts.ts';

/** The pageservers that may be given shards, and the others. */
export interface Schedulable {
  readonly able: readonly NodeFact[];
  readonly others: readonly NodeFact[];
}

export function schedulableNodes(nodes: readonly NodeFact[]): Schedulable {
  return { able: nodes.filter(isSchedulable), others: nodes.filter((node) => !isSchedulable(node)) };
}

/** Every one that may not be given shards, and why; of many the first. */
export function othersEvidence({ able, others }: Schedulable, atMs: number): Evidence[] {
  return [
    { what: 'pageservers that may be given shards', value: able.length, source: nodeRoute, atMs },
    { what: 'others', value: others.length, source: nodeRoute, atMs },
    ...others.slice(0, 10).map(({ nodeId, availability, scheduling }) => ({
      what: `pageserver ${nodeId}`,
      value: `${availability}, policy ${scheduling}`,
      source: nodeRoute,
      atMs,
    })),
  ];
}

/** How each of the others is brought back; of many the first. */
export function bringBack({ others }: Schedulable, readings: Readings): Step[] {
  return others.slice(0, 5).map((node) => stepFor(node, readings));
}

function stepFor({ nodeId, availability, scheduling, httpAddress }: NodeFact, readings: Readings): Step {
  if (availability !== 'Active') {
    return {
      text: `Pageserver ${nodeId} is ${availability}: see whether it answers, and start it if its process has ended.`,
      command: `curl -sS -m 5 http://${httpAddress}/v1/status`,
    };
  }
  if (scheduling === 'Draining' || scheduling === 'Deleting') {
    const path = scheduling === 'Draining' ? 'drain' : 'delete';
    return {
      text: `Pageserver ${nodeId} is ${scheduling}: cancel that if you did not mean it; 412 says that nothing is under way, then set its policy as below.`,
      command: controllerCommand(readings, 'DELETE', `/control/v1/node/${nodeId}/${path}`),
    };
  }
  return {
    text: `Pageserver ${nodeId} has the policy ${scheduling}: give it back if the reason for that has gone.`,
    command: controllerCommand(readings, 'PUT', `/control/v1/node/${nodeId}/config`, {
      node_id: nodeId,
      scheduling: 'Active',
    }),
  };
}
