import type { WorldConfig } from '../../../src/simulator/world/api.ts';
import { createRandom, type Random } from '../../../src/simulator/world/random.ts';
import { faultRows } from './fault-rows.ts';
import { awaitFinding, choosePlace, falseAlarms, holdMs, promisedMs } from './fault-run.ts';
import { type Operator, operations, pick } from './operations.ts';
import type { FaultRow } from './rows/fault-row.ts';
import { type Fired, type WatchedWorld, watchWorld } from './watched-world.ts';

/** One seed is one cluster, one course of operations, and one timing of every request. */

const calmMs = 150_000;
/** Longer than the longest hold of what must never fire. */
const afterMs = 900_000;

/** What never may fire while a cluster is well, whatever is done to it. */
export const neverFires: readonly string[] = [
  'connstring_drift',
  'lying_hook',
  'split_brain',
  'shard_imbalance',
  'stale_generation',
  'intent_contradicted',
];

/** How often each is chosen; a deployment takes as long as all others together. */
const weights: Readonly<Record<string, number>> = {
  migrate: 4,
  split: 3,
  fill: 1,
  drain: 3,
  restart: 3,
  deploy: 1,
  failover: 3,
  'restart of the controller': 1,
};
const drawn = Object.entries(weights).flatMap(([name, weight]) => Array.from({ length: weight }, () => name));
/** What may go on beside a fault without mending it. */
const beside = ['migrate', 'migrate', 'split', 'fill'];

/** Two or three pageservers a zone, tenants of one to four shards, each with a compute. */
function clusterOf(random: Random): Partial<WorldConfig> {
  const azs = 2 + random.below(2);
  const shards = Array.from({ length: 6 + random.below(5) }, () => [1, 1, 1, 2, 4][random.below(5)] ?? 1);
  // A sharded and an unsharded one there always are.
  shards.splice(0, 2, 1, 4);
  return {
    azs,
    pageservers: azs * 2 + random.below(2),
    tenants: shards.length,
    computes: shards.length,
    shardsPerTenant: (tenant) => shards[tenant] ?? 1,
  };
}

function operatorOf(
  { world, wait }: WatchedWorld,
  random: Random,
  mayTouch: Operator['mayTouch'] = () => true,
): Operator {
  return { world, random, wait, mayTouch };
}

/** @returns the name of what was done */
async function operate(operator: Operator, names: readonly string[]): Promise<string> {
  const name = pick(operator.random, names) ?? 'migrate';
  // A controller that is not there takes no orders.
  if (operator.world.controller.admit('PUT', '/control/v1/tenant') === undefined) {
    await operations[name]?.(operator);
  }
  await operator.wait(20_000 + operator.random.below(100_000));
  return name;
}

export interface HealthyOutcome {
  readonly seed: number;
  readonly done: readonly string[];
  readonly fired: readonly Fired[];
  /** Of these, what never may. */
  readonly falseAlarms: readonly Fired[];
  readonly worldMs: number;
}

/** Three or four operations on a cluster that is well, and a quarter of an hour after. */
export async function playHealthy(seed: number): Promise<HealthyOutcome> {
  const random = createRandom(seed * 2_654_435_761);
  const watched = watchWorld({ seed, world: clusterOf(random) });
  await watched.advance(calmMs + random.below(30_000));
  const done: string[] = [];
  const operator = operatorOf(watched, random);
  for (let left = 3 + random.below(2); left > 0; left -= 1) {
    done.push(await watched.during(operate(operator, drawn)));
  }
  await watched.advance(afterMs);
  await watched.stop();
  const { fired } = watched;
  const alarms = fired.filter(({ id }) => neverFires.includes(id));
  return {
    seed,
    done,
    fired,
    falseAlarms: alarms,
    worldMs: watched.world.nowMs() - watched.world.config.startMs,
  };
}

export interface FaultyOutcome {
  readonly seed: number;
  readonly row: FaultRow;
  readonly done: readonly string[];
  readonly promisedMs: number;
  readonly caughtMs: number | undefined;
  /** And by just that finding and class. */
  readonly isAsPromised: boolean;
  /** Something that was under way mended it before the finding was due. */
  readonly isMended: boolean;
  readonly falseAlarms: readonly Fired[];
  readonly worldMs: number;
}

const caughtRows = faultRows.filter(({ finds }) => finds !== undefined);

async function beginSomewhere(row: FaultRow, watched: WatchedWorld, random: Random) {
  let problem: string | undefined;
  for (let tries = 0; tries < 10; tries += 1) {
    const place = choosePlace(watched, random);
    problem = await watched.during(row.begin(place));
    if (problem === undefined) return place;
  }
  throw new Error(`${row.name} could not be done: ${problem}`);
}

/** A node that was killed for long enough is Offline; and who moved what may be hard to tell. */
function isOfOperations({ amongMoves = [] }: FaultRow, done: readonly string[], id: string): boolean {
  return (id === 'node_offline' && done.includes('failover')) || amongMoves.includes(id);
}

/** Operations, one more that has just begun, and then a fault; others go on elsewhere until it is caught. */
export async function playFaulty(seed: number): Promise<FaultyOutcome> {
  const random = createRandom(seed * 2_654_435_761 + 1);
  const row = caughtRows[seed % caughtRows.length];
  if (row === undefined) throw new Error('no faults');
  const watched = watchWorld({ seed, world: clusterOf(random) });
  await watched.advance(calmMs + random.below(30_000));
  const done: string[] = [];
  for (let left = random.below(3); left > 0; left -= 1) {
    done.push(await watched.during(operate(operatorOf(watched, random), drawn)));
  }
  const victims = new Set<string>();
  const careful = operatorOf(watched, random, (tenantId) => !victims.has(tenantId));
  let isOver = false;
  const goOn = async (): Promise<void> => {
    do done.push(await operate(careful, beside));
    while (!isOver && row.isQuiet !== true);
  };
  // Until the optimizer is done with what was moved.
  if (row.isQuiet === true) await watched.advance(afterMs);
  const others = goOn();
  await watched.advance(random.below(40_000));
  const place = await beginSomewhere(row, watched, random);
  victims.add(place.tenant.tenant_id).add(place.single.tenant_id);
  const fromMs = watched.world.nowMs();
  const promise = (promisedMs(row) ?? 0) + (row.isShared === true ? holdMs(row) : 0);
  const caught = await awaitFinding(row, watched, fromMs, promise);
  const isMended = caught === undefined && row.isMended?.(place) === true;
  isOver = true;
  await watched.during(others);
  await watched.stop();
  return {
    seed,
    row,
    done,
    promisedMs: promise,
    caughtMs: caught?.afterMs,
    isAsPromised: caught?.isAsPromised === true,
    isMended,
    falseAlarms: falseAlarms(row, watched).filter(({ id }) => !isOfOperations(row, done, id)),
    worldMs: watched.world.nowMs() - watched.world.config.startMs,
  };
}
