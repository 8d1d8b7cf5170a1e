import type {
  AttachNotification,
  ComputeSettings,
  HookBehaviour,
  HookFault,
  HookSight,
  Notification,
} from './hook-api.ts';

/** How the hook between the controller and the computes behaves: neon-contract.md 4.6 names what is wrong in the wild. */

const usualMs = 5;

/** `host=… port=…` of each node, in the order given: position i is shard i. */
function connstringOf(nodes: readonly number[], sight: HookSight): string {
  return nodes
    .map((node) => sight.address(node))
    .map((address) => (address === undefined ? '' : `host=${address.host} port=${address.port}`))
    .join(',');
}

function inShardOrder(body: AttachNotification): number[] {
  return [...body.shards]
    .sort((one, other) => one.shard_number - other.shard_number)
    .map(({ node_id }) => node_id);
}

function settingsOf(
  tenantId: string,
  body: AttachNotification,
  nodes: number[],
  sight: HookSight,
): ComputeSettings {
  return { tenantId, connstring: connstringOf(nodes, sight), stripeSize: body.stripe_size };
}

/** The compute's settings as they are right for a tenant whose shards are attached to `nodes`, by shard number. */
export function rightSettings(
  tenantId: string,
  nodes: readonly number[],
  stripeSize: number | null,
  sight: HookSight,
): ComputeSettings {
  return { tenantId, connstring: connstringOf(nodes, sight), stripeSize };
}

function setting(
  notification: Notification,
  tenants: readonly string[],
  nodes: (body: AttachNotification) => number[],
  sight: HookSight,
): readonly ComputeSettings[] {
  if (notification.path !== '/notify-attach') return [];
  const { body } = notification;
  return tenants.map((tenantId) => settingsOf(tenantId, body, nodes(body), sight));
}

const right: HookBehaviour = (notification, sight) => ({
  answer: 200,
  delayMs: usualMs,
  effect: setting(notification, [notification.body.tenant_id], inShardOrder, sight),
});

export const hookBehaviours: Readonly<Record<HookFault, HookBehaviour>> = {
  right,
  dead: () => ({ answer: 'refused', delayMs: 0, effect: [] }),
  /** Just within the 10 s that the controller waits. */
  slow: (notification, sight) => ({ ...right(notification, sight), delayMs: 9_000 }),
  /** Applies what it was told the time before; the caller hands it the older notification. */
  sticky: right,
  /** Says 200 and does nothing. */
  lying: () => ({ answer: 200, delayMs: usualMs, effect: [] }),
  /** Collects node ids in a set and reads them back from a table: by id, each once. */
  'order-losing': (notification, sight) => ({
    answer: 200,
    delayMs: usualMs,
    effect: setting(
      notification,
      [notification.body.tenant_id],
      (body) => [...new Set(inShardOrder(body))].sort((one, other) => one - other),
      sight,
    ),
  }),
  /** Whatever tenant it is told of, it sets every compute it knows. */
  'tenant-blind': (notification, sight) => ({
    answer: 200,
    delayMs: usualMs,
    effect: setting(
      notification,
      sight.computes().map(({ tenantId }) => tenantId),
      inShardOrder,
      sight,
    ),
  }),
};
