import type { NodeFact } from '../../src/neon/node.ts';
import { reading } from './world.ts';

/** Name of the controller in every case. */
export const controller = 'controller:1234';

/** A pageserver that is well, one of three zones, with what the case says changed. */
export function node(nodeId: number, changed: Partial<NodeFact> = {}): NodeFact {
  return {
    nodeId,
    availability: 'Active',
    scheduling: 'Active',
    az: `az-${'abc'[(nodeId - 1) % 3]}`,
    httpAddress: `pageserver${nodeId}:9898`,
    httpsAddress: undefined,
    pgAddress: `pageserver${nodeId}:6400`,
    ...changed,
  };
}

export function nodes(facts: readonly NodeFact[]) {
  return reading('nodes', controller, { nodes: facts });
}
