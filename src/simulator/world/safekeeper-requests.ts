import { sendOnce } from './notifier.ts';
import { answered, changing, ok, refusals } from './replies.ts';
import { addressOf, type State } from './state.ts';
import { backoffMs, type Steps } from './task.ts';
import type { Reply, SafekeeperScheduling } from './wire.ts';

const fewest = 3;

export function setSafekeeperPolicy(state: State, id: number, policy: SafekeeperScheduling): Reply<null> {
  const keeper = state.safekeepers.get(id);
  if (keeper === undefined) return answered(refusals.internal('unexpected number of rows (0)'));
  return changing(state, () => {
    keeper.scheduling = policy;
    return answered(ok(200, null));
  });
}

export function migrateSafekeepers(
  state: State,
  tenant: string,
  timeline: string,
  ids: readonly number[],
): Reply<null> {
  if (ids.length < fewest)
    return answered(refusals.badRequest(`new safekeeper set must have at least ${fewest} safekeepers`));
  const missing = ids.find((id) => !state.safekeepers.has(id));
  if (missing !== undefined) return answered(refusals.badRequest(`safekeeper ${missing} does not exist`));
  return changing(state, () => {
    const generations = state.memory.safekeeperGenerations;
    const generation = (generations.get(timeline) ?? 0) + 1;
    generations.set(timeline, generation);
    state.memberships.set(timeline, ids);
    state.memory.tasks.start(tell(state, tenant, timeline, generation, ids));
    return answered(ok(200, null));
  });
}

function* tell(
  state: State,
  tenantId: string,
  timelineId: string,
  generation: number,
  ids: readonly number[],
): Steps<void> {
  const safekeepers = ids.map((id) => ({ id, hostname: addressOf(state, 'safekeeper', id).host }));
  const body = { tenant_id: tenantId, timeline_id: timelineId, generation, safekeepers };
  for (let attempt = 0; attempt <= 10; attempt += 1) {
    const outcome = yield* sendOnce(state, { path: '/notify-safekeepers', body });
    if (outcome !== 'unavailable' && outcome !== 'slowdown') return;
    yield backoffMs(attempt, 0.1, 3);
  }
}
