import { createRandom } from '../../../src/simulator/world/random.ts';
import { awaitFinding, awaitGone, choosePlace, falseAlarms, promisedMs } from './fault-run.ts';
import type { FaultRow } from './rows/fault-row.ts';
import { type Fired, watchWorld } from './watched-world.ts';

/** What came of one fault in a calm cluster. */
export interface FaultOutcome {
  readonly row: FaultRow;
  /** Why it could not be done. */
  readonly problem: string | undefined;
  readonly promisedMs: number | undefined;
  readonly caughtMs: number | undefined;
  readonly falseAlarms: readonly Fired[];
  /** What else fired, rightly. */
  readonly besides: readonly string[];
  /** After it was over; undefined when it stays, or never went. */
  readonly goneMs: number | undefined;
}

const calmMs = 300_000;
const observeMs = 600_000;
const nothingMs = 1_800_000;

/** Two pageservers in each of three zones; every fourth tenant has four shards; all have a compute. */
const tableWorld = {
  pageservers: 6,
  tenants: 8,
  computes: 8,
  shardsPerTenant: (tenant: number): number => (tenant % 4 === 0 ? 4 : 1),
};

export async function playFault(given: FaultRow, seed: number): Promise<FaultOutcome> {
  // In a calm cluster just what is promised counts.
  const { orElse: _, ...row } = given;
  const watched = watchWorld({ seed, world: tableWorld });
  const random = createRandom(seed + 77);
  await watched.advance(calmMs + random.below(30_000));
  const place = choosePlace(watched, random);
  const problem = await watched.during(row.begin(place));
  const fromMs = watched.world.nowMs();
  const promise = promisedMs(row);
  const caught = promise === undefined ? undefined : await awaitFinding(row, watched, fromMs, promise);
  const caughtMs = caught?.afterMs;
  await watched.advance(promise === undefined ? nothingMs : observeMs);
  const alarms = falseAlarms(row, watched);
  const finds = row.finds?.split(' ')[0];
  const besides = watched.fired
    .filter((one) => one.id !== finds && !alarms.includes(one))
    .map(({ id }) => id);
  const goneMs = caughtMs === undefined || row.stays === true ? undefined : await awaitGone(row, watched);
  await watched.stop();
  return {
    row,
    problem,
    promisedMs: promise,
    caughtMs,
    falseAlarms: alarms,
    besides: [...new Set(besides)].sort(),
    goneMs,
  };
}

/** Whether everything is as it was promised. */
export function isKept({ row, problem, caughtMs, falseAlarms: alarms }: FaultOutcome): boolean {
  const isCaught = row.finds === undefined || caughtMs !== undefined;
  return problem === undefined && isCaught && alarms.length === 0;
}
