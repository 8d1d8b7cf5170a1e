import type { ComputeSettings, HookAnswer, HookSight, Notification } from './hook-api.ts';
import { hookBehaviours } from './hook-behaviours.ts';
import {
  addressOf,
  type ComputeState,
  type HookState,
  type SentNotification,
  type State,
  write,
} from './state.ts';

const kept = 10_000;

export function newHook(): HookState {
  return { behaviour: 'right', port: undefined, sent: [], previous: new Map() };
}

/** What ALTER SYSTEM and a reload do. */
export function configureCompute(state: State, settings: ComputeSettings): boolean {
  const compute = state.computes.get(settings.tenantId);
  if (compute === undefined || compute.state !== 'up') return false;
  compute.isAltered = true;
  return applySettings(state, compute, settings);
}

/** What compute_ctl's `/configure` does: postgresql.conf is written anew, and what ALTER SYSTEM has set still wins. */
export function reconfigureCompute(state: State, settings: ComputeSettings): 'done' | 'refused' | 'absent' {
  const compute = state.computes.get(settings.tenantId);
  if (compute === undefined || compute.state !== 'up') return 'absent';
  if (compute.status !== 'running' && compute.status !== 'empty') return 'refused';
  compute.status = 'running';
  if (!compute.isAltered) applySettings(state, compute, settings);
  return 'done';
}

/** A compute starts with what its file says: nothing of ALTER SYSTEM is left. */
export function restartCompute(state: State, compute: ComputeState): void {
  compute.state = 'up';
  compute.status = 'running';
  compute.startTimeMs = state.queue.nowMs();
  compute.isAltered = false;
  const { tenantId, fileConnstring: connstring, fileStripeSize: stripeSize } = compute;
  applySettings(state, compute, { tenantId, connstring, stripeSize });
}

function applySettings(state: State, compute: ComputeState, settings: ComputeSettings): boolean {
  const stripeSize = settings.stripeSize ?? compute.stripeSize;
  if (compute.connstring === settings.connstring && compute.stripeSize === stripeSize) return true;
  compute.connstring = settings.connstring;
  compute.stripeSize = stripeSize;
  write(state, 'compute', `${settings.tenantId} ${stripeSize} ${settings.connstring}`);
  for (const run of state.computeListeners) run({ ...settings, stripeSize });
  return true;
}

function sightOf(state: State): HookSight {
  return {
    address(nodeId) {
      // A hook that reads the nodes table sees tombstones too.
      if (!state.nodes.has(nodeId) && !state.tombstones.has(nodeId)) return undefined;
      const { host, pgPort } = addressOf(state, 'pageserver', nodeId);
      return { host, port: pgPort };
    },
    computeOf: (tenantId) => state.computes.get(tenantId),
    computes: () => [...state.computes.values()],
  };
}

/** Runs the hook that the world plays; `answered` is called from the event queue. */
export function receiveNotification(
  state: State,
  notification: Notification,
  answered: (answer: HookAnswer) => void,
): void {
  const { hook } = state;
  const { behaviour } = hook;
  if (typeof behaviour === 'number') {
    state.queue.after(2, () => answered(behaviour));
    return;
  }
  const { tenant_id: tenantId } = notification.body;
  const stale = hook.previous.get(tenantId);
  if (notification.path === '/notify-attach') hook.previous.set(tenantId, notification);
  const taken = behaviour === 'sticky' && stale !== undefined ? stale : notification;
  const { answer, delayMs, effect } = hookBehaviours[behaviour](taken, sightOf(state));
  state.queue.after(delayMs, () => {
    for (const settings of effect) configureCompute(state, settings);
    answered(answer);
  });
}

/** Sends a notification to whoever plays the hook. */
export function sendNotification(
  state: State,
  notification: Notification,
  answered: (answer: HookAnswer) => void,
): void {
  const { hook } = state;
  const record: SentNotification = { atMs: state.queue.nowMs(), notification, answer: undefined };
  hook.sent.push(record);
  if (hook.sent.length > 2 * kept) hook.sent.splice(0, hook.sent.length - kept);
  const settle = (answer: HookAnswer) => {
    if (record.answer !== undefined) return;
    record.answer = answer;
    write(state, 'notified', `${notification.path} ${answer} ${JSON.stringify(notification.body)}`);
    answered(answer);
  };
  if (state.broken.refusedTenants.has(notification.body.tenant_id)) {
    state.queue.after(2, () => settle(503));
    return;
  }
  if (hook.port === undefined) receiveNotification(state, notification, settle);
  else hook.port(notification, settle);
}
