/**
 * What it costs to evaluate every finding at 100,000 shards, and how long the event loop is held meanwhile. Yardstick is
 * one plain walk over all shards and locations in the same process (1.0), and for the stretches the 50 ms that an event
 * loop may be late. Times are CPU time of the main thread, so that a busy machine does not change them.
 *
 *   npm run bench:findings -- [--shards N] [--shards-per-tenant N] [--rounds N] [--condition NAME] [--all]
 *
 * A walk that several detectors share is counted at the first of them. `--all` prints every detector.
 */
import { parseArgs } from 'node:util';
import type { Json } from '../src/alerts/detector.ts';
import { evaluate } from '../src/alerts/evaluate.ts';
import { type AlertState, advance, emptyState } from '../src/alerts/lifecycle.ts';
import { detectors } from '../src/alerts/registry.ts';
import { encodePieces } from '../src/alerts/saved-state.ts';
import { showAlerts } from '../src/alerts/snapshot.ts';
import { Thresholds } from '../src/alerts/thresholds.ts';
import { type Breathe, breatheBy } from '../src/breathe.ts';
import { keepHeapSmall } from '../src/cli/heap.ts';
import { systemClock } from '../src/clock.ts';
import { type Condition, conditions, type FindingsWorld, readAnew } from './findings-world.ts';

const { values: flags } = parseArgs({
  options: {
    shards: { type: 'string', default: '100000' },
    'shards-per-tenant': { type: 'string', default: '8' },
    rounds: { type: 'string', default: '8' },
    condition: { type: 'string' },
    all: { type: 'boolean', default: false },
  },
});
const shardsPerTenant = Number(flags['shards-per-tenant']);
const layout = {
  tenants: Math.ceil(Number(flags.shards) / shardsPerTenant),
  shardsPerTenant,
  pageservers: 20,
};
const rounds = Number(flags.rounds);
const shownDetectors = 6;
const limits = {
  /** Longest stretch without breathing. */
  stretchMs: 50,
  /** Whole evaluation, in plain walks: when all was read anew, and when nothing was. */
  anewWalks: 75,
  sameWalks: 3,
};

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** Notes how long each stretch was, and who held the loop when it ended. */
interface Recorder {
  readonly breathe: Breathe;
  readonly stretchesMs: number[];
  readonly byHolder: Map<string, number>;
  readonly longest: Map<string, number>;
  hold: (holder: string) => void;
}

function record(): Recorder {
  const inner = breatheBy(systemClock);
  const stretchesMs: number[] = [];
  const byHolder = new Map<string, number>();
  const longest = new Map<string, number>();
  let holder = '';
  let stretchFromMs = cpuMs();
  let heldFromMs = stretchFromMs;
  const note = (nowMs: number) => {
    byHolder.set(holder, (byHolder.get(holder) ?? 0) + nowMs - heldFromMs);
  };
  return {
    stretchesMs,
    byHolder,
    longest,
    breathe() {
      const pause = inner();
      if (pause === undefined) return undefined;
      const nowMs = cpuMs();
      note(nowMs);
      stretchesMs.push(nowMs - stretchFromMs);
      longest.set(holder, Math.max(longest.get(holder) ?? 0, nowMs - stretchFromMs));
      return pause.then(() => {
        stretchFromMs = cpuMs();
        heldFromMs = stretchFromMs;
      });
    },
    hold(next) {
      const nowMs = cpuMs();
      note(nowMs);
      heldFromMs = nowMs;
      if (next === '') {
        stretchesMs.push(nowMs - stretchFromMs);
        longest.set(holder, Math.max(longest.get(holder) ?? 0, nowMs - stretchFromMs));
      }
      holder = next;
    },
  };
}

const thresholds = Thresholds.parse({});
let state: AlertState = emptyState;
let memories = new Map<string, Json>();
let savedBytes = 0;

/** As `watchFindings` does it. */
async function evaluateAll({ store: readings, looks }: FindingsWorld, nowMs: number): Promise<Recorder> {
  const recorder = record();
  const { breathe, hold } = recorder;
  const evaluations = [];
  for (const detector of detectors) {
    hold(detector.id);
    const input = { readings, looks, thresholds, nowMs, memories, breathe };
    evaluations.push(...(await evaluate([detector], input)));
  }
  hold('(life cycle)');
  state = advance(state, evaluations, nowMs).state;
  memories = new Map(
    evaluations.flatMap(({ detector, memory }) => (memory === undefined ? [] : [[detector.id, memory]])),
  );
  await breathe();
  hold('(order, folding)');
  showAlerts(detectors, state.alerts.values());
  await breathe();
  hold('(saved state)');
  savedBytes = 0;
  for (const piece of encodePieces({ state, memories })) {
    savedBytes += piece.length;
    await breathe();
  }
  hold('');
  recorder.byHolder.delete('');
  return recorder;
}

