import { loadWorld, type RecordedAnswer } from '../replay/world.ts';

/**
 * The recorded bodies of a world as plain objects. The oracle shares nothing with src, so that a mistake made there is
 * not made here too; these are the fields that Neon documents, unchecked.
 */
export interface NodeBody {
  readonly id: number;
  readonly availability: string;
  readonly scheduling: string;
  readonly availability_zone_id: string;
  readonly listen_http_addr: string;
  readonly listen_http_port: number;
  readonly listen_pg_addr: string;
  readonly listen_pg_port: number;
}

export interface ShardBody {
  readonly tenant_shard_id: string;
  readonly node_attached: number | null;
  readonly node_secondary: readonly number[];
  readonly last_error: string;
  readonly is_reconciling: boolean;
  readonly is_pending_compute_notification: boolean;
  readonly is_splitting: boolean;
  readonly is_importing: boolean;
  readonly scheduling_policy: string;
  readonly preferred_az_id: string | null;
}

export interface TenantBody {
  readonly tenant_id: string;
  readonly shards: readonly ShardBody[];
  readonly policy: string | Readonly<Record<string, number>>;
}

export interface SafekeeperBody {
  readonly id: number;
  readonly region_id: string;
  readonly host: string;
  readonly port: number;
  readonly http_port: number;
  readonly availability_zone_id: string;
  readonly scheduling_policy: string;
}

export interface LocationBody {
  readonly mode: string;
  readonly generation: number | null;
}

interface UtilizationBody {
  readonly disk_usage_bytes: number;
  readonly free_space_bytes: number;
  readonly disk_wanted_bytes: number;
  readonly disk_usable_pct: number;
  readonly shard_count: number;
  readonly max_shard_count: number;
  readonly utilization_score: number;
}

/** What could be read of a world; undefined is not known, which is neither zero nor none. */
export interface Bodies {
  readonly nodes: readonly NodeBody[] | undefined;
  readonly tenants: readonly TenantBody[] | undefined;
  readonly safekeepers: readonly SafekeeperBody[] | undefined;
  readonly leader: { readonly address: string; readonly started_at: string } | null | undefined;
  readonly ready: number | undefined;
  readonly live: number | undefined;
  /** By node id, only the pageservers that answered; null: a location just now being worked on. */
  readonly locations: ReadonlyMap<number, ReadonlyMap<string, LocationBody | null>>;
  readonly utilizations: ReadonlyMap<number, UtilizationBody>;
}

export interface OracleOptions {
  /** Pageservers, by node id, taken as not answering although the world has them. */
  readonly unread?: readonly number[];
  /** Bodies other than the recorded ones, by service and path: `{'ps1 /v1/location_config': …}`. */
  readonly replaced?: Readonly<Record<string, unknown>>;
}

function bodyOf<Shape>(answer: RecordedAnswer | undefined): Shape | undefined {
  return answer?.status === 200 ? (JSON.parse(answer.body.toString()) as Shape) : undefined;
}

export function readBodies(worldName: string, { unread = [], replaced = {} }: OracleOptions = {}): Bodies {
  const world = loadWorld(worldName);
  const get = (service: string, path: string): RecordedAnswer | undefined => {
    if (world.closed.has(service)) return undefined;
    const other = replaced[`${service} ${path}`];
    if (other === undefined) return world.answers.get(service)?.get(path);
    return { status: 200, contentType: 'application/json', body: Buffer.from(JSON.stringify(other)) };
  };
  const locations = new Map<number, ReadonlyMap<string, LocationBody | null>>();
  const utilizations = new Map<number, UtilizationBody>();
  for (const [nodeId, { service }] of world.pageservers) {
    if (unread.includes(nodeId)) continue;
    const held = bodyOf<{ tenant_shards: [string, LocationBody | null][] }>(
      get(service, '/v1/location_config'),
    );
    if (held !== undefined) locations.set(nodeId, new Map(held.tenant_shards));
    const utilization = bodyOf<UtilizationBody>(get(service, '/v1/utilization'));
    if (utilization !== undefined) utilizations.set(nodeId, utilization);
  }
  return {
    nodes: bodyOf(get('storcon', '/control/v1/node')),
    tenants: bodyOf(get('storcon', '/control/v1/tenant')),
    safekeepers: bodyOf(get('storcon', '/control/v1/safekeeper')),
    leader: bodyOf(get('storcon', '/control/v1/leader')),
    ready: get('storcon', '/ready')?.status,
    live: get('storcon', '/live')?.status,
    locations,
    utilizations,
  };
}
