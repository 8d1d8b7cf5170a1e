import type { FaultArguments, FaultDescription } from './api.ts';
import { type ComputeState, type NodeState, type State, shardsOf } from './state.ts';

/** A switch and what it does. */
export interface Fault extends FaultDescription {
  /** @returns why it cannot be done. */
  readonly on: (state: State, args: FaultArguments) => string | undefined;
  readonly off?: (state: State, args: FaultArguments) => void;
}

export type Named = FaultDescription['arguments'];

const aNode: Named = [{ name: 'node', kind: 'node', required: true }];
export const aTenant: Named = [{ name: 'tenant', kind: 'tenant', required: true }];
export const aSafekeeper: Named = [{ name: 'safekeeper', kind: 'safekeeper', required: true }];

export function toNode(
  name: string,
  description: string,
  on: (state: State, node: NodeState, args: FaultArguments) => unknown,
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
      const problem = node === undefined ? undefined : on(state, node, args);
      return typeof problem === 'string' ? problem : undefined;
    },
    off(state, args) {
      const node = nodeOf(state, args);
      if (node !== undefined) off?.(state, node);
    },
  };
}

export function toWorld(
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

export function toCompute(
  name: string,
  description: string,
  on: (state: State, compute: ComputeState, args: FaultArguments) => unknown,
  off?: (state: State, compute: ComputeState) => void,
  more: Named = [],
): Fault {
  const computeOf = (state: State, args: FaultArguments) => state.computes.get(String(args['tenant']));
  const turnOff = (state: State, args: FaultArguments) => {
    const compute = computeOf(state, args);
    if (compute !== undefined) off?.(state, compute);
  };
  const turnOn = (state: State, args: FaultArguments) => {
    const compute = computeOf(state, args);
    if (compute === undefined) return `tenant ${args['tenant']} has no compute`;
    const problem = on(state, compute, args);
    return typeof problem === 'string' ? problem : undefined;
  };
  return toWorld(name, description, turnOn, off === undefined ? undefined : turnOff, [...aTenant, ...more]);
}

/** One shard of a tenant: the first, unless `shard` says another number. */
export function toShard(
  name: string,
  description: string,
  on: (state: State, shard: number, args: FaultArguments) => string | undefined,
  off?: (state: State, shard: number, args: FaultArguments) => void,
  more: Named = [],
): Fault {
  const shardOf = (state: State, args: FaultArguments): number | undefined => {
    const tenant = state.tenantIds.get(String(args['tenant']));
    return tenant === undefined ? undefined : shardsOf(tenant)[Number(args['shard'] ?? 0)];
  };
  const turnOff = (state: State, args: FaultArguments): void => {
    const shard = shardOf(state, args);
    if (shard !== undefined) off?.(state, shard, args);
  };
  const turnOn = (state: State, args: FaultArguments): string | undefined => {
    const shard = shardOf(state, args);
    return shard === undefined ? `the tenant has no shard ${args['shard']}` : on(state, shard, args);
  };
  const shardNumber: Named = [{ name: 'shard', kind: 'number', required: false }];
  return toWorld(name, description, turnOn, off === undefined ? undefined : turnOff, [
    ...aTenant,
    ...shardNumber,
    ...more,
  ]);
}
