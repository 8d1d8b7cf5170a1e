import type { Observation, Readings } from '../collection/store.ts';
import type { CollectorName } from '../collectors/registry.ts';

/** Every reading that any gate or action looks at, and whether the controller asks for a token, for commands. */
const lookedAt = [
  'controller_access',
  'controller_health',
  'controller_metrics',
  'leader',
  'nodes',
  'tenants',
  'pageserver_locations',
  'pageserver_metrics',
  'pageserver_secondaries',
  'compute_hook',
  'compute_settings',
] as const satisfies readonly CollectorName[];

/**
 * The same readings as they are now: a decision that lets others run in between must not be made from two looks.
 * Knows nothing of other collectors.
 */
export function heldStill(readings: Readings): Readings {
  const taken = new Map<string, readonly Observation<unknown>[]>(
    lookedAt.map((name) => [name, readings.all(name)]),
  );
  const locations = readings.locations();
  // Each list was put there under its own name.
  const all = ((name: CollectorName) => taken.get(name) ?? []) as Readings['all'];
  return { all, one: (name) => all(name)[0], locations: () => locations };
}
