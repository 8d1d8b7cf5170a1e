import type { Detector, Look } from '../../src/alerts/detector.ts';
import type { Evaluation } from '../../src/alerts/evaluate.ts';
import type { AlertState } from '../../src/alerts/lifecycle.ts';
import { type FindingsSnapshot, showAlerts, unjudged } from '../../src/alerts/snapshot.ts';
import type { JobStatus } from '../../src/collection/job.ts';
import type { Store } from '../../src/collection/store.ts';
import { createExpositionSources } from '../../src/exposition-sources.ts';
import { type FindingCase, playEachLook } from '../findings/finding-case.ts';
import { caseStartMs, looksOf, readingsOf } from '../findings/world.ts';
import { manualClock } from '../support/manual-clock.ts';

/** One series of a case: its text as Prometheus writes it, and its value at each look; undefined where it is not there. */
export type CaseSeries = ReadonlyMap<string, readonly (number | undefined)[]>;

/** A look as the runner of jobs would know it. */
function statusOf(look: Look, tick: number): JobStatus {
  const failures = look.lastError === undefined ? new Map() : new Map([[look.lastError.reason, tick + 1]]);
  return {
    ...look,
    attempts: tick + 1,
    failures,
    lastAttemptAtMs: look.lastSuccessAtMs,
    durationMs: 100,
    setAside: {},
  };
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** What Prometheus itself puts on every series: matching that forgets them works here only by chance. */
const scrapeLabels = { instance: 'neonwatch:9100', job: 'neonwatch' };

function seriesText(name: string, labels: Readonly<Record<string, string>>): string {
  const all = { ...scrapeLabels, ...labels };
  const pairs = Object.entries(all).map(([label, value]) => `${label}="${escaped(value)}"`);
  return `${name}{${pairs.sort().join(',')}}`;
}

function snapshotOf(
  detector: Detector,
  evaluation: Evaluation,
  state: AlertState,
  tick: number,
  nowMs: number,
): FindingsSnapshot {
  return {
    version: tick + 1,
    evaluatedAtMs: nowMs,
    durationMs: 1,
    detectors: [detector],
    alerts: showAlerts([detector], state.alerts.values()),
    unjudged: unjudged([evaluation]),
  };
}

/** Instants count from the first look, which is promtool's time 0. */
function shifted(name: string, value: number): number {
  return name.endsWith('_timestamp_seconds') ? value - caseStartMs / 1_000 : value;
}

/** Everything that `/metrics` would have said at each look of a case, opt-in series too. */
export async function seriesOfCase(detector: Detector, row: FindingCase): Promise<CaseSeries> {
  const series = new Map<string, (number | undefined)[]>();
  let looks = 0;
  for await (const { world, tick, nowMs, evaluation, state } of playEachLook(detector, row)) {
    const readings = readingsOf(world, tick, nowMs);
    const sources = createExpositionSources({
      // Rendering only reads.
      store: readings as Store,
      statuses: () => looksOf(world, nowMs).map((look) => statusOf(look, tick)),
      optIn: { perTenant: true, perShard: true },
      clock: manualClock(nowMs),
      version: 'test',
      hosts: row.hosts ?? [],
      findings: () => snapshotOf(detector, evaluation, state, tick, nowMs),
    });
    for (const { families } of await sources()) {
      for (const { declaration, samples } of families) {
        for (const { labels, value, suffix = '' } of samples()) {
          const text = seriesText(`${declaration.name}${suffix}`, labels);
          const values = series.get(text) ?? [];
          series.set(text, values);
          values[tick] = shifted(declaration.name, Number(value));
        }
      }
    }
    looks = tick + 1;
  }
  return new Map(
    [...series].map(([text, values]) => [text, Array.from({ length: looks }, (_, at) => values[at])]),
  );
}

/** `0 1 1 1` as promtool writes it, runs shortened. A series that ends is marked stale, as a scrape without it does. */
export function promtoolValues(values: readonly (number | undefined)[]): string {
  const words: string[] = [];
  for (let at = 0; at < values.length; ) {
    const value = values[at];
    let end = at + 1;
    while (end < values.length && Object.is(values[end], value)) end += 1;
    words.push(runText(value, end - at, at > 0));
    at = end;
  }
  return words.join(' ');
}

function runText(value: number | undefined, length: number, hadValue: boolean): string {
  if (value !== undefined) return length === 1 ? numberText(value) : `${numberText(value)}+0x${length - 1}`;
  const gap = (count: number) => (count === 1 ? '_' : `_x${count}`);
  if (!hadValue) return gap(length);
  return length === 1 ? 'stale' : `stale ${gap(length - 1)}`;
}

/** promtool reads no `e+21` and no sign before an infinity with a plus. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf';
  return Math.abs(value) >= 1e21 ? BigInt(Math.round(value)).toString() : String(value);
}
