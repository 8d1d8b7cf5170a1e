import { expect, it } from 'vitest';
import { createChunkRenderer } from '../../src/render/chunk-renderer.ts';
import { formats } from '../../src/render/exposition.ts';
import { createProcessMetrics } from '../../src/render/process-metrics.ts';
import { assemble } from '../../src/render/snapshot.ts';
import { type ParsedFamily, parseExposition } from './exposition-parser.ts';
import { restless } from './rows.ts';

// One for the file: its observers live as long as the process.
const metrics = createProcessMetrics();
const budgets = { maxSeries: 0, perCollector: new Map<string, number>() };

async function expose(): Promise<Record<'text' | 'openmetrics', ParsedFamily[]>> {
  const renderer = createChunkRenderer(restless, budgets, ({ family, detail }) => {
    throw new Error(`${family}: ${detail}`);
  });
  const chunks = await renderer.render([await metrics.source()]);
  const facts = {
    builtAtMs: 0,
    lastBuildMs: 250,
    builds: { ok: 1, failed: 0 },
    quarantines: [{ family: 'neon_x', collector: 'nodes', reason: 'threw' as const, count: 1 }],
  };
  const { identity } = assemble(chunks, budgets, facts);
  const [text, openmetrics] = formats.map((format) =>
    parseExposition(Buffer.concat([...identity[format].pages]), format),
  );
  return { text: text ?? [], openmetrics: openmetrics ?? [] };
}

/** The rules of promlint that a name, a type and a help text can break. */
function lint({ name, type, help }: ParsedFamily): string[] {
  const complaints = [];
  if (help === '') complaints.push('no help text');
  if ((type === 'counter') !== name.endsWith('_total'))
    complaints.push('counter and _total do not go together');
  if (/_(bucket|count|sum)$/.test(name)) complaints.push('a suffix of histograms');
  if (
    name.split('_').some((part) => ['gauge', 'counter', 'histogram', 'summary', 'untyped'].includes(part))
  ) {
    complaints.push('the type in the name');
  }
  if (!/^[a-z][a-z0-9_]*$/.test(name)) complaints.push('not snake case');
  if (/_(s|ms|us|ns|sec|b|kb|mb|gb|tb|pb|m|h|d|minutes|hours|days|milliseconds)(_|$)/.test(name)) {
    complaints.push('not a base unit');
  }
  return complaints;
}

it('is exposed without a fault in both formats, no budget applied', async () => {
  metrics.observeHttp({ route: '/metrics', method: 'GET', status: '200', seconds: 0.002 });
  const { text, openmetrics } = await expose();
  expect(text.map(({ name }) => name)).toContain('process_resident_memory_bytes');
  expect(openmetrics.map(({ name, type }) => ({ name, type }))).toContainEqual({
    name: 'nodejs_version',
    type: 'info',
  });
  expect(openmetrics.map(({ name, type }) => ({ name, type }))).toContainEqual({
    name: 'process_cpu_seconds',
    type: 'counter',
  });
});

it('has no name that promlint complains of', async () => {
  const { text } = await expose();
  expect(text.length).toBeGreaterThan(20);
  expect(text.flatMap((family) => lint(family).map((complaint) => `${family.name}: ${complaint}`))).toEqual(
    [],
  );
});

it('counts requests by route, method and status, and times them by route', async () => {
  metrics.observeHttp({ route: '/-/ready', method: 'HEAD', status: '503', seconds: 0.3 });
  const { text } = await expose();
  const requests = text.find(({ name }) => name === 'neonwatch_http_requests_total');
  expect(requests?.samples).toContainEqual({
    name: 'neonwatch_http_requests_total',
    labels: { route: '/-/ready', method: 'HEAD', status: '503' },
    value: 1,
    valueText: '1',
  });
  const durations = text.find(({ name }) => name === 'neonwatch_http_request_duration_seconds');
  expect(durations?.samples).toContainEqual(
    expect.objectContaining({ labels: { route: '/-/ready', le: '0.5' }, value: 1 }),
  );
});

it('has only bucket bounds that both formats spell alike', async () => {
  metrics.observeHttp({ route: '/', method: 'GET', status: '200', seconds: 1 });
  const { text } = await expose();
  const bounds = text.flatMap(({ samples }) => samples.flatMap(({ labels }) => labels['le'] ?? []));
  expect(bounds).toContain('+Inf');
  expect(bounds.filter((bound) => bound !== '+Inf' && !bound.includes('.'))).toEqual([]);
});

it('gives a new version each time, under one key', async () => {
  const [one, other] = [await metrics.source(), await metrics.source()];
  expect(other.key).toBe(one.key);
  expect(other.version).toBeGreaterThan(one.version);
});

it('keeps the declaration of a family from one reading to the next', async () => {
  const [one, other] = [await metrics.source(), await metrics.source()];
  const memory = (source: typeof one) =>
    source.families.find(({ declaration }) => declaration.name === 'process_heap_bytes');
  expect(memory(one)?.declaration).toBeDefined();
  expect(memory(other)?.declaration).toBe(memory(one)?.declaration);
});
