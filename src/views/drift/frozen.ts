import type { Observation, Readings } from '../../collection/store.ts';
import type { CollectorName } from '../../collectors/registry.ts';

/** What drift is judged by. */
export const judgedBy = [
  'compute_settings',
  'tenants',
  'nodes',
  'pageserver_locations',
  'controller_health',
  'controller_metrics',
] as const satisfies readonly CollectorName[];

/**
 * The same readings, as they are now: what comes in while others are let run must not be held against what was read
 * before. Knows nothing of other collectors.
 */
export function frozen(readings: Readings): Readings {
  const taken = new Map<string, readonly Observation<unknown>[]>(
    judgedBy.map((name) => [name, readings.all(name)]),
  );
  const locations = readings.locations();
  // Each list was put there under its own name.
  const all = ((name: CollectorName) => taken.get(name) ?? []) as Readings['all'];
  return { all, one: (name) => all(name)[0], locations: () => locations };
}
