import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { FamilyDeclaration, FamilyType, Sample } from '../metrics/family.ts';
import type { BoundFamily, ChunkSource } from './chunk-source.ts';

/**
 * Default metrics that are left out: gauges named like counters, which promlint rejects,
 * and a minimum that is 2^63 ns until the first delay was seen.
 */
const leftOut: ReadonlySet<string> = new Set([
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_eventloop_lag_min_seconds',
]);

/** No bound is a whole number: `le="1"` and `le="1.0"` would be two spellings of one series. */
const requestSeconds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 9.5];
const gcSeconds = [0.0005, 0.002, 0.01, 0.05, 0.25, 1.5];

/** One answered request. Every field but the time is from a closed set. */
export interface HttpObservation {
  readonly route: string;
  readonly method: string;
  /** The status code, or `aborted` when the client left before the end. */
  readonly status: string;
  readonly seconds: number;
}

/** The process's own metrics, kept by prom-client and read as data only: it never renders. */
export interface ProcessMetrics {
  observeHttp(observation: HttpObservation): void;
  /** All values as of now, to be rendered like any collected family. A new version each time. */
  source(): Promise<ChunkSource>;
}

/** Registers with a registry of its own. Call once per process: the event loop and GC observers never end. */
export function createProcessMetrics(): ProcessMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, gcDurationBuckets: gcSeconds });
  const requests = new Counter({
    name: 'neonwatch_http_requests_total',
    help: 'HTTP requests answered, by route, method and status.',
    labelNames: ['route', 'method', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'neonwatch_http_request_duration_seconds',
    help: 'Time from the head of an HTTP request to the last byte of its answer.',
    labelNames: ['route'],
    buckets: requestSeconds,
    registers: [registry],
  });
  const declarations = new Map<string, FamilyDeclaration>();
  let version = 0;

  return {
    observeHttp({ route, method, status, seconds }) {
      requests.inc({ route, method, status });
      durations.observe({ route }, seconds);
    },
    async source() {
      version += 1;
      const metrics: readonly ClientMetric[] = await registry.getMetricsAsJSON();
      const families = metrics
        .filter(({ name }) => !leftOut.has(name))
        .map((metric) => boundFamily(metric, declarations));
      return { key: 'process', version, collector: 'process', target: '', families };
    },
  };
}

/** What prom-client's JSON holds that we use; its own types miss `metricName` and name the type by number. */
interface ClientMetric {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly values: readonly ClientValue[];
}

interface ClientValue {
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly metricName?: string;
}

/** Declarations are kept, because headers are cached by their identity; one is renewed when a label is new. */
function boundFamily(metric: ClientMetric, declarations: Map<string, FamilyDeclaration>): BoundFamily {
  const labels = new Set(metric.values.flatMap((value) => Object.keys(value.labels)));
  let declaration = declarations.get(metric.name);
  if (declaration === undefined || declaration.labels.length !== labels.size) {
    declaration = declarationOf(metric, [...labels].sort(leLast));
    declarations.set(metric.name, declaration);
  }
  return { declaration, samples: () => samplesOf(metric, declaration.labels) };
}

function declarationOf({ name, help, type }: ClientMetric, labels: readonly string[]): FamilyDeclaration {
  const unit = (['seconds', 'bytes'] as const).find((unit) =>
    name.replace(/_total$/, '').endsWith(`_${unit}`),
  );
  return {
    name,
    help: help.endsWith('.') ? help : `${help}.`,
    type: name.endsWith('_info') ? 'info' : familyType(type),
    ...(unit === undefined ? {} : { unit }),
    labels,
    cardinality: 'process',
    stability: 'stable',
  };
}

function* samplesOf({ name, values }: ClientMetric, labels: readonly string[]): Generator<Sample> {
  for (const { value, labels: given, metricName = name } of values) {
    // Means and deviations are NaN until there is something to take them of: unknown, so absent.
    if (Number.isNaN(value)) continue;
    const suffix = suffixOf(metricName.slice(name.length));
    yield {
      labels: Object.fromEntries(labels.map((label) => [label, String(given[label] ?? '')])),
      value,
      ...(suffix === undefined ? {} : { suffix }),
    };
  }
}

function suffixOf(text: string): Sample['suffix'] {
  return (['_bucket', '_sum', '_count'] as const).find((suffix) => suffix === text);
}

function familyType(type: unknown): FamilyType {
  return type === 'counter' || type === 'gauge' || type === 'histogram' ? type : 'unknown';
}

function leLast(a: string, b: string): number {
  return Number(a === 'le') - Number(b === 'le');
}
