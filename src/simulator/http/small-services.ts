import type { Safekeeper, World } from '../world/api.ts';
import type { Compute } from '../world/hook-api.ts';
import { type HttpAnswer, jsonAnswer } from './answer.ts';
import { type ExposedFamily, expositionAnswer } from './exposition.ts';
import type { Route } from './router.ts';

function get(path: string, allowed: Route['allowed'], answer: () => HttpAnswer): Route {
  return { method: 'GET', path, name: path, allowed, answer };
}

function processFamilies(world: World): readonly ExposedFamily[] {
  return [
    {
      name: 'libmetrics_tracing_event_count',
      type: 'counter',
      help: 'Number of tracing events, by level',
      samples: ['critical', 'debug', 'error', 'info', 'trace', 'warn'].map((level) => [{ level }, 0]),
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'Start time of the process since unix epoch in seconds.',
      samples: [[{}, Math.floor(world.config.startMs / 1_000)]],
    },
  ];
}

/** One safekeeper's HTTP interface, as far as the world has safekeepers: no timelines, so none of their routes. */
export function safekeeperRoutes(world: World, own: () => Safekeeper): readonly Route[] {
  return [
    get('/v1/status', 'no token', () => jsonAnswer(200, { id: own().id })),
    get('/v1/utilization', ['safekeeperdata'], () => jsonAnswer(200, { timeline_count: own().timelines })),
    get('/metrics', 'no token', () =>
      expositionAnswer([
        ...processFamilies(world),
        {
          name: 'safekeeper_timelines',
          type: 'gauge',
          help: 'Total number of timelines loaded in-memory',
          samples: [[{}, own().timelines]],
        },
      ]),
    ),
  ];
}

/** What the broker says to a route it does not have: nothing but the status. */
export const brokerNotFound: HttpAnswer = { status: 404, body: '' };

export function brokerRoutes(world: World): readonly Route[] {
  return [
    get('/status', 'no token', () => ({ status: 200, body: '' })),
    get('/metrics', 'no token', () =>
      expositionAnswer([
        ...processFamilies(world),
        {
          name: 'storage_broker_active_publishers',
          type: 'gauge',
          help: 'Number of publications',
          samples: [[{}, world.safekeepers().filter(({ state }) => state === 'up').length]],
        },
      ]),
    ),
  ];
}

/** compute_ctl's external interface. The world's computes are always used: `last_active` is now. */
export function computeRoutes(world: World, own: () => Compute): readonly Route[] {
  const time = (ms: number): string => new Date(ms).toISOString();
  return [
    get('/status', 'no token', () => {
      const { startTimeMs, tenantId, timelineId, status } = own();
      return jsonAnswer(200, {
        start_time: time(startTimeMs),
        tenant: tenantId,
        timeline: timelineId,
        status,
        last_active: status === 'running' ? time(world.nowMs()) : null,
        error: null,
      });
    }),
    get('/metrics', 'no token', () => {
      const { status } = own();
      return expositionAnswer([
        {
          name: 'compute_ctl_up',
          type: 'gauge',
          help: 'Whether compute_ctl is running',
          samples: [[{ build_tag: 'simulated', status: status.replaceAll('_', '-') }, 1]],
        },
      ]);
    }),
  ];
}
