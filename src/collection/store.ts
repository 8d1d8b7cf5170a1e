import type { Clock } from '../clock.ts';
import type { ReadingBase } from '../collectors/collector.ts';
import type { CollectorName, ReadingOf } from '../collectors/registry.ts';
import type { Target } from '../collectors/target.ts';
import type { NodeLocations } from '../neon/location.ts';

/** The newest reading of one collector at one target, with the instants between which it was taken. */
export interface Observation<Reading> {
  readonly target: Target;
  readonly reading: Reading;
  /** When its first request was sent, milliseconds since the epoch. */
  readonly firstReadAtMs: number;
  /** When its last answer had come, milliseconds since the epoch. */
  readonly lastReadAtMs: number;
  /** Rises with every observation in this process; the same version is the same reading. */
  readonly version: number;
}

/** Fresh readings only: what is too old is not there. Unknown is never zero. */
export interface Readings {
  /** The reading of a collector that has one target, or of its first target by name. */
  one<Name extends CollectorName>(name: Name): Observation<ReadingOf<Name>> | undefined;
  /** One observation a target, by target name. */
  all<Name extends CollectorName>(name: Name): readonly Observation<ReadingOf<Name>>[];
  /** Locations of every pageserver, once for each node: two targets may lead to one. */
  locations(): readonly NodeLocations[];
}

interface Entry {
  readonly observation: Observation<ReadingBase>;
  readonly takenMonotonicMs: number;
  readonly keepMs: number;
}

export interface Store extends Readings {
  /** Puts a reading in the place of the former one. It is fresh for `keepMs` from now. */
  put(name: CollectorName, taken: Omit<Observation<ReadingBase>, 'version'>, keepMs: number): void;
  /** The newest reading however old. */
  newest(name: CollectorName, targetName: string): Observation<ReadingBase> | undefined;
  /** Forgets everything of a target that is watched no more. */
  forget(target: Target): void;
}

/** The only state of collection: the newest observation of each collector and target. Ages by the monotonic clock. */
export function createStore(clock: Clock): Store {
  const entries = new Map<string, Map<string, Entry>>();
  let version = 0;

  const fresh = (name: string): Observation<ReadingBase>[] => {
    const nowMs = clock.monotonicMs();
    return [...(entries.get(name)?.values() ?? [])]
      .filter((entry) => nowMs - entry.takenMonotonicMs <= entry.keepMs)
      .map((entry) => entry.observation)
      .sort((left, right) => (left.target.name < right.target.name ? -1 : 1));
  };

  const all = <Name extends CollectorName>(name: Name) =>
    // The registry ties a name to its reading's type; `put` is called by the runner with just that pair.
    fresh(name) as unknown as Observation<ReadingOf<Name>>[];

  return {
    put(name, taken, keepMs) {
      version += 1;
      const byTarget = entries.get(name) ?? new Map<string, Entry>();
      entries.set(name, byTarget);
      const observation = { ...taken, version };
      byTarget.set(taken.target.name, { observation, takenMonotonicMs: clock.monotonicMs(), keepMs });
    },
    one: (name) => all(name)[0],
    all,
    locations() {
      const byNode = new Map<number, NodeLocations>();
      for (const { reading } of all('pageserver_locations')) {
        if (!byNode.has(reading.nodeId)) byNode.set(reading.nodeId, reading);
      }
      return [...byNode.values()];
    },
    newest: (name, targetName) => entries.get(name)?.get(targetName)?.observation,
    forget(target) {
      for (const byTarget of entries.values()) {
        // A compute and the controller's database may share an address, and so a name.
        if (byTarget.get(target.name)?.observation.target.kind === target.kind) byTarget.delete(target.name);
      }
    },
  };
}
