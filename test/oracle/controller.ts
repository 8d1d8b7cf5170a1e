import type { Bodies, NodeBody, SafekeeperBody, ShardBody, TenantBody } from './bodies.ts';
import { put, putCounts, type SeriesMap } from './series.ts';

const availabilities = ['Active', 'WarmingUp', 'Offline'];
const nodePolicies = ['Active', 'Filling', 'Pause', 'PauseForRestart', 'Draining', 'Deleting'];
const shardPolicies = ['Active', 'Essential', 'Pause', 'Stop'];

interface PlacedShard extends ShardBody {
  /** n of `Attached(n)`, else undefined. */
  readonly attachedPolicy: number | undefined;
  readonly secondariesWanted: number;
}

function policyText({ policy }: TenantBody): string {
  if (typeof policy === 'string') return policy;
  return Object.entries(policy)
    .map(([kind, count]) => `${kind}(${count})`)
    .join();
}

function placedShards(tenants: readonly TenantBody[]): PlacedShard[] {
  return tenants.flatMap(({ shards, policy }) => {
    const attachedPolicy = typeof policy === 'string' ? undefined : policy['Attached'];
    const secondariesWanted = attachedPolicy ?? (policy === 'Secondary' ? 1 : 0);
    return shards.map((shard) => ({ ...shard, attachedPolicy, secondariesWanted }));
  });
}

function putNodes(series: SeriesMap, nodes: readonly NodeBody[]): void {
  for (const node of nodes) {
    const where = { node_id: node.id, az: node.availability_zone_id };
    put(
      series,
      'neon_node_info',
      {
        ...where,
        http_address: `${node.listen_http_addr}:${node.listen_http_port}`,
        pg_address: `${node.listen_pg_addr}:${node.listen_pg_port}`,
      },
      1,
    );
    for (const availability of availabilities) {
      put(
        series,
        'neon_node_availability',
        { ...where, availability },
        availability === node.availability ? 1 : 0,
      );
    }
    for (const scheduling of nodePolicies) {
      put(series, 'neon_node_scheduling', { ...where, scheduling }, scheduling === node.scheduling ? 1 : 0);
    }
  }
  putCounts(series, 'neon_nodes', nodes, ({ availability, scheduling, availability_zone_id: az }) => ({
    availability,
    scheduling,
    az,
  }));
}

function putNodePlacement(series: SeriesMap, nodes: readonly NodeBody[], shards: readonly ShardBody[]): void {
  const zoneOf = new Map(nodes.map((node) => [node.id, node.availability_zone_id]));
  const mentioned = shards.flatMap((shard) => [shard.node_attached ?? [], shard.node_secondary].flat());
  for (const nodeId of new Set([...zoneOf.keys(), ...mentioned])) {
    const az = zoneOf.get(nodeId) ?? '';
    const attached = shards.filter((shard) => shard.node_attached === nodeId);
    const secondary = shards.filter((shard) => shard.node_secondary.includes(nodeId));
    const home = [...attached, ...secondary].filter(
      (shard) => zoneOf.has(nodeId) && shard.preferred_az_id === az,
    );
    put(series, 'neon_node_attached_shards', { node_id: nodeId, az }, attached.length);
    put(series, 'neon_node_secondary_shards', { node_id: nodeId, az }, secondary.length);
    put(series, 'neon_node_home_shards', { node_id: nodeId, az }, home.length);
  }
}

function putZones(series: SeriesMap, nodes: readonly NodeBody[], shards: readonly ShardBody[]): void {
  const zoneOf = (nodeId: number | null): string | undefined =>
    nodes.find((node) => node.id === nodeId)?.availability_zone_id;
  const outside = shards.filter(({ node_attached, preferred_az_id }) => {
    const zone = zoneOf(node_attached);
    return zone !== undefined && preferred_az_id !== null && zone !== preferred_az_id;
  });
  const doubled = shards.filter(({ node_attached, node_secondary }) => {
    const zone = zoneOf(node_attached);
    return zone !== undefined && node_secondary.some((nodeId) => zoneOf(nodeId) === zone);
  });
  put(series, 'neon_shards_outside_preferred_az', {}, outside.length);
  put(series, 'neon_shards_secondary_in_attached_az', {}, doubled.length);
}

