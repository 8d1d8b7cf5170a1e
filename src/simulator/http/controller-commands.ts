import type { World } from '../world/api.ts';
import { answerLater, badRequest, type HttpAnswer } from './answer.ts';
import {
  migrate,
  nodeConfigure,
  nodeRegister,
  preferredAzs,
  safekeeperMigrate,
  safekeeperPolicy,
  safekeeperUpsert,
  shardSplit,
  tenantCreate,
  tenantPolicy,
  updateHealth,
} from './bodies.ts';
import { type Asked, type Route, withBody } from './router.ts';

const infra = ['infra', 'admin'];
const admin = ['admin'];
const pageserverApi = ['pageserverapi', 'admin'];

function nodeOf(asked: Asked): number {
  return Number(asked.param('node_id'));
}

type Make = (
  method: string,
  path: string,
  name: string,
  allowed: Route['allowed'],
  answer: Route['answer'],
) => Route;

const route: Make = (method, path, name, allowed, answer) => ({ method, path, name, allowed, answer });

function nodeCommands({ controller }: World): Route[] {
  const node = '/control/v1/node/:node_id';
  const nodeRoute = (
    method: string,
    path: string,
    name: string,
    allowed: Route['allowed'],
    command: (nodeId: number, asked: Asked) => ReturnType<typeof controller.fill>,
  ): Route =>
    route(method, `${node}${path}`, name, allowed, (asked) => answerLater(command(nodeOf(asked), asked)));
  return [
    nodeRoute('PUT', '/fill', 'control_v1_node_fill', infra, (id) => controller.fill(id)),
    nodeRoute('DELETE', '/fill', 'control_v1_cancel_node_fill', infra, (id) => controller.cancelFill(id)),
    nodeRoute('PUT', '/drain', 'control_v1_node_drain', infra, (id) => controller.drain(id)),
    nodeRoute('DELETE', '/drain', 'control_v1_cancel_node_drain', infra, (id) => controller.cancelDrain(id)),
    nodeRoute('PUT', '/delete', 'control_v1_start_node_delete', admin, (id, { query }) =>
      controller.deleteNode(id, query.get('force') === 'true'),
    ),
    nodeRoute('DELETE', '/delete', 'control_v1_cancel_node_delete', infra, (id) =>
      controller.cancelDeleteNode(id),
    ),
    nodeRoute('DELETE', '', 'control_v1_node_delete', admin, (id) => controller.dropNode(id)),
    route(
      'PUT',
      `${node}/config`,
      'control_v1_node_config',
      admin,
      withBody(nodeConfigure, (asked, { node_id, ...config }) =>
        node_id === nodeOf(asked)
          ? answerLater(controller.configureNode(node_id, config))
          : badRequest('Path and body node_id differ'),
      ),
    ),
    route('DELETE', '/debug/v1/tombstone/:node_id', 'debug_v1_tombstone_delete', admin, (asked) =>
      answerLater(controller.deleteTombstone(nodeOf(asked))),
    ),
  ];
}

function shardCommands({ controller }: World): Route[] {
  const shard = '/control/v1/tenant/:tenant_shard_id';
  return [
    route(
      'PUT',
      `${shard}/migrate`,
      'control_v1_tenant_migrate',
      admin,
      withBody(migrate, (asked, body) =>
        answerLater(controller.migrate(asked.param('tenant_shard_id'), body)),
      ),
    ),
    route(
      'PUT',
      `${shard}/migrate_secondary`,
      'control_v1_tenant_migrate_secondary',
      admin,
      withBody(migrate, (asked, body) =>
        answerLater(controller.migrateSecondary(asked.param('tenant_shard_id'), body)),
      ),
    ),
    route('PUT', `${shard}/cancel_reconcile`, 'control_v1_tenant_cancel_reconcile', admin, (asked) =>
      answerLater(controller.cancelReconcile(asked.param('tenant_shard_id'))),
    ),
  ];
}

