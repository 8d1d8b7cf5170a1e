import type { Observation } from '../../../collection/store.ts';
import type { ReadingOf } from '../../../collectors/registry.ts';
import type { Detector } from '../../detector.ts';
import type { Finding, Subject, Unknown } from '../../finding.ts';
import {
  type ComputeMemory,
  causes,
  computeOf,
  evidenceOf,
  perCompute,
  psql,
  type Remembered,
  step,
} from './neurondb-facts.ts';
import { type Baseline, baselineOf, isSlow, learned, type Means, type SlowRules } from './robust-baseline.ts';

type StatementsObservation = Observation<ReadingOf<'statements'>>;
type Top = NonNullable<ReadingOf<'statements'>['top']>;
type Member = Top['members'][number];

/** Calls that make a mean worth something; fewer are put together with those of the next look. */
const minCalls = 5;
/** A statement that is not called for this long hurts nobody. */
const quietMs = 900_000;
/** One that left the list of the longest is remembered for this long. */
const forgetMs = 3_600_000;
/** Of the slow means one in so many counts for the baseline: what stays slow for hours becomes the usual. */
const learnEvery = 10;

/** What is remembered of one statement. Short names: there may be hundreds, and all are written to a file. */
type History = {
  /** Counters at the end of the last mean: calls, and nanoseconds as text, since an int8 is no float. */
  readonly calls: number;
  readonly ns: string;
  readonly means: Means;
  /** The last mean in milliseconds, the calls behind it, and when it ended; 0 calls: none yet. */
  readonly last: readonly [meanMs: number, calls: number, atMs: number];
  /** Slow means one after the other. */
  readonly slow: number;
  readonly seenAtMs: number;
};
type Histories = { readonly [statement: string]: History };

interface Counters {
  readonly calls: number;
  readonly ns: bigint;
}

function begun({ calls, ns }: Counters, atMs: number): History {
  return { calls, ns: String(ns), means: [], last: [0, 0, atMs], slow: 0, seenAtMs: atMs };
}

/** Takes one look into account. A counter that went down was reset: all begins anew. */
export function followed(
  history: History | undefined,
  counters: Counters,
  atMs: number,
  rules: SlowRules,
): History {
  if (history === undefined) return begun(counters, atMs);
  if (atMs <= history.seenAtMs) return history;
  const calls = counters.calls - history.calls;
  const ns = counters.ns - BigInt(history.ns);
  if (calls < 0 || ns < 0n) return begun(counters, atMs);
  if (calls < minCalls) return { ...history, seenAtMs: atMs };
  const meanMs = Number(ns) / 1e6 / calls;
  const baseline = baselineOf(history.means);
  const slow = baseline !== undefined && isSlow(meanMs, baseline, rules) ? history.slow + 1 : 0;
  const isLearned = slow % learnEvery === 0;
  return {
    calls: counters.calls,
    ns: String(counters.ns),
    means: isLearned ? learned(history.means, meanMs) : history.means,
    last: [meanMs, calls, atMs],
    slow,
    seenAtMs: atMs,
  };
}

function round(ms: number): number {
  return ms < 100 ? Math.round(ms * 100) / 100 : Math.round(ms);
}