function putTenants(series: SeriesMap, tenants: readonly TenantBody[]): void {
  const shards = placedShards(tenants);
  const count = (
    name: string,
    labels: Record<string, string>,
    matches: (shard: PlacedShard) => boolean,
  ): void => put(series, name, labels, shards.filter(matches).length);

  putCounts(series, 'neon_tenants', tenants, (tenant) => ({ policy: policyText(tenant) }));
  put(series, 'neon_sharded_tenants', {}, tenants.filter((tenant) => tenant.shards.length > 1).length);
  count('neon_shards', {}, () => true);
  const states: Record<string, (shard: PlacedShard) => boolean> = {
    reconciling: (shard) => shard.is_reconciling,
    pending_compute_notification: (shard) => shard.is_pending_compute_notification,
    splitting: (shard) => shard.is_splitting,
    importing: (shard) => shard.is_importing,
    unscheduled: (shard) => shard.node_attached === null && shard.attachedPolicy !== undefined,
    with_last_error: (shard) => shard.last_error !== '',
  };
  for (const [state, matches] of Object.entries(states)) count('neon_shards_in_state', { state }, matches);
  for (const policy of shardPolicies) {
    count(
      'neon_shards_by_scheduling_policy',
      { scheduling_policy: policy },
      (s) => s.scheduling_policy === policy,
    );
  }
  let wanted = 0;
  let present = 0;
  for (const shard of shards) {
    wanted += shard.secondariesWanted;
    present += shard.node_secondary.length;
  }
  put(series, 'neon_secondaries_wanted', {}, wanted);
  put(series, 'neon_secondaries_present', {}, present);
  count(
    'neon_shards_missing_secondaries',
    {},
    (shard) => shard.node_secondary.length < shard.secondariesWanted,
  );
  count('neon_shards_without_preferred_az', {}, (shard) => shard.preferred_az_id === null);
}

function putSafekeepers(series: SeriesMap, safekeepers: readonly SafekeeperBody[]): void {
  putCounts(series, 'neon_safekeepers', safekeepers, ({ scheduling_policy, availability_zone_id: az }) => ({
    scheduling_policy,
    az,
  }));
  for (const { id, availability_zone_id: az, region_id, host, port, http_port } of safekeepers) {
    const addresses = { address: `${host}:${port}`, http_address: `${host}:${http_port}` };
    put(series, 'neon_safekeeper_info', { safekeeper_id: id, az, region_id, ...addresses }, 1);
  }
}

/** Everything that the storage controller alone says. What it did not answer has no series. */
export function putController(series: SeriesMap, bodies: Bodies): void {
  const { nodes, tenants, safekeepers, leader, ready, live } = bodies;
  if (nodes !== undefined) putNodes(series, nodes);
  if (tenants !== undefined) putTenants(series, tenants);
  if (nodes !== undefined && tenants !== undefined) {
    const shards = tenants.flatMap((tenant) => tenant.shards);
    putNodePlacement(series, nodes, shards);
    putZones(series, nodes, shards);
  }
  if (safekeepers !== undefined) putSafekeepers(series, safekeepers);
  if (ready !== undefined) put(series, 'neon_storage_controller_ready', {}, ready === 200 ? 1 : 0);
  if (live !== undefined) put(series, 'neon_storage_controller_live', {}, live === 200 ? 1 : 0);
  if (leader !== undefined)
    put(series, 'neon_storage_controller_leader_registered', {}, leader === null ? 0 : 1);
  if (leader != null) {
    put(series, 'neon_storage_controller_leader_info', { address: leader.address }, 1);
    const startedMs = new Date(leader.started_at).getTime();
    put(series, 'neon_storage_controller_leader_started_timestamp_seconds', {}, startedMs / 1000);
  }
}