function tenantCommands({ controller }: World): Route[] {
  const tenant = '/control/v1/tenant/:tenant_id';
  return [
    route(
      'PUT',
      `${tenant}/policy`,
      'control_v1_tenant_policy',
      admin,
      withBody(tenantPolicy, (asked, body) =>
        answerLater(controller.setPolicy(asked.param('tenant_id'), body)),
      ),
    ),
    route(
      'PUT',
      `${tenant}/shard_split`,
      'control_v1_tenant_shard_split',
      admin,
      withBody(shardSplit, (asked, body) =>
        answerLater(controller.splitShards(asked.param('tenant_id'), body)),
      ),
    ),
    route(
      'POST',
      '/v1/tenant',
      'v1_tenant',
      pageserverApi,
      withBody(tenantCreate, (_, { generation, ...body }) => answerLater(controller.createTenant(body))),
    ),
    route('DELETE', '/v1/tenant/:tenant_id', 'v1_tenant', pageserverApi, (asked) =>
      answerLater(controller.deleteTenant(asked.param('tenant_id'))),
    ),
    route(
      'POST',
      '/v1/tenant/:tenant_id/timeline/:timeline_id/safekeeper_migrate',
      'v1_tenant_timeline_safekeeper_migrate',
      pageserverApi,
      withBody(safekeeperMigrate, (asked, { new_sk_set }) =>
        answerLater(
          controller.migrateSafekeepers(asked.param('tenant_id'), asked.param('timeline_id'), new_sk_set),
        ),
      ),
    ),
  ];
}

/** What pageservers, safekeepers and the scrubber say of themselves. */
function registrations({ controller }: World): Route[] {
  return [
    route(
      'POST',
      '/control/v1/node',
      'control_v1_node_register',
      infra,
      withBody(nodeRegister, (_, body) => answerLater(controller.registerNode(body))),
    ),
    route(
      'POST',
      '/control/v1/safekeeper/:id',
      'v1_safekeeper',
      infra,
      withBody(safekeeperUpsert, (asked, body) => {
        if (body.id !== Number(asked.param('id'))) return badRequest('Path and body id differ');
        return withoutBody(answerLater(controller.upsertSafekeeper(body)));
      }),
    ),
    route(
      'POST',
      '/control/v1/metadata_health/update',
      'control_v1_metadata_health_update',
      ['scrubber', 'admin'],
      withBody(updateHealth, (_, body) => answerLater(controller.updateHealth(body))),
    ),
  ];
}

/** A 204 has no body, and no word of its kind. */
async function withoutBody(answer: HttpAnswer | Promise<HttpAnswer>): Promise<HttpAnswer> {
  const given = await answer;
  return given.status === 204 ? { status: 204, body: '' } : given;
}

/** Everything that changes something. */
export function controllerCommands(world: World): readonly Route[] {
  const { controller } = world;
  return [
    ...nodeCommands(world),
    ...shardCommands(world),
    ...tenantCommands(world),
    route(
      'PUT',
      '/control/v1/preferred_azs',
      'control_v1_preferred_azs',
      admin,
      withBody(preferredAzs, (_, body) => answerLater(controller.setPreferredAzs(body))),
    ),
    route('PUT', '/control/v1/step_down', 'control_v1_step_down', ['controller_peer', 'admin'], () =>
      answerLater(controller.stepDown()),
    ),
    route(
      'POST',
      '/control/v1/safekeeper/:id/scheduling_policy',
      'v1_safekeeper_scheduling_policy',
      infra,
      withBody(safekeeperPolicy, (asked, { scheduling_policy }) =>
        answerLater(controller.setSafekeeperPolicy(Number(asked.param('id')), scheduling_policy)),
      ),
    ),
    ...registrations(world),
    route('POST', '/debug/v1/reconcile_all', 'debug_v1_reconcile_all', admin, () =>
      answerLater(controller.reconcileAll()),
    ),
    route('POST', '/debug/v1/consistency_check', 'debug_v1_consistency_check', admin, () =>
      answerLater(controller.consistencyCheck()),
    ),
  ];
}
