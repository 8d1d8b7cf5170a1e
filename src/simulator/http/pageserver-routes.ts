import type { Pageserver, World } from '../world/api.ts';
import type { SecondaryStatus, ShardDescription } from '../world/wire.ts';
import { answerOf, errorAnswer, type HttpAnswer, jsonAnswer, rowsAnswer } from './answer.ts';
import { type Exposition, expositionAnswer } from './exposition.ts';
import type { Asked, Route } from './router.ts';
import { attachedRows, locationRows } from './rows.ts';

const pageserverApi = ['pageserverapi'];
const pageserverOrTenant = ['pageserverapi', 'tenant'];

/** What a pageserver says to a route or method it does not have. */
export const pageNotFound: HttpAnswer = errorAnswer(404, 'page not found');

/** `GET /v1/tenant/:shard`; timelines are those a compute of the world has. */
export function attachedTenant(world: World, pageserver: Pageserver, shardId: string): HttpAnswer {
  const location = pageserver.location(shardId);
  const config = location.ok ? location.body : undefined;
  if (config === undefined) return errorAnswer(404, `NotFound: tenant ${shardId}`);
  if (config === null) return errorAnswer(503, 'Tenant map is initializing or shutting down');
  if (!config.mode.startsWith('Attached')) return errorAnswer(404, `NotFound: tenant ${shardId}`);
  const tenantId = shardId.slice(0, 32);
  return jsonAnswer(200, {
    id: shardId,
    state: { slug: 'Active' },
    current_physical_size: world.config.shardBytes,
    attachment_status: { slug: 'attached' },
    generation: config.generation,
    walredo: { last_redo_at: null, process: null },
    timelines: world
      .computes()
      .filter((compute) => compute.tenantId === tenantId)
      .map((compute) => compute.timelineId),
  });
}

function isComplete(status: SecondaryStatus): boolean {
  return status.heatmap_mtime !== null && status.bytes_downloaded >= status.bytes_total;
}

/** The controller's download: every secondary of the tenant, the progress of all together. 202 while any is behind. */
export function downloadEverywhere(world: World, shards: readonly ShardDescription[]): HttpAnswer {
  const found = shards.flatMap(({ tenant_shard_id, node_secondary }) =>
    node_secondary.flatMap((nodeId) => {
      const answer = world.pageserver(nodeId)?.secondaryDownload(tenant_shard_id);
      return answer?.ok === true ? [answer.body] : [];
    }),
  );
  const sum = (part: (status: SecondaryStatus) => number): number =>
    found.reduce((total, status) => total + part(status), 0);
  const mtimes = found.flatMap(({ heatmap_mtime }) => (heatmap_mtime === null ? [] : [heatmap_mtime]));
  return jsonAnswer(found.every(isComplete) ? 200 : 202, {
    heatmap_mtime: mtimes.sort()[0] ?? null,
    layers_downloaded: sum((status) => status.layers_downloaded),
    layers_total: sum((status) => status.layers_total),
    bytes_downloaded: sum((status) => status.bytes_downloaded),
    bytes_total: sum((status) => status.bytes_total),
  });
}

function exposition(world: World, pageserver: Pageserver): Exposition {
  let attached = 0;
  let secondary = 0;
  let inProgress = 0;
  for (const [, config] of pageserver.locations()) {
    if (config === null) inProgress += 1;
    else if (config.mode === 'Secondary') secondary += 1;
    else attached += 1;
  }
  const { utilization_score } = pageserver.utilization();
  return [
    {
      name: 'libmetrics_tracing_event_count',
      type: 'counter',
      help: 'Number of tracing events, by level',
      samples: ['critical', 'debug', 'error', 'info', 'trace', 'warn'].map((level) => [{ level }, 0]),
    },
    {
      name: 'pageserver_misrouted_pagestream_requests_total',
      type: 'counter',
      help: 'Number of pageserver pagestream requests that were routed to the wrong pageserver',
      samples: [[{}, pageserver.misroutedRequests]],
    },
    {
      name: 'pageserver_startup_is_loading',
      type: 'gauge',
      help: '1 while in initial startup load of tenants, 0 at other times',
      samples: [[{}, 0]],
    },
    {
      name: 'pageserver_tenant_manager_slots',
      type: 'gauge',
      help: 'How many slots currently exist, including all attached, secondary and in-progress operations',
      samples: [
        [{ mode: 'attached' }, attached],
        [{ mode: 'inprogress' }, inProgress],
        [{ mode: 'secondary' }, secondary],
      ],
    },
    {
      name: 'pageserver_tenant_states_count',
      type: 'gauge',
      help: 'Count of tenants per state',
      samples: ['Activating', 'Active', 'Attaching', 'Broken', 'Stopping'].map((state) => [
        { state },
        state === 'Active' ? attached : 0,
      ]),
    },
    {
      name: 'pageserver_utilization_score',
      type: 'gauge',
      help: 'The utilization score we report to the storage controller for scheduling, where 0 is empty, 1000000 is full, and anything above is considered overloaded',
      samples: [[{}, utilization_score]],
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'Start time of the process since unix epoch in seconds.',
      samples: [[{}, Math.floor(world.config.startMs / 1_000)]],
    },
  ];
}

/** One pageserver's management API. */
export function pageserverRoutes(world: World, nodeId: number): readonly Route[] {
  const own = (): Pageserver => {
    const pageserver = world.pageserver(nodeId);
    if (pageserver === undefined) throw new Error(`there is no pageserver ${nodeId}`);
    return pageserver;
  };
  const get = (
    path: string,
    allowed: Route['allowed'],
    answer: (pageserver: Pageserver, asked: Asked) => HttpAnswer,
  ): Route => ({ method: 'GET', path, name: path, allowed, answer: (asked) => answer(own(), asked) });
  const shard = '/v1/tenant/:tenant_shard_id';
  return [
    get('/v1/status', 'no token', ({ id }) => jsonAnswer(200, { id })),
    get('/metrics', 'no token', (pageserver) => expositionAnswer(exposition(world, pageserver))),
    get('/v1/location_config', 'any token', (pageserver) => rowsAnswer(locationRows(pageserver))),
    get('/v1/location_config/:tenant_shard_id', 'any token', (pageserver, asked) =>
      answerOf(pageserver.location(asked.param('tenant_shard_id'))),
    ),
    get('/v1/tenant', pageserverApi, (pageserver) => rowsAnswer(attachedRows(pageserver))),
    get(shard, pageserverOrTenant, (pageserver, asked) =>
      attachedTenant(world, pageserver, asked.param('tenant_shard_id')),
    ),
    get('/v1/utilization', pageserverApi, (pageserver) => jsonAnswer(200, pageserver.utilization())),
    get(`${shard}/secondary/status`, pageserverApi, (pageserver, asked) =>
      answerOf(pageserver.secondaryStatus(asked.param('tenant_shard_id'))),
    ),
    {
      method: 'POST',
      path: `${shard}/secondary/download`,
      name: 'secondary_download',
      allowed: pageserverApi,
      answer: (asked) => answerOf(own().secondaryDownload(asked.param('tenant_shard_id'))),
    },
  ];
}