/** The yardstick: looks once at every shard and every location. */
function plainWalk({ store }: FindingsWorld): number {
  let found = 0;
  for (const { shards } of store.one('tenants')?.reading.tenants ?? []) {
    for (const { nodeAttached, nodeSecondary } of shards) found += (nodeAttached ?? 0) + nodeSecondary.length;
  }
  for (const { nodeId, locations } of store.locations()) {
    for (const { mode, generation = -1 } of locations)
      if (mode === 'AttachedSingle') found += nodeId + generation;
  }
  return found;
}

interface Round {
  readonly recorder: Recorder;
  readonly cpuMs: number;
  readonly wallMs: number;
}

async function measured(world: FindingsWorld, nowMs: number): Promise<Round> {
  const startedMs = performance.now();
  const recorder = await evaluateAll(world, nowMs);
  const sum = [...recorder.byHolder.values()].reduce((total, ms) => total + ms, 0);
  return { recorder, cpuMs: sum, wallMs: performance.now() - startedMs };
}

function report(
  name: string,
  list: readonly Round[],
  walkMs: number,
  limitWalks: number | undefined,
): boolean {
  const stretchesMs = list.flatMap(({ recorder }) => recorder.stretchesMs);
  const longestMs = Math.max(...stretchesMs);
  const wholeMs = quantile(
    list.map((one) => one.cpuMs),
    0.5,
  );
  const wallMs = quantile(
    list.map((one) => one.wallMs),
    0.5,
  );
  const isMet = longestMs <= limits.stretchMs && (limitWalks === undefined || wholeMs / walkMs <= limitWalks);
  console.log(
    `${name}: ${wholeMs.toFixed(0)} ms CPU = ${(wholeMs / walkMs).toFixed(1)} walks${limitWalks === undefined ? '' : ` (limit ${limitWalks})`}, ${wallMs.toFixed(0)} ms in all; longest stretch p99 ${quantile(stretchesMs, 0.99).toFixed(1)}, max ${longestMs.toFixed(1)} ms = ${(longestMs / limits.stretchMs).toFixed(2)} of the limit; ${isMet ? 'ok' : 'MISSED'}`,
  );
  const holders = [...new Set(list.flatMap(({ recorder }) => [...recorder.byHolder.keys()]))]
    .map((holder) => ({
      holder,
      ms: quantile(
        list.map(({ recorder }) => recorder.byHolder.get(holder) ?? 0),
        0.5,
      ),
      longestMs: Math.max(...list.map(({ recorder }) => recorder.longest.get(holder) ?? 0)),
    }))
    .sort((left, right) => right.ms - left.ms);
  for (const one of flags.all ? holders : holders.slice(0, shownDetectors)) {
    const columns = [one.ms.toFixed(1), (one.ms / walkMs).toFixed(2), one.longestMs.toFixed(1)];
    console.log(`    ${one.holder.padEnd(32)} ${columns.map((text) => text.padStart(8)).join(' ')}`);
  }
  return isMet;
}

/** Median of several walks over a cluster that is well. */
function yardstickMs(): number {
  const world = readAnew(layout, 'well', systemClock);
  let found = 0;
  const walksMs = Array.from({ length: 9 }, () => {
    const fromMs = cpuMs();
    found += plainWalk(world);
    return cpuMs() - fromMs;
  });
  if (found === 0) throw new Error('the walk found nothing');
  return quantile(walksMs.slice(2), 0.5);
}

async function measure(condition: Condition, walkMs: number): Promise<boolean> {
  state = emptyState;
  memories = new Map();
  const anew: Round[] = [];
  const same: Round[] = [];
  let nowMs = systemClock.wallMs();
  for (let round = -2; round < rounds; round += 1) {
    const world = readAnew(layout, condition, systemClock);
    globalThis.gc?.();
    nowMs += 15_000;
    const first = await measured(world, nowMs);
    const second = await measured(world, nowMs + 7_500);
    if (round < 0) continue;
    anew.push(first);
    same.push(second);
  }
  console.log(`${condition}: ${state.alerts.size} alerts, saved state ${(savedBytes / 1024).toFixed(0)} KiB`);
  const isAnewMet = report(
    '  all read anew',
    anew,
    walkMs,
    condition === 'well' ? limits.anewWalks : undefined,
  );
  const isSameMet = report(
    '  nothing read anew',
    same,
    walkMs,
    condition === 'well' ? limits.sameWalks : undefined,
  );
  return isAnewMet && isSameMet;
}

keepHeapSmall();
console.log(
  `${layout.tenants * shardsPerTenant} shards of ${layout.tenants} tenants on ${layout.pageservers} pageservers, 5 computes; ${detectors.length} detectors, ${rounds} rounds`,
);
console.log(
  `    ${'holder of the loop'.padEnd(32)} ${['CPU ms', 'walks', 'longest'].map((one) => one.padStart(8)).join(' ')}`,
);
const walkMs = yardstickMs();
console.log(`one plain walk ${walkMs.toFixed(1)} ms`);
let areMet = true;
for (const condition of conditions) {
  if (flags.condition !== undefined && flags.condition !== condition) continue;
  areMet = (await measure(condition, walkMs)) && areMet;
}
process.exitCode = areMet ? 0 : 1;
