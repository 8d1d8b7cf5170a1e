import { z } from 'zod';
import { family } from '../../metrics/family.ts';
import { sample, stateValues } from '../../metrics/samples.ts';
import { formatAddress } from '../../neon/address.ts';
import { type NodeFact, nodeAvailabilities, nodeSchedulings } from '../../neon/node.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';
import { countSetAside } from '../set-aside.ts';

/** `NodeDescribeResponse` (libs/pageserver_api/src/controller_api.rs), only the fields we use. */
const Node = z.object({
  id: z.int().nonnegative(),
  availability: z.string(),
  scheduling: z.string(),
  availability_zone_id: z.string(),
  listen_http_addr: z.string(),
  listen_http_port: z.int(),
  listen_https_port: z.int().nullish(),
  listen_pg_addr: z.string(),
  listen_pg_port: z.int(),
});

export interface NodesReading extends ReadingBase {
  /** By ascending id. Deleted nodes are not listed. */
  readonly nodes: readonly NodeFact[];
}

type Input = TargetReading<NodesReading>;

function nodeFact(node: z.infer<typeof Node>): NodeFact {
  return {
    nodeId: node.id,
    availability: node.availability,
    scheduling: node.scheduling,
    az: node.availability_zone_id,
    httpAddress: formatAddress(node.listen_http_addr, node.listen_http_port),
    httpsAddress:
      node.listen_https_port == null
        ? undefined
        : formatAddress(node.listen_http_addr, node.listen_https_port),
    pgAddress: formatAddress(node.listen_pg_addr, node.listen_pg_port),
  };
}

const nodeInfo = family({
  name: 'neon_node_info',
  type: 'info',
  help: 'A pageserver registered with the storage controller, with its addresses as announced.',
  labels: ['node_id', 'az', 'http_address', 'pg_address'],
  cardinality: 'node',
  samples: ({ reading }: Input) =>
    reading.nodes.map((node) =>
      sample(
        {
          node_id: String(node.nodeId),
          az: node.az,
          http_address: node.httpAddress,
          pg_address: node.pgAddress,
        },
        1,
      ),
    ),
});

const nodeAvailability = family({
  name: 'neon_node_availability',
  type: 'gauge',
  help: 'Availability of a pageserver as its heartbeats tell the storage controller: 1 for the present value, 0 for the others.',
  labels: ['node_id', 'az', 'availability'],
  cardinality: 'node',
  *samples({ reading }: Input) {
    for (const node of reading.nodes) {
      for (const availability of stateValues(nodeAvailabilities, node.availability)) {
        const labels = { node_id: String(node.nodeId), az: node.az, availability };
        yield sample(labels, availability === node.availability ? 1 : 0);
      }
    }
  },
});

const nodeScheduling = family({
  name: 'neon_node_scheduling',
  type: 'gauge',
  help: 'Scheduling policy of a pageserver: 1 for the present value, 0 for the others.',
  labels: ['node_id', 'az', 'scheduling'],
  cardinality: 'node',
  *samples({ reading }: Input) {
    for (const node of reading.nodes) {
      for (const scheduling of stateValues(nodeSchedulings, node.scheduling)) {
        const labels = { node_id: String(node.nodeId), az: node.az, scheduling };
        yield sample(labels, scheduling === node.scheduling ? 1 : 0);
      }
    }
  },
});

const nodeCount = family({
  name: 'neon_nodes',
  type: 'gauge',
  help: 'Pageservers by availability, scheduling policy and availability zone; only combinations that occur.',
  labels: ['availability', 'scheduling', 'az'],
  cardinality: 'cluster',
  *samples({ reading }: Input) {
    const groups = new Map<string, { node: NodeFact; count: number }>();
    for (const node of reading.nodes) {
      const key = JSON.stringify([node.availability, node.scheduling, node.az]);
      const group = groups.get(key);
      groups.set(key, { node, count: (group?.count ?? 0) + 1 });
    }
    for (const { node, count } of groups.values()) {
      yield sample({ availability: node.availability, scheduling: node.scheduling, az: node.az }, count);
    }
  },
});

/** The controller's node list. No other route and none of its metrics has availability or policy. */
export const nodes = {
  name: 'nodes',
  summary:
    'Pageservers registered with the storage controller: availability, scheduling policy, zone, addresses.',
  kind: 'storage_controller',
  families: [nodeInfo, nodeAvailability, nodeScheduling, nodeCount],
  async collect({ http, signal }) {
    const setAside = countSetAside();
    const byId = new Map<number, NodeFact>();
    for (const node of await http.getJsonList('/control/v1/node', Node, signal)) {
      if (byId.has(node.id)) setAside.add('duplicate');
      else byId.set(node.id, nodeFact(node));
    }
    const facts = [...byId.values()].sort((left, right) => left.nodeId - right.nodeId);
    return { nodes: facts, setAside: setAside.total() };
  },
} as const satisfies Collector<NodesReading>;
