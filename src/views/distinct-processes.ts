import type { Readings } from '../collection/store.ts';
import type { Target } from '../collectors/target.ts';

type Named = { readonly target: Target };

/** A process that is reached at two addresses, through a load balancer, say, counts the same at both. */
function isSameProcess(readings: Readings, one: Named, other: Named): boolean {
  const [left, right] = [one, other].map(
    ({ target }) =>
      readings.all('controller_metrics').find(({ target: { name } }) => name === target.name)?.reading,
  );
  if (left?.startedAtMs === undefined || left.startedAtMs !== right?.startedAtMs) return false;
  // Seconds alone would take two that were started together for one.
  return left.reconcileSpawned !== undefined && left.reconcileSpawned === right.reconcileSpawned;
}

/** Processes of the storage controller, each once: what is certain to be one that was met before is left out. */
export function distinctProcesses<One extends Named>(
  readings: Readings,
  all: readonly One[],
): readonly One[] {
  return all.filter((one, at) => !all.slice(0, at).some((former) => isSameProcess(readings, former, one)));
}
