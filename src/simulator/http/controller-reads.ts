import type { World } from '../world/api.ts';
import {
  answerLater,
  answerOf,
  badRequest,
  type HttpAnswer,
  jsonAnswer,
  notFound,
  rowsAnswer,
} from './answer.ts';
import { outdatedHealth } from './bodies.ts';
import { attachedTenant, downloadEverywhere } from './pageserver-routes.ts';
import { type Asked, type Route, withBody } from './router.ts';
import { dumpRows, healthRows, nodeShardRows, tenantRows } from './rows.ts';

const infra = ['infra', 'admin'];
const scrubber = ['scrubber', 'admin'];
const admin = ['admin'];

function nodeOf(asked: Asked): number {
  return Number(asked.param('node_id'));
}

function tenantPage(world: World, { query }: Asked): HttpAnswer {
  const limit = query.get('limit');
  const startAfter = query.get('start_after');
  if (limit !== null && !/^\+?\d+$/.test(limit)) {
    return badRequest('cannot parse query param limit: invalid digit found in string');
  }
  if (startAfter !== null && !/^[0-9a-f]{32}$/i.test(startAfter)) {
    const reason = startAfter.length === 32 ? 'Invalid character' : 'Invalid string length';
    return badRequest(`cannot parse query param start_after: ${reason}`);
  }
  return rowsAnswer(
    tenantRows(world, {
      ...(limit === null ? {} : { limit: Number(limit) }),
      ...(startAfter === null ? {} : { startAfter: startAfter.toLowerCase() }),
    }),
  );
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  days: 86_400_000,
};

/** The one form of humantime's that is asked for: `24h`; undefined for another. */
function durationMs(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+)(ms|s|m|h|days)$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (unitMs[unit] ?? 0);
}

function healthRoutes(world: World): Route[] {
  return [
    {
      method: 'GET',
      path: '/control/v1/metadata_health/unhealthy',
      name: 'control_v1_metadata_health_list_unhealthy',
      allowed: scrubber,
      answer: () => jsonAnswer(200, { unhealthy_tenant_shards: world.controller.unhealthyShards() }),
    },
    {
      method: 'POST',
      path: '/control/v1/metadata_health/outdated',
      name: 'control_v1_metadata_health_list_outdated',
      allowed: scrubber,
      answer: withBody(outdatedHealth, (_, { not_scrubbed_for }) => {
        return rowsAnswer(healthRows(world, world.nowMs() - (durationMs(not_scrubbed_for) ?? 0)));
      }),
    },
  ];
}

function debugRoutes(world: World): Route[] {
  const { controller } = world;
  return [
    {
      method: 'GET',
      path: '/debug/v1/tenant/:tenant_id/locate',
      name: 'debug_v1_tenant_locate',
      allowed: admin,
      answer: (asked) => answerOf(controller.locate(asked.param('tenant_id'))),
    },
    {
      method: 'GET',
      path: '/debug/v1/tenant',
      name: 'debug_v1_tenant',
      allowed: admin,
      answer: () => rowsAnswer(dumpRows(world)),
    },
    {
      method: 'GET',
      path: '/debug/v1/scheduler',
      name: 'debug_v1_scheduler',
      allowed: admin,
      answer: () => jsonAnswer(200, controller.scheduler()),
    },
    {
      method: 'GET',
      path: '/debug/v1/tombstone',
      name: 'debug_v1_tombstone_list',
      allowed: admin,
      answer: () => jsonAnswer(200, controller.tombstones()),
    },
  ];
}

/** What the controller hands on to the pageserver of shard zero, and so answers in that one's words. */
function passthroughRoutes(world: World): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/tenant/:tenant_id',
      name: 'v1_tenant_passthrough',
      allowed: ['pageserverapi', 'admin'],
      answer: (asked) => {
        const located = world.controller.tenant(asked.param('tenant_id'));
        if (!located.ok) return answerOf(located);
        const [zero] = located.body.shards;
        const pageserver = world.pageserver(zero?.node_attached ?? -1);
        return zero === undefined || pageserver === undefined
          ? notFound
          : attachedTenant(world, pageserver, zero.tenant_shard_id);
      },
    },
    {
      method: 'POST',
      path: '/v1/tenant/:tenant_id/secondary/download',
      name: 'v1_tenant_secondary_download',
      allowed: 'any token',
      answer: (asked) => {
        const described = world.controller.tenant(asked.param('tenant_id'));
        return described.ok ? downloadEverywhere(world, described.body.shards) : answerOf(described);
      },
    },
  ];
}

/** Everything that only looks. */
export function controllerReads(world: World): readonly Route[] {
  const { controller } = world;
  const get = (
    path: string,
    name: string,
    allowed: Route['allowed'],
    answer: (asked: Asked) => ReturnType<Route['answer']>,
  ): Route => ({ method: 'GET', path, name, allowed, answer });
  return [
    get('/status', 'status', 'no token', () => jsonAnswer(200, null)),
    get('/ready', 'ready', 'no token', () => jsonAnswer(controller.ready(), null)),
    get('/live', 'live', 'no token', () => jsonAnswer(controller.live(), null)),
    get('/control/v1/node', 'control_v1_node', infra, () => jsonAnswer(200, controller.nodes())),
    get('/control/v1/node/:node_id', 'control_v1_node_status', infra, (asked) =>
      answerOf(controller.node(nodeOf(asked))),
    ),
    get('/control/v1/node/:node_id/shards', 'control_v1_node_describe', admin, (asked) =>
      rowsAnswer(nodeShardRows(world, nodeOf(asked))),
    ),
    get('/control/v1/tenant', 'control_v1_tenant_list', admin, (asked) => tenantPage(world, asked)),
    get('/control/v1/tenant/:tenant_id', 'control_v1_tenant_describe', scrubber, (asked) =>
      answerOf(controller.tenant(asked.param('tenant_id'))),
    ),
    get('/control/v1/leader', 'control_v1_get_leader', admin, () => answerLater(controller.leader())),
    get('/control/v1/safekeeper', 'control_v1_safekeeper_list', infra, () =>
      jsonAnswer(200, controller.safekeepers()),
    ),
    get('/control/v1/safekeeper/:id', 'v1_safekeeper', infra, (asked) =>
      answerOf(controller.safekeeper(Number(asked.param('id')))),
    ),
    ...healthRoutes(world),
    ...debugRoutes(world),
    ...passthroughRoutes(world),
  ];
}
