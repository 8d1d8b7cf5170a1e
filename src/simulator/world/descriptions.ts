import { attachedOf } from './intent.ts';
import { refusals } from './replies.ts';
import { utilizationScore } from './scheduler.ts';
import { parseShardName, shardName } from './shard-name.ts';
import { absent, isAttachedMode, modeName, none, secondary, unknown } from './shard-table.ts';
import {
  addressOf,
  maySchedule,
  type NodeState,
  type SafekeeperState,
  type State,
  shardsOf,
  type TenantState,
} from './state.ts';
import { placeInOrder } from './tenant-order.ts';
import { placementOf } from './tenant-requests.ts';
import type {
  Answer,
  Located,
  LocationConfig,
  NodeDescription,
  NodeShards,
  SafekeeperDescription,
  SchedulerDump,
  ShardDescription,
  ShardDump,
  TenantDescription,
  Utilization,
} from './wire.ts';

/** The state of the world in the words of the controller's answers. */

export function describeNode(state: State, node: NodeState): NodeDescription {
  const { host, httpPort, pgPort } = addressOf(state, 'pageserver', node.id);
  return {
    id: node.id,
    availability: node.availability,
    scheduling: node.scheduling,
    availability_zone_id: state.azNames[node.az] ?? '',
    listen_http_addr: host,
    listen_http_port: httpPort,
    listen_https_port: null,
    listen_pg_addr: host,
    listen_pg_port: pgPort,
    listen_grpc_addr: null,
    listen_grpc_port: null,
  };
}

function orNull(node: number): number | null {
  return node === 0 ? null : node;
}

function describeShard(state: State, tenant: TenantState, shard: number): ShardDescription {
  const { shards, memory } = state;
  return {
    tenant_shard_id: shardName(tenant.id, shards.number[shard] ?? 0, tenant.shardCount),
    node_attached: orNull(attachedOf(state, shard)),
    node_secondary: shards.secondariesOf(shard),
    last_error: memory.lastErrors.get(shard) ?? '',
    is_reconciling: memory.reconciles.has(shard),
    is_pending_compute_notification: shards.pendingNotification[shard] === 1,
    is_splitting: shards.splitting[shard] === 1,
    is_importing: false,
    scheduling_policy: tenant.scheduling,
    preferred_az_id: state.azNames[shards.preferredAz[shard] ?? 0] || null,
  };
}

export function describeTenant(state: State, tenant: TenantState): TenantDescription {
  return {
    tenant_id: tenant.id,
    shards: shardsOf(tenant).map((shard) => describeShard(state, tenant, shard)),
    stripe_size: tenant.stripeSize,
    policy: placementOf(tenant.placement),
    config: {},
  };
}

export function* listTenants(
  state: State,
  page: { readonly startAfter?: string; readonly limit?: number },
): Generator<TenantDescription> {
  const { order } = state;
  const { startAfter, limit } = page;
  let at = startAfter === undefined ? 0 : placeInOrder(order, startAfter);
  if (startAfter !== undefined && order[at]?.id === startAfter) at += 1;
  // Upstream's 0 gives one.
  let left = limit === undefined ? Number.POSITIVE_INFINITY : Math.max(1, limit);
  for (; at < order.length && left > 0; at += 1) {
    const tenant = order[at];
    if (tenant === undefined || tenant.dropped) continue;
    left -= 1;
    yield describeTenant(state, tenant);
  }
}

/** A location's configuration as the pageserver has it, or as the controller believes. */
export function locationConfig(
  state: State,
  tenant: TenantState,
  shard: number,
  has: { readonly mode: number; readonly generation: number },
): LocationConfig {
  const { shards } = state;
  const isSecondary = has.mode === secondary;
  // The attached location uploads heatmaps when there is someone to read them.
  const heatmaps = isSecondary || (modeName(has.mode) === 'AttachedSingle' && shards.hasSecondaries(shard));
  return {
    mode: modeName(has.mode),
    generation: has.generation === none ? null : has.generation,
    secondary_conf: isSecondary ? { warm: true } : null,
    shard_number: shards.number[shard] ?? 0,
    shard_count: tenant.shardCount,
    shard_stripe_size: tenant.stripeSize,
    tenant_conf: heatmaps ? { heatmap_period: '1m' } : {},
  };
}

function dumpObserved(state: State, tenant: TenantState, shard: number): ShardDump['observed']['locations'] {
  const { shards } = state;
  const { locations } = shards;
  const found: Record<string, { conf: LocationConfig | null }> = {};
  for (const at of shards.locationsOf(shard)) {
    const mode = locations.knownMode[at] ?? absent;
    if (mode === absent) continue;
    const generation = locations.knownGeneration[at] ?? none;
    const conf = mode === unknown ? null : locationConfig(state, tenant, shard, { mode, generation });
    found[String(locations.node[at])] = { conf };
  }
  return found;
}

/** In order of shard id, after `startAfter`. */
export function* dumpShards(state: State, startAfter: string | undefined): Generator<ShardDump> {
  const { order } = state;
  const from = startAfter === undefined ? undefined : parseShardName(startAfter);
  for (let at = from === undefined ? 0 : placeInOrder(order, from.tenantId); at < order.length; at += 1) {
    const tenant = order[at];
    if (tenant === undefined || tenant.dropped) continue;
    for (const shard of shardsOf(tenant)) {
      const number = state.shards.number[shard] ?? 0;
      if (from?.tenantId === tenant.id && number <= from.number) continue;
      yield dumpShard(state, tenant, shard);
    }
  }
}

