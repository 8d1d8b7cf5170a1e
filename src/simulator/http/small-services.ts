import type { Safekeeper, World } from '../world/api.ts';
import { answerOf, type HttpAnswer, jsonAnswer } from './answer.ts';
import { type ExposedFamily, expositionAnswer } from './exposition.ts';
import type { Asked, Route } from './router.ts';

function get(path: string, allowed: Route['allowed'], answer: (asked: Asked) => HttpAnswer): Route {
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

/** One safekeeper's HTTP interface. */
export function safekeeperRoutes(world: World, own: () => Safekeeper): readonly Route[] {
  return [
    get('/v1/status', 'no token', () => jsonAnswer(200, { id: own().id })),
    get('/v1/utilization', ['safekeeperdata'], () =>
      jsonAnswer(200, { timeline_count: own().timelines.length }),
    ),
    get('/v1/tenant/timeline', ['safekeeperdata'], () =>
      jsonAnswer(
        200,
        own().timelines.map(({ tenantId, timelineId }) => ({
          tenant_id: tenantId,
          timeline_id: timelineId,
        })),
      ),
    ),
    get('/v1/tenant/:tenant_id/timeline/:timeline_id', ['safekeeperdata', 'tenant'], (asked) =>
      answerOf(own().timeline(asked.param('tenant_id'), asked.param('timeline_id'))),
    ),
    get('/metrics', 'no token', () =>
      expositionAnswer([
        ...processFamilies(world),
        {
          name: 'safekeeper_timelines',
          type: 'gauge',
          help: 'Total number of timelines loaded in-memory',
          samples: [[{}, own().timelines.length]],
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
