import type { ControllerMetrics } from '../world/controller-api.ts';
import type { ExposedFamily, Exposition } from './exposition.ts';

type Samples = ExposedFamily['samples'];

/** Answers so far: `path`, `method` and `status` as the controller labels them, and how many. */
export class RequestCounts {
  readonly #counts = new Map<string, { labels: Readonly<Record<string, string>>; count: number }>();

  add(path: string, method: string, status: number): void {
    const key = `${path} ${method} ${status}`;
    const found = this.#counts.get(key);
    if (found === undefined) {
      const labels = { path, method: method.toLowerCase(), status: String(status) };
      this.#counts.set(key, { labels, count: 1 });
    } else found.count += 1;
  }

  samples(): Samples {
    return [...this.#counts.values()].map(({ labels, count }) => [labels, count]);
  }
}

function family(
  type: 'counter' | 'gauge',
  suffix: string,
  help: string,
  samples: number | Samples,
): ExposedFamily {
  return {
    name: `storage_controller_${suffix}`,
    type,
    help,
    samples: typeof samples === 'number' ? [[{}, samples]] : samples,
  };
}

function perNode(metrics: ControllerMetrics, part: 'shards' | 'attachedShards' | 'homeShards'): Samples {
  return metrics.nodes.map((node) => [{ az: node.az, node_id: node.nodeId }, node[part]]);
}

function reconciles(metrics: ControllerMetrics): Exposition {
  return [
    family(
      'counter',
      'reconcile_complete',
      'Reconciler tasks completed, broken down by success/failure/cancelled',
      Object.entries(metrics.reconcileComplete).map(([status, count]) => [{ status }, count]),
    ),
    family(
      'counter',
      'reconcile_long_running',
      'Indicator of stucked (long-running) reconciles, broken down by tenant, shard and sequence. The metric is automatically removed once the reconciliation completes.',
      metrics.longRunning.map(({ tenantId, shardNumber, sequence }) => [
        { tenant_id: tenantId, shard_number: shardNumber, sequence },
        1,
      ]),
    ),
    family(
      'gauge',
      'pending_reconciles',
      'How many shards would like to reconcile but were blocked by concurrency limits',
      metrics.pendingReconciles,
    ),
    family(
      'gauge',
      'stuck_reconciles',
      'How many shards are stuck and will be ignored when considering to run optimizations',
      metrics.stuckReconciles,
    ),
  ];
}

function placement(metrics: ControllerMetrics): Exposition {
  return [
    family(
      'counter',
      'schedule_optimization',
      "Count of how many times we make an optimization change to a tenant's scheduling",
      metrics.scheduleOptimization,
    ),
    family(
      'gauge',
      'schedule_az_violation',
      'How many shards are not scheduled into their preferred AZ',
      metrics.scheduleAzViolation,
    ),
    family(
      'gauge',
      'node_shards',
      'How many shard locations (secondary or attached) on each node',
      perNode(metrics, 'shards'),
    ),
    family(
      'gauge',
      'node_attached_shards',
      'How many _attached_ shard locations on each node',
      perNode(metrics, 'attachedShards'),
    ),
    family(
      'gauge',
      'node_home_shards',
      "How many _home_ shard locations on each node (i.e. the node's AZ matches the shard's preferred AZ)",
      perNode(metrics, 'homeShards'),
    ),
  ];
}

/** A series begins with its first event. */
function counted<Counted extends { readonly count: number }>(events: readonly Counted[]): readonly Counted[] {
  return events.filter(({ count }) => count > 0);
}

function errors(metrics: ControllerMetrics): Exposition {
  const method = 'get';
  const path = 'utilization';
  return [
    family(
      'counter',
      'pageserver_request_error',
      'Count of HTTP requests to the pageserver that resulted in an error, broken down by the pageserver node id, request name and method',
      counted(metrics.pageserverRequestErrors).map(({ id, count }) => [
        { pageserver_id: id, path, method },
        count,
      ]),
    ),
    family(
      'counter',
      'safekeeper_request_error',
      'Count of HTTP requests to the safekeeper that resulted in an error, broken down by the safekeeper node id, request name and method',
      counted(metrics.safekeeperRequestErrors).map(({ id, count }) => [
        { safekeeper_id: id, path, method },
        count,
      ]),
    ),
    family(
      'counter',
      'database_query_error',
      'Count of errors in database queries, broken down by error type and operation.',
      metrics.databaseQueryErrors === 0
        ? []
        : [[{ error_type: 'connection_pool', operation: 'get_leader' }, metrics.databaseQueryErrors]],
    ),
    {
      name: 'storage_controller_leadership_status',
      type: 'gauge',
      samples: ['leader', 'stepped_down', 'candidate'].map((status) => [
        { status },
        metrics.leadership === status ? 1 : 0,
      ]),
    },
  ];
}

/** The controller's `/metrics`: names, types, labels and helps of the recording, as far as the world knows values. */
export function controllerExposition(metrics: ControllerMetrics, requests: Samples): Exposition {
  return [
    {
      name: 'process_start_time_seconds',
      help: 'Start time of the process since unix epoch in seconds.',
      samples: [[{}, metrics.processStartSeconds]],
    },
    family(
      'counter',
      'reconcile_spawn',
      'Count of how many times we spawn a reconcile task',
      metrics.reconcileSpawn,
    ),
    family('gauge', 'tenant_shards', 'Size of the in-memory map of tenant shards', metrics.tenantShards),
    family(
      'gauge',
      'pageserver_nodes',
      'Size of the in-memory map of pageserver_nodes',
      metrics.pageserverNodes,
    ),
    family(
      'gauge',
      'safekeeper_nodes',
      'Size of the in-memory map of safekeeper_nodes',
      metrics.safekeeperNodes,
    ),
    ...reconciles(metrics),
    ...placement(metrics),
    family('counter', 'http_request_status', 'HTTP request status counters for handled requests', requests),
    ...errors(metrics),
  ];
}
