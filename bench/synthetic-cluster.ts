import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A cluster of a given size over HTTP, for the bench: it answers as Neon does, and goes silent when told to. */
const shardsPerTenant = 8;
const pageservers = Number(process.env['PAGESERVERS'] ?? 10);
const tenants = Number(process.env['TENANTS'] ?? 2_500);

let isSilent = false;

function tenantId(index: number): string {
  return index.toString(16).padStart(32, '0');
}

function shardId(index: number, shard: number): string {
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return `${tenantId(index)}-${hex(shard)}${hex(shardsPerTenant)}`;
}

const attachedTo = (index: number, shard: number) => 1 + ((index + shard) % pageservers);
const secondaryOn = (index: number, shard: number) => 1 + ((index + shard + 1) % pageservers);

function tenantRow(index: number): object {
  const shards = Array.from({ length: shardsPerTenant }, (_, shard) => ({
    tenant_shard_id: shardId(index, shard),
    node_attached: attachedTo(index, shard),
    node_secondary: [secondaryOn(index, shard)],
    last_error: '',
    is_reconciling: false,
    is_pending_compute_notification: false,
    is_splitting: false,
    is_importing: false,
    scheduling_policy: 'Active',
    preferred_az_id: `az-${attachedTo(index, shard) % 3}`,
  }));
  return { tenant_id: tenantId(index), shards, stripe_size: 2048, policy: { Attached: 1 }, config: {} };
}

const rows = Array.from({ length: tenants }, (_, index) => tenantRow(index));

const ids = rows.map((_, index) => tenantId(index));

function page(query: URLSearchParams): readonly object[] {
  const after = query.get('start_after') ?? '';
  const from = ids.findIndex((id) => id > after);
  return from === -1 ? [] : rows.slice(from, from + Number(query.get('limit') ?? rows.length));
}

function locations(nodeId: number): object {
  const pairs: unknown[] = [];
  for (let index = 0; index < tenants; index += 1) {
    for (let shard = 0; shard < shardsPerTenant; shard += 1) {
      const isAttached = attachedTo(index, shard) === nodeId;
      if (!isAttached && secondaryOn(index, shard) !== nodeId) continue;
      const mode = isAttached ? 'AttachedSingle' : 'Secondary';
      pairs.push([shardId(index, shard), { mode, generation: isAttached ? 1 : null, shard_number: shard }]);
    }
  }
  return { tenant_shards: pairs };
}

const utilization = {
  disk_usage_bytes: 1,
  free_space_bytes: 1,
  disk_wanted_bytes: 1,
  disk_usable_pct: 80,
  shard_count: 1,
  max_shard_count: 2500,
  utilization_score: 1,
};
const warm = { heatmap_mtime: '2026-11-22T00:00:00Z', bytes_downloaded: 1, bytes_total: 1 };

type Reply = (path: string, query: URLSearchParams) => unknown;

async function serve(reply: Reply): Promise<number> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (isSilent) return;
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://bench');
    const body = reply(pathname, searchParams);
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { msg: 'NotFound' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function servePageserver(nodeId: number): Promise<number> {
  const held = locations(nodeId);
  return serve((path) => {
    if (path === '/v1/status') return { id: nodeId };
    if (path === '/v1/location_config') return held;
    if (path === '/v1/utilization') return utilization;
    return path.endsWith('/secondary/status') ? warm : undefined;
  });
}

const ports = await Promise.all(
  Array.from({ length: pageservers }, (_, index) => servePageserver(index + 1)),
);
const nodes = ports.map((port, index) => ({
  id: index + 1,
  availability: 'Active',
  scheduling: 'Active',
  availability_zone_id: `az-${(index + 1) % 3}`,
  listen_http_addr: '127.0.0.1',
  listen_http_port: port,
  listen_https_port: null,
  listen_pg_addr: '127.0.0.1',
  listen_pg_port: 6400 + index,
}));
const controller = await serve((path, query) => {
  if (path === '/control/v1/node') return nodes;
  if (path === '/control/v1/tenant') return page(query);
  if (path === '/control/v1/safekeeper') return [];
  return path === '/ready' || path === '/live' || path === '/control/v1/leader' ? null : undefined;
});
process.on('message', (message) => {
  isSilent = message === 'silent';
});
process.send?.({ controller: `http://127.0.0.1:${controller}` });