function slowFinding(
  { target, lastReadAtMs }: StatementsObservation,
  { queryid, datname }: Member['identity'],
  { last: [meanMs, calls], slow }: History,
  baseline: Baseline,
): Finding {
  const source = 'pg_stat_statements';
  const text = `SELECT calls, mean_exec_time, query FROM pg_stat_statements WHERE queryid = ${BigInt(queryid)}`;
  const times = Math.round((meanMs / Math.max(baseline.medianMs, 0.001)) * 10) / 10;
  return {
    subject: statementOf(target.name, datname, queryid),
    severity: 'warning',
    summary:
      `Vector statement ${queryid} of database ${datname} on compute ${target.name} takes ${round(meanMs)} ms a call, ` +
      `${times} times its usual ${round(baseline.medianMs)} ms: whoever waits for it waits longer.`,
    evidence: evidenceOf(source, lastReadAtMs, [
      ['mean time now', round(meanMs), 'milliseconds'],
      ['usual mean time (median)', round(baseline.medianMs), 'milliseconds'],
      ['usual deviation (scaled MAD)', round(baseline.deviationMs), 'milliseconds'],
      ['calls behind the mean', calls, 'calls'],
      ['slow intervals in a row', slow, 'intervals'],
    ]),
    remedy: [
      step('See the statement.', psql(target, datname, text)),
      step(
        'EXPLAIN (ANALYZE, BUFFERS) it with a usual vector: does it still use its index, and does it read from storage?',
      ),
      step(
        'Look at what else is found of this compute: an index that is invalid, suspect or too large for memory, backpressure, a pageserver that is away.',
      ),
    ],
    avoid: [
      {
        what: 'SELECT pg_stat_statements_reset()',
        why: 'it throws away the numbers of every statement, and the baseline of all of them begins anew',
      },
      { what: 'REINDEX on suspicion', why: 'it blocks writes for as long as it takes; find the cause first' },
    ],
    related: [computeOf(target.name)],
  };
}

function statementOf(compute: string, datname: string, queryid: string): Subject {
  return { kind: 'statement', name: `${compute}/${datname}/${queryid}` };
}

/** Why a reading has no statements; `no_extension`, `disabled`. */
function without({ target, reading }: StatementsObservation): Unknown {
  const skip = reading.skippedParts.find(({ part }) => part === 'statements');
  return {
    subject: computeOf(target.name),
    missing: [`statements of ${target.name}: ${skip?.reason ?? 'not read'}`],
  };
}

function judge(
  observation: StatementsObservation,
  kept: Histories | undefined,
  rules: SlowRules,
): Remembered<Histories> {
  const { reading, target, lastReadAtMs } = observation;
  const { top } = reading;
  if (top === undefined) return { unknown: [without(observation)], ...(kept === undefined ? {} : { kept }) };
  const [callsAt, timeAt] = [top.columns.indexOf('calls'), top.columns.indexOf('exec_time')];
  const findings: Finding[] = [];
  const histories: Record<string, History> = {};
  for (const { identity, counters } of top.members) {
    if (identity.class !== 'vector') continue;
    const key = `${identity.datname}/${identity.queryid}`;
    const now = { calls: Number(counters[callsAt] ?? 0n), ns: counters[timeAt] ?? 0n };
    const history = followed(kept?.[key], now, lastReadAtMs, rules);
    histories[key] = history;
    const baseline = baselineOf(history.means);
    const isCalled = lastReadAtMs - history.last[2] <= quietMs;
    if (baseline === undefined || history.slow === 0 || !isCalled) continue;
    findings.push(slowFinding(observation, identity, history, baseline));
  }
  const unknown: Unknown[] = [];
  for (const [key, history] of Object.entries(kept ?? {})) {
    if (histories[key] !== undefined || lastReadAtMs - history.seenAtMs > forgetMs) continue;
    histories[key] = history;
    const missing = [`statement ${key} of ${target.name}: not among the longest any more`];
    const subject: Subject = { kind: 'statement', name: `${target.name}/${key}` };
    if (history.slow > 0) unknown.push({ subject, missing });
  }
  return { findings, unknown, kept: histories };
}

/** A vector statement that is slow against its own past. */
export const slowVectorStatement: Detector<ComputeMemory<Histories>> = {
  id: 'slow_vector_statement',
  alert: 'NeuronDBSlowVectorStatement',
  layer: 'neurondb',
  severity: 'warning',
  summary:
    'A vector statement takes several times its usual mean time, by its own median and deviation of at least 20 intervals.',
  classes: [],
  needs: ['statements'],
  hold: { forMs: 300_000, samples: 3, keepFiringMs: 300_000 },
  explainedBy: ['vector_index_invalid', 'vector_index_memory', ...causes],
  detect(input) {
    const rules = input.thresholds.neurondb;
    return perCompute(input, 'statements', 1, (observation, kept) => judge(observation, kept, rules));
  },
};
