import type { Readings } from '../../../collection/store.ts';
import type { Target } from '../../../collectors/target.ts';
import type { Look } from '../../detector.ts';
import type { Subject } from '../../finding.ts';

/** A process that has ended refuses, one that hangs is silent, and a name that went with its container is not found. */
const awayReasons: readonly string[] = ['refused', 'timeout', 'dns'];

/** Why nobody is there; undefined when the look succeeded, was not made yet, or failed for a reason of our own. */
export function awayReason({ up, lastError }: Look): string | undefined {
  return up === false && lastError !== undefined && awayReasons.includes(lastError.reason)
    ? lastError.reason
    : undefined;
}

/** As it stands after a name: `it refuses connections`. */
export function awayWords(reason: string): string {
  if (reason === 'refused') return 'it refuses connections';
  return reason === 'dns' ? 'its name is not found' : 'it does not answer in time';
}

/** One process of the storage controller, as the newest look at its health shows it. */
export type Instance = { readonly target: Target } & (
  | { readonly state: 'read'; readonly isReady: boolean; readonly isLive: boolean; readonly atMs: number }
  | { readonly state: 'away'; readonly reason: string }
  | { readonly state: 'unknown' }
);

interface Asked {
  readonly readings: Readings;
  readonly looks: readonly Look[];
}

/** Every watched process of the controller, by name. A reading from before a failed look says nothing of now. */
export function controllerInstances({ readings, looks }: Asked): readonly Instance[] {
  const read = new Map(readings.all('controller_health').map((one) => [one.target.name, one]));
  return looks
    .filter(({ collector }) => collector === 'controller_health')
    .map((look): Instance => {
      const { target, up } = look;
      const reason = awayReason(look);
      if (reason !== undefined) return { target, state: 'away', reason };
      const observation = read.get(target.name);
      if (up !== true || observation === undefined) return { target, state: 'unknown' };
      const { isReady, isLive } = observation.reading;
      return { target, state: 'read', isReady, isLive, atMs: observation.lastReadAtMs };
    })
    .sort((left, right) => (left.target.name < right.target.name ? -1 : 1));
}

export function controllerSubject({ name }: Target): Subject {
  return { kind: 'controller', name };
}

/** What the process that leads counts; undefined when none or several say that they lead. */
export function leadingMetrics(readings: Readings) {
  const all = readings.all('controller_metrics');
  const leading = all.filter(({ reading }) => reading.leadership === 'leader');
  // An exposition without the leadership is of a controller that has no peers.
  const candidates = leading.length === 0 && all.length === 1 ? all : leading;
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** The compute hook by its configured name: what findings about notifications hang on. */
export function hookSubject(looks: readonly Look[]): Subject {
  const look = looks.find(({ collector }) => collector === 'compute_hook');
  return { kind: 'compute_hook', name: look?.target.name ?? 'compute_hook' };
}

/** The controller's database by its configured name. */
export function databaseSubject(looks: readonly Look[]): Subject {
  const look = looks.find(({ collector }) => collector === 'controller_database');
  return { kind: 'controller_database', name: look?.target.name ?? 'controller_database' };
}
