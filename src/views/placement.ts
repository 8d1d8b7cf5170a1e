import { type Breathe, rowsPerBreath } from '../breathe.ts';
import type { Readings } from '../collection/store.ts';
import { family } from '../metrics/family.ts';
import { sample } from '../metrics/samples.ts';
import type { NodeFact } from '../neon/node.ts';
import type { ShardPlacement } from '../neon/placement.ts';
import type { View } from './view.ts';

interface NodeShards {
  readonly nodeId: number;
  /** Empty when the controller names a node that is not in its node list. */
  readonly az: string;
  attached: number;
  secondary: number;
  /** Attached and secondary shards whose preferred zone is the node's, as the controller's own metric counts them. */
  home: number;
}

export interface PlacementFacts {
  /** By ascending node id; a node without shards is there with zeros. */
  readonly nodes: readonly NodeShards[];
  /** False when placement came from the pageservers, which do not know preferred zones. */
  readonly knowsPreferredAz: boolean;
  readonly outsidePreferredAz: number;
  readonly secondaryInAttachedAz: number;
}

interface Tally {
  readonly azs: ReadonlyMap<number, string>;
  readonly nodes: Map<number, NodeShards>;
  outsidePreferredAz: number;
  secondaryInAttachedAz: number;
}

function nodeShards(tally: Tally, nodeId: number): NodeShards {
  const known = tally.nodes.get(nodeId);
  if (known !== undefined) return known;
  const shards = { nodeId, az: tally.azs.get(nodeId) ?? '', attached: 0, secondary: 0, home: 0 };
  tally.nodes.set(nodeId, shards);
  return shards;
}

function addShard(tally: Tally, shard: ShardPlacement): void {
  const preferredAz = shard.flags?.preferredAz;
  const attached = shard.nodeAttached === undefined ? undefined : nodeShards(tally, shard.nodeAttached);
  if (attached !== undefined) {
    attached.attached += 1;
    if (attached.az === preferredAz) attached.home += 1;
    else if (preferredAz !== undefined && attached.az !== '') tally.outsidePreferredAz += 1;
  }
  let sharesAz = false;
  for (const nodeId of shard.nodeSecondary) {
    const secondary = nodeShards(tally, nodeId);
    secondary.secondary += 1;
    if (secondary.az === preferredAz) secondary.home += 1;
    if (secondary.az !== '' && secondary.az === attached?.az) sharesAz = true;
  }
  if (sharesAz) tally.secondaryInAttachedAz += 1;
}

async function build(readings: Readings, breathe: Breathe): Promise<PlacementFacts | undefined> {
  const nodes = readings.one('nodes')?.reading.nodes;
  const tenants = readings.one('tenants')?.reading;
  if (nodes === undefined || tenants === undefined) return undefined;
  const azs = new Map(nodes.map((node: NodeFact) => [node.nodeId, node.az]));
  const tally: Tally = { azs, nodes: new Map(), outsidePreferredAz: 0, secondaryInAttachedAz: 0 };
  for (const { nodeId } of nodes) nodeShards(tally, nodeId);
  let rows = 0;
  for (const tenant of tenants.tenants) {
    for (const shard of tenant.shards) {
      addShard(tally, shard);
      rows += 1;
      if (rows % rowsPerBreath === 0) await breathe();
    }
  }
  return {
    nodes: [...tally.nodes.values()].sort((left, right) => left.nodeId - right.nodeId),
    knowsPreferredAz: tenants.source !== 'locations',
    outsidePreferredAz: tally.outsidePreferredAz,
    secondaryInAttachedAz: tally.secondaryInAttachedAz,
  };
}

function perNode(pick: (node: NodeShards) => number) {
  return (facts: PlacementFacts) =>
    facts.nodes.map((node) => sample({ node_id: String(node.nodeId), az: node.az }, pick(node)));
}

const attachedShards = family({
  name: 'neon_node_attached_shards',
  type: 'gauge',
  help: 'Tenant shards that the storage controller means to be attached to a pageserver; intent, which flips before a move is done.',
  labels: ['node_id', 'az'],
  cardinality: 'node',
  samples: perNode((node) => node.attached),
});

const secondaryShards = family({
  name: 'neon_node_secondary_shards',
  type: 'gauge',
  help: 'Tenant shards that the storage controller means to have a secondary on a pageserver.',
  labels: ['node_id', 'az'],
  cardinality: 'node',
  samples: perNode((node) => node.secondary),
});

const homeShards = family({
  name: 'neon_node_home_shards',
  type: 'gauge',
  help: 'Tenant shards, attached or secondary, on a pageserver in the zone that they prefer.',
  labels: ['node_id', 'az'],
  cardinality: 'node',
  samples: (facts: PlacementFacts) => (facts.knowsPreferredAz ? perNode((node) => node.home)(facts) : []),
});

const outsidePreferredAz = family({
  name: 'neon_shards_outside_preferred_az',
  type: 'gauge',
  help: 'Tenant shards attached outside the availability zone that they prefer.',
  labels: [],
  cardinality: 'cluster',
  samples: (facts: PlacementFacts) => (facts.knowsPreferredAz ? [sample({}, facts.outsidePreferredAz)] : []),
});

const secondaryInAttachedAz = family({
  name: 'neon_shards_secondary_in_attached_az',
  type: 'gauge',
  help: 'Tenant shards with a secondary in the same availability zone as the pageserver they are attached to.',
  labels: [],
  cardinality: 'cluster',
  samples: (facts: PlacementFacts) => [sample({}, facts.secondaryInAttachedAz)],
});

/** Shards per pageserver and zone. */
export const placement: View<PlacementFacts> = {
  name: 'placement',
  summary: 'Shards per pageserver and zone, and how they stand to the zones that they prefer.',
  needs: ['nodes', 'tenants'],
  families: [attachedShards, secondaryShards, homeShards, outsidePreferredAz, secondaryInAttachedAz],
  build,
};
