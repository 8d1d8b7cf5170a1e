import type { Action } from './action.ts';
import { fillNode } from './actions/fill-node.ts';
import { pushConnstring } from './actions/push-connstring.ts';
import { reloadAgain } from './actions/reload-again.ts';
import { restartHook } from './actions/restart-hook.ts';

/**
 * THE list: which finding which action is for. A finding that is not in it is never acted on. A dead pageserver is the
 * storage controller's to handle, and a hook that lies is a person's to mend.
 */
const actionsByFinding: ReadonlyMap<string, Action> = new Map([
  ['hook_away', restartHook],
  ['connstring_drift', pushConnstring],
  ['stripe_order_hazard', reloadAgain],
  ['shard_imbalance', fillNode],
]);

/** The action for a finding; undefined when there is none. */
export function actionFor(detectorId: string): Action | undefined {
  return actionsByFinding.get(detectorId);
}

export const actedOn: readonly string[] = [...actionsByFinding.keys()];
