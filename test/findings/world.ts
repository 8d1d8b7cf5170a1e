import type { Look } from '../../src/alerts/detector.ts';
import type { Observation, Readings } from '../../src/collection/store.ts';
import type { ReadingBase } from '../../src/collectors/collector.ts';
import type { CollectorName, ReadingOf } from '../../src/collectors/registry.ts';
import type { Target, TargetKind } from '../../src/collectors/target.ts';
import { type FailureReason, SourceError } from '../../src/errors.ts';
import type { NodeLocations } from '../../src/neon/location.ts';

/** When the first look of every case is made. */
export const caseStartMs = Date.UTC(2026, 10, 22);

interface Read {
  readonly collector: CollectorName;
  readonly target: Target;
  readonly reading: ReadingOf<CollectorName>;
}

interface Failed {
  readonly collector: CollectorName;
  readonly target: Target;
  readonly reason: FailureReason;
  /** What else the error says, as `SourceError` has it. */
  readonly details?: { readonly sqlState?: string; readonly isConnected?: boolean; readonly status?: number };
}

/** A look that is not made because SQL would wake a compute. */
interface Suspended {
  readonly collector: CollectorName;
  readonly target: Target;
  readonly suspended: true;
  /** How the look before it failed; absent when it did not, or when there was none. */
  readonly before?: FailureReason | undefined;
}

/** Everything that one look gave: what was read, and what could not be. */
export type World = readonly (Read | Failed | Suspended)[];

const kinds: Readonly<Record<string, TargetKind>> = {
  pageserver: 'pageserver',
  controller_database: 'controller_database',
  compute_ctl: 'compute_ctl',
};
const computeCollectors = /^(compute|statements|relation|vector|neurondb|postgres)/;

function kindOf(collector: string): TargetKind {
  if (kinds[collector] !== undefined) return kinds[collector];
  if (collector.startsWith('pageserver_')) return 'pageserver';
  return computeCollectors.test(collector) && collector !== 'compute_hook' ? 'compute' : 'storage_controller';
}

function targetOf(collector: CollectorName, name: string, nodeId?: number): Target {
  const url = kindOf(collector) === 'compute' ? '' : `http://${name}`;
  return { kind: kindOf(collector), name, url, ...(nodeId === undefined ? {} : { nodeId }) };
}

/** What a collector's type infers as mutable may be written as a constant. */
type Loose<Value> = Value extends (infer Item)[]
  ? readonly Loose<Item>[]
  : Value extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
    ? Value
    : Value extends object
      ? { readonly [Key in keyof Value]: Loose<Value[Key]> }
      : Value;

/** What one collector read of one target. */
export function reading<Name extends CollectorName>(
  collector: Name,
  targetName: string,
  value: Omit<Loose<ReadingOf<Name>>, keyof ReadingBase> & ReadingBase,
): Read {
  const { nodeId } = value as { readonly nodeId?: number };
  return {
    collector,
    target: targetOf(collector, targetName, nodeId),
    reading: value as unknown as Read['reading'],
  };
}

/** That one collector could not read one target. */
export function failure(
  collector: CollectorName,
  targetName: string,
  reason: FailureReason,
  details: NonNullable<Failed['details']> = {},
): Failed {
  return { collector, target: targetOf(collector, targetName), reason, details };
}

/** That one collector asks nothing because its compute may be suspended. */
export function suspended(collector: CollectorName, targetName: string, before?: FailureReason): Suspended {
  return { collector, target: targetOf(collector, targetName), suspended: true, before };
}

/** The world as detectors see it at the `tick`th look, made at `nowMs`. Every tick gives readings of new versions. */
export function readingsOf(world: World, tick: number, nowMs: number): Readings {
  const observations = world.flatMap((one, at) => {
    if (!('reading' in one)) return [];
    const instants = { firstReadAtMs: nowMs - 1000, lastReadAtMs: nowMs - 500 };
    return [{ ...one, ...instants, version: tick * 10_000 + at + 1 }];
  });
  const all = <Name extends CollectorName>(name: Name) =>
    observations
      .filter(({ collector }) => collector === name)
      .sort((left, right) => (left.target.name < right.target.name ? -1 : 1)) as unknown as Observation<
      ReadingOf<Name>
    >[];
  return {
    one: (name) => all(name)[0],
    all,
    locations: () => all('pageserver_locations').map(({ reading: locations }): NodeLocations => locations),
  };
}

export function looksOf(world: World, nowMs: number): readonly Look[] {
  return world.map((one) => {
    const shared = { collector: one.collector, target: one.target, skipped: new Map() };
    if ('reading' in one) {
      const { skippedParts = [] } = one.reading as ReadingBase;
      return { ...shared, up: true, lastSuccessAtMs: nowMs, lastError: undefined, skippedParts };
    }
    if ('suspended' in one) {
      // Skipped runs are counted for good, about one a second; they leave the outcome of the last one that was made.
      const skipped = new Map([['suspended' as const, (nowMs - caseStartMs) / 1000 + 1]]);
      const lastError =
        one.before === undefined ? undefined : new SourceError(one.before, `${one.collector}: ${one.before}`);
      const up = one.before === undefined ? undefined : false;
      return { ...shared, skipped, up, lastSuccessAtMs: undefined, lastError, skippedParts: [] };
    }
    const message = `${one.collector} of ${one.target.name}: ${one.reason}`;
    const lastError = new SourceError(one.reason, message, one.details);
    return { ...shared, up: false, lastSuccessAtMs: undefined, lastError, skippedParts: [] };
  });
}
