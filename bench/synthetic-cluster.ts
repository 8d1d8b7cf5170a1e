import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { attachedTo, secondaryOn, shardIdAt, tenantIdAt, zoneOf } from './synthetic-layout.ts';

/** A cluster of a given size over HTTP, for the bench: it answers as Neon does, and goes silent when told to. */
const layout = {
  tenants: Number(process.env['TENANTS'] ?? 2_500),
  shardsPerTenant: 8,
  pageservers: Number(process.env['PAGESERVERS'] ?? 10),
};
const { tenants, shardsPerTenant, pageservers } = layout;

let isSilent = false;

function tenantRow(index: number): object {
  const shards = Array.from({ length: shardsPerTenant }, (_, shard) => ({
    tenant_shard_id: shardIdAt(layout, index, shard),
    node_attached: attachedTo(layout, index, shard),
    node_secondary: [secondaryOn(layout, index, shard)],
    last_error: '',
    is_reconciling: false,
    is_pending_compute_notification: false,
    is_splitting: false,
    is_importing: false,
    scheduling_policy: 'Active',
    preferred_az_id: zoneOf(attachedTo(layout, index, shard)),
  }));
  return { tenant_id: tenantIdAt(index), shards, stripe_size: 2048, policy: { Attached: 1 }, config: {} };
}

const rows = Array.from({ length: tenants }, (_, index) => tenantRow(index));

const ids = rows.map((_, index) => tenantIdAt(index));

function page(query: URLSearchParams): readonly object[] {
  const after = query.get('start_after') ?? '';
  const from = ids.findIndex((id) => id > after);
  return from === -1 ? [] : rows.slice(from, from + Number(query.get('limit') ?? rows.length));
}

function locations(nodeId: number): object {
  const pairs: unknown[] = [];
  for (let index = 0; index < tenants; index += 1) {
    for (let shard = 0; shard < shardsPerTenant; shard += 1) {
      const isAttached = attachedTo(layout, index, shard) === nodeId;
      if (!isAttached && secondaryOn(layout, index, shard) !== nodeId) continue;
      const mode = isAttached ? 'AttachedSingle' : 'Secondary';
      pairs.push([
        shardIdAt(layout, index, shard),
        { mode, generation: isAttached ? 1 : null, shard_number: shard },
      ]);
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
  availability_zone_id: zoneOf(index + 1),
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
