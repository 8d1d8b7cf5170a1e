import type { Detector } from '../../../src/alerts/detector.ts';
import { detectors } from '../../../src/alerts/registry.ts';
import { collectorDefaults } from '../../../src/config/collector-names.ts';
import { Duration } from '../../../src/settings/duration.ts';
import type { Random } from '../../../src/simulator/world/random.ts';
import { pick, tenantsOf } from './operations.ts';
import type { FaultRow, Place } from './rows/fault-row.ts';
import type { Fired, WatchedWorld } from './watched-world.ts';

const usualLookMs = 15_000;
/** A run begins up to a twentieth late, and its requests take their time. */
const lookSlack = { ratio: 1.05, ms: 2_000 };

/** `node_stuck draining` → detector and class. */
function wanted(finds: string): { readonly detector: Detector; readonly className: string | undefined } {
  const [id, className] = finds.split(' ');
  const detector = detectors.find((one) => one.id === id);
  if (detector === undefined) throw new Error(`no detector ${id}`);
  return { detector, className };
}

function lookMs({ needs }: Detector): number {
  const intervals = needs.map((name) => {
    const defaults: { readonly interval?: string } = collectorDefaults[name];
    return defaults.interval === undefined ? usualLookMs : Duration.parse(defaults.interval);
  });
  return Math.max(usualLookMs, ...intervals) * lookSlack.ratio + lookSlack.ms;
}

/** Within which time the finding has to fire; undefined when there is none to come. */
export function promisedMs({ finds, worldMs = 0 }: FaultRow): number | undefined {
  if (finds === undefined) return undefined;
  const { detector } = wanted(finds);
  const { forMs, samples = 1 } = detector.hold;
  const look = lookMs(detector);
  return Math.round(Math.max(forMs, (samples - 1) * look) + 2 * look + worldMs);
}

/** How long its finding must last. */
export function holdMs({ finds }: FaultRow): number {
  return finds === undefined ? 0 : wanted(finds).detector.hold.forMs;
}

/** Tenants that have computes, a node, a safekeeper. */
export function choosePlace({ world, wait }: Pick<WatchedWorld, 'world' | 'wait'>, random: Random): Place {
  const computes = new Set(world.computes().map(({ tenantId }) => tenantId));
  const tenants = tenantsOf(world).filter(({ tenant_id }) => computes.has(tenant_id));
  const tenant = pick(
    random,
    tenants.filter(({ shards }) => shards.length > 1),
  );
  const single = pick(
    random,
    tenants.filter(({ shards }) => shards.length === 1),
  );
  const node = pick(random, world.controller.nodes())?.id;
  if (tenant === undefined || single === undefined || node === undefined) {
    throw new Error('a world without victims');
  }
  return { world, wait, tenant, single, node, safekeeper: 1 + random.below(world.config.safekeepers) };
}

function matches(finds: string | undefined, { id, className }: Pick<Fired, 'id' | 'className'>): boolean {
  if (finds === undefined) return false;
  const want = wanted(finds);
  return id === want.detector.id && (want.className === undefined || className === want.className);
}

function isFound({ finds, orElse }: FaultRow, one: Pick<Fired, 'id' | 'className'>): boolean {
  return matches(finds, one) || matches(orElse, one);
}

/** A hook that sets computes by ALTER SYSTEM only leaves the file behind at every move: true, and no fault's doing. */
function isFileBehind({ wasSet }: WatchedWorld, { id, key }: Fired): boolean {
  return id === 'connstring_not_persisted' && wasSet(key.split(' ').at(-1) ?? '');
}

/** What fired besides, and is neither true beside it nor folded under what is. */
export function falseAlarms(row: FaultRow, watched: WatchedWorld): readonly Fired[] {
  const { fired } = watched;
  const isExpected = (one: Fired): boolean =>
    isFound(row, one) || row.also?.includes(one.id) === true || isFileBehind(watched, one);
  return fired.filter((one) => {
    if (isExpected(one)) return false;
    return !fired.some((cause) => cause.key === one.explainedBy && isExpected(cause));
  });
}

const stepMs = 15_000;

export interface Caught {
  /** After the fault. */
  readonly afterMs: number;
  /** By what was promised, and not by what counts as well among operations. */
  readonly isAsPromised: boolean;
}

/** @returns undefined when nothing that counts fired within `withinMs` of `fromMs` */
export async function awaitFinding(
  row: FaultRow,
  watched: WatchedWorld,
  fromMs: number,
  withinMs: number,
): Promise<Caught | undefined> {
  const found = (finds: string | undefined) =>
    watched.fired.find((one) => one.atMs >= fromMs && matches(finds, one));
  const isLate = () => watched.world.nowMs() - fromMs >= withinMs;
  // What was promised has all of its time, whatever else comes before.
  while (found(row.finds) === undefined && !isLate()) await watched.advance(stepMs);
  const promised = found(row.finds);
  const caught = promised ?? found(row.orElse);
  return caught && { afterMs: caught.atMs - fromMs, isAsPromised: promised !== undefined };
}

function isFiring(row: FaultRow, { snapshot }: WatchedWorld): boolean {
  return snapshot().alerts.some(({ detector, alert }) => {
    const { className } = alert.finding;
    return alert.phase === 'firing' && isFound(row, { id: detector.id, className });
  });
}

/** Switches off what can be, and waits until the finding is gone. */
export async function awaitGone(row: FaultRow, watched: WatchedWorld): Promise<number | undefined> {
  const { world } = watched;
  const fromMs = world.nowMs();
  for (const { name } of world.faults.active()) world.faults.off(name);
  const patienceMs = 3_600_000;
  while (isFiring(row, watched) && world.nowMs() - fromMs < patienceMs) await watched.advance(stepMs);
  return isFiring(row, watched) ? undefined : world.nowMs() - fromMs;
}
