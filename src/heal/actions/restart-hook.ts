import type { ShownAlert } from '../../alerts/snapshot.ts';
import type { Action, Draft } from '../action.ts';
import type { HealInput } from '../input.ts';
import { type Refusal, refusal, unreadable } from '../refusal.ts';

/** The controller sees it too: something waits to be told, or reconciles end without the hook. */
function isWitnessed({ readings, alerts }: HealInput): boolean | undefined {
  const witnesses = ['notifications_failing', 'notification_pending'];
  if (alerts.some(({ detector }) => witnesses.includes(detector.id))) return true;
  const tenants = readings.one('tenants')?.reading;
  if (tenants === undefined || tenants.source === 'locations') return undefined;
  return (tenants.totals.shardsByState.get('pending_compute_notification') ?? 0) > 0;
}

async function draft({ alert }: ShownAlert, input: HealInput): Promise<Draft | Refusal> {
  const { name } = alert.finding.subject;
  const hook = input.readings.all('compute_hook').find(({ target }) => target.name === name)?.reading;
  if (hook === undefined) return unreadable(`compute hook ${name} could not be asked`);
  if (hook.isResponding) {
    return refusal('already_right', `compute hook ${name} answers`, 'nothing: it is back');
  }
  const witnessed = isWitnessed(input);
  if (witnessed === undefined) return unreadable('what the storage controller waits for could not be read');
  if (!witnessed) {
    return refusal(
      'not_witnessed',
      `only neonwatch cannot reach compute hook ${name}: the storage controller has nothing to tell it`,
      'wait until a notification is pending; the path from here may be what is broken',
    );
  }
  return refusal(
    'no_driver',
    `neonwatch has no way yet to restart compute hook ${name}`,
    'restart it the way it was started; drivers for Docker and systemd come with the executor',
  );
}

/**
 * Restarts the compute hook (contract 5, B1). Preconditions only: a restart has to name the instance that was seen, and
 * nothing reads that yet, so that this never gives a draft.
 */
export const restartHook: Action = {
  kind: 'restart_hook',
  movesShards: false,
  needs: ['compute_hook', 'tenants', 'nodes', 'controller_health', 'controller_metrics', 'leader'],
  draft,
};