function dumpShard(state: State, tenant: TenantState, shard: number): ShardDump {
  const { shards, memory } = state;
  const number = shards.number[shard] ?? 0;
  const generation = shards.generation[shard] ?? none;
  return {
    tenant_shard_id: shardName(tenant.id, number, tenant.shardCount),
    shard: { number, count: tenant.shardCount, stripe_size: tenant.stripeSize, layout: 1 },
    sequence: shards.sequence[shard] ?? 0,
    generation: generation === none ? null : generation,
    policy: placementOf(tenant.placement),
    intent: {
      attached: orNull(attachedOf(state, shard)),
      secondary: shards.secondariesOf(shard),
      preferred_az_id: state.azNames[shards.preferredAz[shard] ?? 0] || null,
    },
    observed: { locations: dumpObserved(state, tenant, shard) },
    config: {},
    splitting: shards.splitting[shard] === 1 ? 'Splitting' : 'Idle',
    importing: 'Idle',
    delayed_reconcile: shards.delayed[shard] === 1,
    last_error: memory.lastErrors.get(shard) ?? '',
    consecutive_reconciles_count: shards.consecutive[shard] ?? 0,
    pending_compute_notification: shards.pendingNotification[shard] === 1,
    preferred_node: orNull(shards.preferredNode[shard] ?? 0),
    scheduling_policy: tenant.scheduling,
  };
}

export function describeNodeShards(state: State, id: number): NodeShards {
  const { shards } = state;
  const found: NodeShards['shards'][number][] = [];
  for (const tenant of state.order) {
    if (tenant.dropped) continue;
    for (const shard of shardsOf(tenant)) {
      const intended = shardRole(attachedOf(state, shard) === id, shards.hasSecondary(shard, id));
      const at = shards.findLocation(shard, id);
      const mode = at === -1 ? absent : (shards.locations.knownMode[at] ?? absent);
      const observed = shardRole(isAttachedMode(mode), mode === secondary);
      if (intended === null && observed === null) continue;
      found.push({
        tenant_shard_id: shardName(tenant.id, shards.number[shard] ?? 0, tenant.shardCount),
        is_observed_secondary: observed,
        is_intended_secondary: intended,
      });
    }
  }
  return { node_id: id, shards: found };
}

function shardRole(isAttached: boolean, isSecondary: boolean): boolean | null {
  return isAttached ? false : isSecondary ? true : null;
}

export function locate(state: State, tenant: TenantState): Answer<Located> {
  const all = shardsOf(tenant).map((shard) => ({ shard, node: attachedOf(state, shard) }));
  if (all.some(({ node }) => node === 0))
    return refusals.badRequest('Cannot locate a tenant that is not attached');
  const shards = all.map(({ shard, node }) => {
    const { host, httpPort, pgPort } = addressOf(state, 'pageserver', node);
    return {
      shard_id: shardName(tenant.id, state.shards.number[shard] ?? 0, tenant.shardCount),
      node_id: node,
      listen_pg_addr: host,
      listen_pg_port: pgPort,
      listen_grpc_addr: null,
      listen_grpc_port: null,
      listen_http_addr: host,
      listen_http_port: httpPort,
      listen_https_port: null,
    };
  });
  const shard_params = { count: tenant.shardCount, stripe_size: tenant.stripeSize };
  return { ok: true, status: 200, body: { shards, shard_params } };
}

export function describeUtilization(state: State, node: NodeState, shards: number): Utilization {
  const used = Math.floor((state.diskKib * 3) / 10);
  return {
    disk_usage_bytes: used * 1_024,
    free_space_bytes: (state.diskKib - used) * 1_024,
    disk_wanted_bytes: node.diskWantedKib * 1_024,
    disk_usable_pct: 80,
    shard_count: shards,
    max_shard_count: 2_500,
    utilization_score: utilizationScore(state, node, shards),
    captured_at: new Date(state.queue.nowMs()).toISOString(),
  };
}

export function dumpScheduler(state: State): SchedulerDump {
  const nodes = [...state.nodes.values()].map((node) => [
    String(node.id),
    {
      shard_count: node.shardCount,
      attached_shard_count: node.attachedCount,
      home_shard_count: node.homeCount,
      az: state.azNames[node.az] ?? '',
      may_schedule: maySchedule(node)
        ? { Yes: describeUtilization(state, node, node.reportedShards) }
        : ('No' as const),
    },
  ]);
  return { nodes: Object.fromEntries(nodes) };
}

export function describeSafekeeper(state: State, keeper: SafekeeperState): SafekeeperDescription {
  const { host, httpPort, pgPort } = addressOf(state, 'safekeeper', keeper.id);
  return {
    id: keeper.id,
    region_id: 'sim-region',
    version: 5_957,
    host,
    port: pgPort,
    http_port: httpPort,
    https_port: null,
    availability_zone_id: state.azNames[keeper.az] ?? '',
    scheduling_policy: keeper.scheduling,
  };
}
