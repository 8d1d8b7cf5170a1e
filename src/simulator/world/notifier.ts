import { sendNotification } from './hook.ts';
import type { AttachNotification, HookAnswer, Notification } from './hook-api.ts';
import { type State, shardsOf, type TenantState, tenantOf } from './state.ts';
import { backoffMs, Signal, type Steps } from './task.ts';

/** The controller's side of the hook: what it has told, to whom, and how often it tries. */

export type NotifyOutcome = 'ok' | 'busy' | 'unavailable' | 'slowdown' | 'fatal' | 'unexpected';

const timeoutMs = 10_000;
const slowdownMs = 5_000;
const maxRetries = 10;

function classifyAnswer(answer: HookAnswer): NotifyOutcome {
  if (typeof answer === 'string') return 'unavailable';
  if (answer >= 200 && answer < 300) return 'ok';
  if (answer === 423) return 'busy';
  if (answer === 429) return 'slowdown';
  if (answer === 502 || answer === 503 || answer === 504) return 'unavailable';
  return answer === 400 || answer === 401 || answer === 403 ? 'fatal' : 'unexpected';
}

/** One request, with the time it may take. Also for notify-safekeepers. */
export function* sendOnce(state: State, notification: Notification): Steps<NotifyOutcome> {
  const came = new Signal();
  let answer: HookAnswer = 'timeout';
  sendNotification(state, notification, (given) => {
    answer = given;
    came.fire();
  });
  yield { signal: came, ms: timeoutMs };
  const outcome = classifyAnswer(answer);
  if (outcome === 'slowdown') yield slowdownMs;
  return outcome;
}

function* sendWithRetries(state: State, notification: Notification): Steps<NotifyOutcome> {
  yield* state.memory.hookPermits.take();
  const permits = state.memory.hookPermits;
  try {
    for (let attempt = 0; ; attempt += 1) {
      const outcome = yield* sendOnce(state, notification);
      if (outcome !== 'unavailable' && outcome !== 'slowdown') return outcome;
      if (attempt === maxRetries) return outcome;
      yield backoffMs(attempt, 0.1, 3);
    }
  } finally {
    permits.give();
  }
}

/** What the hook would be told now; undefined while the place of a shard is not known. */
function currentRequest(state: State, tenant: TenantState): AttachNotification | undefined {
  const { shards } = state;
  const all = shardsOf(tenant);
  if (all.some((shard) => shards.notifiedNode[shard] === 0)) return undefined;
  return {
    tenant_id: tenant.id,
    preferred_az: state.azNames[shards.preferredAz[tenant.first] ?? 0] || null,
    stripe_size: tenant.shardCount > 1 ? tenant.stripeSize : null,
    shards: all.map((shard, at) => ({ node_id: shards.notifiedNode[shard] ?? 0, shard_number: at })),
  };
}

/** Never 0, which stands for not known. */
function hashOf(request: AttachNotification): number {
  const text = JSON.stringify(request);
  let low = 0x811c9dc5;
  let high = 0;
  for (let at = 0; at < text.length; at += 1) {
    low = Math.imul(low ^ text.charCodeAt(at), 0x01000193) >>> 0;
    high = (Math.imul(high, 31) + text.charCodeAt(at)) & 0x1f_ffff;
  }
  return high * 4_294_967_296 + low + 1;
}

/** As if the hook had been told, and had answered 200, of where the tenant's shards are: a world's start. */
export function assumeNotified(state: State, tenant: TenantState): void {
  for (const shard of shardsOf(tenant)) state.shards.notifiedNode[shard] = state.shards.attached[shard] ?? 0;
  const request = currentRequest(state, tenant);
  tenant.appliedRequest = request === undefined ? 0 : hashOf(request);
}

/** Tells the hook that the shard is at `node`, unless it has been told everything already. */
export function* notifyAttach(state: State, shard: number, node: number): Steps<NotifyOutcome> {
  const tenant = tenantOf(state, shard);
  state.shards.notifiedNode[shard] = node;
  while (tenant.notifying) yield { signal: tenant.notified };
  const request = currentRequest(state, tenant);
  if (request === undefined || hashOf(request) === tenant.appliedRequest) return 'ok';
  tenant.notifying = true;
  try {
    const outcome = yield* sendWithRetries(state, { path: '/notify-attach', body: request });
    tenant.appliedRequest = outcome === 'ok' ? hashOf(request) : 0;
    return outcome;
  } finally {
    tenant.notifying = false;
    tenant.notified.fire();
  }
}
