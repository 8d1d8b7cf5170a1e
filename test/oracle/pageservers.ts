import type { Bodies, LocationBody, ShardBody } from './bodies.ts';
import { put, type SeriesMap } from './series.ts';

const modes = ['AttachedSingle', 'AttachedMulti', 'AttachedStale', 'Secondary', 'Detached', 'InProgress'];
const agreements = [
  'not_attached',
  'unscheduled',
  'unknown',
  'absent',
  'moving',
  'stale_generation',
  'agree',
  'elsewhere',
];

interface AttachedLocation {
  readonly nodeId: number;
  readonly mode: string;
  readonly generation: number;
}

function isAttached(location: LocationBody): boolean {
  return location.mode.startsWith('Attached');
}

/** Attached locations of one shard on all pageservers that were read, the highest generation first. */
function attachedLocations({ locations }: Bodies, shardId: string): AttachedLocation[] {
  const found = [...locations].flatMap(([nodeId, held]) => {
    const location = held.get(shardId) ?? null;
    return location !== null && isAttached(location)
      ? [{ nodeId, mode: location.mode, generation: location.generation ?? -1 }]
      : [];
  });
  return found.sort((one, other) => other.generation - one.generation);
}

function agreementOf(bodies: Bodies, shard: ShardBody, wantsAttached: boolean): string {
  const { node_attached: intended, tenant_shard_id: shardId } = shard;
  if (intended === null) return wantsAttached ? 'unscheduled' : 'not_attached';
  const inProgress = [...bodies.locations.values()].some((held) => held.get(shardId) === null);
  if (!bodies.locations.has(intended) || inProgress) return 'unknown';
  const attached = attachedLocations(bodies, shardId);
  const [winner] = attached;
  if (winner === undefined) {
    if (bodies.nodes?.some((node) => !bodies.locations.has(node.id))) return 'unknown';
    return shard.is_reconciling ? 'moving' : 'absent';
  }
  if (shard.is_reconciling || attached.some(({ mode }) => mode !== 'AttachedSingle')) return 'moving';
  if (winner.nodeId !== intended) return 'elsewhere';
  return attached.length > 1 ? 'stale_generation' : 'agree';
}

function unexpectedReason(bodies: Bodies, nodeId: number, shardId: string): string | undefined {
  const tenant = bodies.tenants?.find(({ tenant_id }) => shardId.slice(0, 32) === tenant_id);
  if (tenant === undefined) return 'unknown_tenant';
  const shard = tenant.shards.find(({ tenant_shard_id }) => tenant_shard_id === shardId);
  if (shard === undefined) return 'unknown_shard';
  const isIntended = shard.node_attached === nodeId || shard.node_secondary.includes(nodeId);
  return isIntended ? undefined : 'not_intended';
}

function putDisagreements(series: SeriesMap, bodies: Bodies, shards: readonly ShardBody[]): void {
  for (const [nodeId, held] of bodies.locations) {
    const reasons = [...held]
      .filter(([, location]) => location !== null && (isAttached(location) || location.mode === 'Secondary'))
      .map(([shardId]) => unexpectedReason(bodies, nodeId, shardId));
    for (const reason of ['unknown_tenant', 'unknown_shard', 'not_intended']) {
      const count = reasons.filter((candidate) => candidate === reason).length;
      put(series, 'neon_pageserver_unexpected_locations', { node_id: nodeId, reason }, count);
    }
    const missing = shards.filter(({ tenant_shard_id }) => !held.has(tenant_shard_id));
    const attached = missing.filter((shard) => shard.node_attached === nodeId).length;
    const secondary = missing.filter((shard) => shard.node_secondary.includes(nodeId)).length;
    put(series, 'neon_intended_locations_missing', { node_id: nodeId, role: 'attached' }, attached);
    put(series, 'neon_intended_locations_missing', { node_id: nodeId, role: 'secondary' }, secondary);
  }
}

function putUtilization(series: SeriesMap, bodies: Bodies): void {
  for (const [nodeId, said] of bodies.utilizations) {
    const values: Record<string, number> = {
      disk_usage_bytes: said.disk_usage_bytes,
      disk_free_bytes: said.free_space_bytes,
      disk_wanted_bytes: said.disk_wanted_bytes,
      disk_usable_ratio: said.disk_usable_pct / 100,
      shard_slots_used: said.shard_count,
      shard_slots_max: said.max_shard_count,
      utilization_ratio: said.utilization_score / 1_000_000,
    };
    for (const [name, value] of Object.entries(values))
      put(series, `neon_pageserver_${name}`, { node_id: nodeId }, value);
  }
}

/** Everything that needs a pageserver's answer, alone or beside the controller's. */
export function putPageservers(series: SeriesMap, bodies: Bodies): void {
  putUtilization(series, bodies);
  for (const [nodeId, held] of bodies.locations) {
    const heldModes = [...held.values()].map((location) => location?.mode ?? 'InProgress');
    for (const mode of modes) {
      const count = heldModes.filter((candidate) => candidate === mode).length;
      put(series, 'neon_pageserver_locations', { node_id: nodeId, mode }, count);
    }
  }
  const shardIds = new Set([...bodies.locations.values()].flatMap((held) => [...held.keys()]));
  const conflicting = [...shardIds].filter(
    (id) => attachedLocations(bodies, id).filter(({ mode }) => mode === 'AttachedSingle').length > 1,
  );
  const sawNone = bodies.locations.size === 0 && (bodies.nodes?.length ?? 0) > 0;
  if (bodies.nodes !== undefined && !sawNone)
    put(series, 'neon_location_generations_conflicting', {}, conflicting.length);
  if (bodies.nodes === undefined || bodies.tenants === undefined) return;
  const shards = bodies.tenants.flatMap((tenant) => tenant.shards);
  const found = bodies.tenants.flatMap(({ policy, shards: own }) =>
    own.map((shard) => agreementOf(bodies, shard, typeof policy !== 'string')),
  );
  for (const agreement of agreements) {
    const count = found.filter((candidate) => candidate === agreement).length;
    put(series, 'neon_shard_placements', { agreement }, count);
  }
  putDisagreements(series, bodies, shards);
}
