import { mustHaveRecorded, type RecordedAnswer, type World } from './world.ts';

const tenantList = '/control/v1/tenant';

const notFound: RecordedAnswer = { status: 404, contentType: 'text/plain', body: Buffer.from('Not Found') };
const pageNotFound = mustHaveRecorded('errors', 'ps1', '/v1/nope');
const badLimit = mustHaveRecorded('errors', 'storcon', `${tenantList}?limit=abc`);
const badStart = mustHaveRecorded('errors', 'storcon', `${tenantList}?start_after=zz`);
const badTenantId = mustHaveRecorded('errors', 'storcon', `${tenantList}/xyz`);
const warmSecondary = mustHaveRecorded(
  'healthy',
  'ps2',
  '/v1/tenant/10000000000000000000000000000001/secondary/status',
);

interface Tenant {
  readonly tenant_id: string;
}

function json(status: number, value: unknown): RecordedAnswer {
  return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

/** What a service answers to a path it does not have, and to any method but GET. */
export function unknownRoute(service: string): RecordedAnswer {
  return service === 'storcon' ? notFound : pageNotFound;
}

/**
 * One page of a recorded tenant list by the controller's rule: sorted by id, `start_after` excluded,
 * `limit=0` gives one, no `limit` gives all, and past the end is an empty array.
 */
export function tenantPage(list: RecordedAnswer, query: URLSearchParams): RecordedAnswer {
  const limit = query.get('limit');
  const startAfter = query.get('start_after');
  if (list.status !== 200 || (limit === null && startAfter === null)) return list;
  if (limit !== null && !/^\d+$/.test(limit)) return badLimit;
  if (startAfter !== null && !/^[0-9a-f]{32}$/.test(startAfter)) return badStart;
  const tenants = (JSON.parse(list.body.toString()) as Tenant[])
    .filter((tenant) => startAfter === null || tenant.tenant_id > startAfter)
    .sort((one, other) => (one.tenant_id < other.tenant_id ? -1 : 1));
  return json(200, limit === null ? tenants : tenants.slice(0, Math.max(1, Number(limit))));
}

function describedTenant(list: RecordedAnswer, tenantId: string): RecordedAnswer {
  if (!/^[0-9a-f]{32}$/.test(tenantId)) return badTenantId;
  if (list.status !== 200) return list;
  const tenant = (JSON.parse(list.body.toString()) as Tenant[]).find(
    ({ tenant_id }) => tenant_id === tenantId,
  );
  return tenant === undefined
    ? json(404, { msg: `NotFound: Tenant ${tenantId} not found` })
    : json(200, tenant);
}

/** Not recorded outside `healthy`: a shard that is Secondary here is said to be warm, any other is unknown. */
function secondaryStatus(locations: RecordedAnswer | undefined, shardId: string): RecordedAnswer {
  const unknown = json(404, { msg: `NotFound: Shard ${shardId} not found` });
  if (locations?.status !== 200) return unknown;
  const { tenant_shards } = JSON.parse(locations.body.toString()) as {
    tenant_shards: [string, { mode: string } | null][];
  };
  return tenant_shards.some(([id, location]) => id === shardId && location?.mode === 'Secondary')
    ? warmSecondary
    : unknown;
}

/** The recorded answer to a GET of `target` (path with query); what is not recorded is answered by Neon's own rules. */
export function answerOf(world: World, service: string, target: string): RecordedAnswer {
  const answers = world.answers.get(service) ?? new Map<string, RecordedAnswer>();
  const { pathname, searchParams } = new URL(target, 'http://replay');
  const path = pathname.length > 1 && pathname.endsWith('/') ? pathname.slice(0, -1) : pathname;
  const recorded = answers.get(target) ?? (path === tenantList ? undefined : answers.get(path));
  if (recorded !== undefined) return recorded;
  if (service !== 'storcon') {
    const shardId = /^\/v1\/tenant\/([^/]+)\/secondary\/status$/.exec(path)?.[1];
    return shardId === undefined
      ? unknownRoute(service)
      : secondaryStatus(answers.get('/v1/location_config'), shardId);
  }
  const list = answers.get(tenantList);
  if (list !== undefined && path === tenantList) return tenantPage(list, searchParams);
  const tenantId = /^\/control\/v1\/tenant\/([^/]+)$/.exec(path)?.[1];
  if (list !== undefined && tenantId !== undefined) return describedTenant(list, tenantId);
  const nodeId = Number(/^\/control\/v1\/node\/(\d+)\/shards$/.exec(path)?.[1]);
  if (!Number.isNaN(nodeId) && !world.pageservers.has(nodeId))
    return json(200, { node_id: nodeId, shards: [] });
  return notFound;
}
