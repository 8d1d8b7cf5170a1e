import { isGone, SourceError } from '../../errors.ts';
import type { NodeLocations } from '../../neon/location.ts';
import { isAttached } from '../../neon/location.ts';
import type { ShardPlacement, TenantPlacement } from '../../neon/placement.ts';
import type { ShardId } from '../../neon/shard-id.ts';
import type { JsonReader } from '../../sources/json-reader.ts';
import type { SetAsideCount } from '../set-aside.ts';
import { Tenant, tenantPlacement } from './tenant-shape.ts';

/** Describes under way at once: enough to hide latency, too few to be a load. */
const describesAtOnce = 4;

type Visit = (tenant: TenantPlacement) => void;

/**
 * Reads the whole tenant list page by page: `?limit=&start_after=`, exclusive, by id, ended by an empty page.
 * A page that does not go beyond the one before ends the read with `malformed`: such a list has no end.
 * One page larger than asked for is a controller that does not page: it is the whole list.
 */
export async function listTenants(
  http: JsonReader,
  pageSize: number,
  setAside: SetAsideCount,
  signal: AbortSignal,
  visit: Visit,
): Promise<void> {
  const seen = new Set<string>();
  let after = '';
  for (;;) {
    const start = after === '' ? '' : `&start_after=${encodeURIComponent(after)}`;
    const path = `/control/v1/tenant?limit=${pageSize}${start}`;
    const page = await http.getJsonList(path, Tenant, signal);
    let last = after;
    for (const row of page) {
      if (row.tenant_id > last) last = row.tenant_id;
      visitOnce(row, seen, setAside, visit);
    }
    if (page.length === 0 || page.length > pageSize) return;
    if (last === after) {
      const problem = `GET ${path}: the page holds no tenant id after "${after.slice(0, 60)}", so the list has no end`;
      throw new SourceError('malformed', problem);
    }
    after = last;
  }
}

function visitOnce(
  row: Parameters<typeof tenantPlacement>[0],
  seen: Set<string>,
  setAside: SetAsideCount,
  visit: Visit,
): void {
  if (seen.has(row.tenant_id)) {
    setAside.add('duplicate');
    return;
  }
  seen.add(row.tenant_id);
  const tenant = tenantPlacement(row, setAside);
  if (tenant !== undefined) visit(tenant);
}

/** Every tenant id that stands on a pageserver, ascending. */
export function tenantIdsOf(nodes: readonly NodeLocations[]): readonly string[] {
  const ids = new Set<string>();
  for (const { locations } of nodes) for (const location of locations) ids.add(location.id.tenantId);
  return [...ids].sort();
}

/** Describes tenants one by one (`GET /control/v1/tenant/:id`); one that is gone by then (404) is left out. */
export async function describeTenants(
  http: JsonReader,
  tenantIds: readonly string[],
  setAside: SetAsideCount,
  signal: AbortSignal,
  visit: Visit,
): Promise<void> {
  const queue = tenantIds.values();
  let hasFailed = false;
  // Sharing one iterator is what bounds the requests: each worker takes the next id when it is done with one.
  const worker = async (): Promise<void> => {
    for (const tenantId of queue) {
      if (hasFailed) return;
      const row = await describeTenant(http, tenantId, signal).catch((thrown: unknown) => {
        hasFailed = true;
        throw thrown;
      });
      const tenant = row === undefined ? undefined : tenantPlacement(row, setAside);
      if (tenant !== undefined) visit(tenant);
    }
  };
  await Promise.all(Array.from({ length: describesAtOnce }, worker));
}

async function describeTenant(http: JsonReader, tenantId: string, signal: AbortSignal) {
  try {
    return await http.getJson(`/control/v1/tenant/${tenantId}`, Tenant, signal);
  } catch (thrown) {
    if (isGone(thrown)) return undefined;
    throw thrown;
  }
}

interface Where {
  readonly id: ShardId;
  attached: { nodeId: number; generation: number } | undefined;
  readonly secondary: number[];
}

/**
 * Placement as the pageservers have it, without the controller: where a shard is attached (the highest generation
 * wins) and where its secondaries are. It has no policy and no flags: those are the controller's to know.
 */
export function placementFromLocations(nodes: readonly NodeLocations[]): readonly TenantPlacement[] {
  const shards = new Map<string, Where>();
  for (const { nodeId, locations } of nodes) {
    for (const { id, mode, generation = -1 } of locations) {
      const where = shards.get(id.text) ?? { id, attached: undefined, secondary: [] };
      shards.set(id.text, where);
      if (mode === 'Secondary') where.secondary.push(nodeId);
      else if (isAttached(mode) && generation > (where.attached?.generation ?? -2)) {
        where.attached = { nodeId, generation };
      }
    }
  }
  const tenants = new Map<string, ShardPlacement[]>();
  for (const { id, attached, secondary } of shards.values()) {
    const placement = { id, nodeAttached: attached?.nodeId, nodeSecondary: secondary, flags: undefined };
    const known = tenants.get(id.tenantId);
    if (known === undefined) tenants.set(id.tenantId, [placement]);
    else known.push(placement);
  }
  return [...tenants].map(([tenantId, list]) => ({
    tenantId,
    policy: undefined,
    stripeSizeBlocks: undefined,
    shards: list,
  }));
}
