import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkout } from '../../scripts/run-program.ts';
import { detectors } from '../../src/alerts/registry.ts';
import { catalogue } from '../../src/catalogue.ts';
import type { FamilyDeclaration } from '../../src/metrics/family.ts';
import { type Expression, parsePromql } from '../rules/promql.ts';
import { run } from '../rules/promtool.ts';
import { type Rule, ruleFiles, rules } from '../rules/rule-files.ts';

const runbooks = 'https://github.com/neonwatch/neonwatch/blob/main/';

/** Families that prom-client and `pg_settings` give, which no declaration lists: name → labels. */
const undeclared = new Map<string, readonly string[]>([
  ['neonwatch_http_requests_total', ['route', 'method', 'status']],
  ['process_start_time_seconds', []],
]);
/** Labels that Prometheus adds itself. */
const added = ['job', 'instance', 'alertname', 'alertstate'];

const families = new Map<string, Pick<FamilyDeclaration, 'type' | 'labels'>>(
  catalogue().map(({ declaration }) => [declaration.name, declaration]),
);
for (const [name, labels] of undeclared) {
  families.set(name, { type: name.endsWith('_total') ? 'counter' : 'gauge', labels });
}
// What a recording rule makes has a colon in its name; its labels are those of its own grouping.
for (const { record, expr } of rules) {
  if (record !== undefined) families.set(record, { type: 'gauge', labels: parsePromql(expr).grouping });
}

const isSetting = (metric: string): boolean => /^pg_settings_\w+$/.test(metric);
const overCounters = ['rate', 'increase', 'irate'];

function unheardOfMetrics({ selectors }: Expression): string[] {
  return selectors
    .map(({ metric }) => metric)
    .filter((metric) => !families.has(metric) && !isSetting(metric));
}

function unheardOfLabels({ selectors, grouping }: Expression): string[] {
  const ofSelectors = selectors.flatMap(({ metric, labels }) => {
    const own = isSetting(metric) ? ['server'] : (families.get(metric)?.labels ?? []);
    return labels
      .filter((label) => !own.includes(label) && !added.includes(label))
      .map((label) => `${metric}{${label}}`);
  });
  const all = new Set([
    ...selectors.flatMap(({ metric }) => families.get(metric)?.labels ?? []),
    'server',
    ...added,
  ]);
  return [...ofSelectors, ...grouping.filter((label) => !all.has(label))];
}

function wrongRates({ selectors }: Expression): string[] {
  return selectors.flatMap(({ metric, functions }) => {
    const isRated = functions.some((name) => overCounters.includes(name));
    return isRated && families.get(metric)?.type !== 'counter' ? [metric] : [];
  });
}

const named = rules.map((rule) => ({
  name: rule.alert ?? rule.record ?? '',
  rule,
  parsed: parsePromql(rule.expr),
}));
const alerts = named.filter(({ rule }) => rule.alert !== undefined);

describe.each(named)('the rule $name', ({ rule, parsed }) => {
  it('is PromQL', () => {
    expect(parsed.errors).toEqual([]);
  });

  it('names only metrics and labels that there are', () => {
    expect(unheardOfMetrics(parsed)).toEqual([]);
    expect(unheardOfLabels(parsed)).toEqual([]);
  });

  it('takes rates of counters only', () => {
    expect(wrongRates(parsed)).toEqual([]);
  });

  it('is named as its kind is', () => {
    if (rule.record === undefined) expect(rule.alert).toMatch(/^(Neon|NeuronDB|Neonwatch)[A-Z]\w*$/);
    else expect(rule.record).toMatch(/^[a-z_]+:[a-z_]+:[a-z0-9_]+$/);
  });
});

function page(rule: Rule): string {
  return (rule.annotations?.['runbook_url'] ?? '').slice(runbooks.length);
}

describe.each(alerts)('the alert $name', ({ rule, parsed }) => {
  it('compares with something, so that it can be false', () => {
    const isAbsence = parsed.selectors.some(({ functions }) =>
      functions.some((name) => name.startsWith('absent')),
    );
    expect(parsed.hasComparison || isAbsence || rule.expr === 'vector(1)').toBe(true);
  });

  it('has a severity, a static summary that is a sentence, a description, and a page that exists', () => {
    const { labels = {}, annotations = {} } = rule;
    expect(labels['severity']).toMatch(/^(critical|warning|info|none|\{\{ \$labels\.severity \}\})$/);
    expect(JSON.stringify(labels)).not.toContain('$value');
    expect(annotations['summary']).toMatch(/^[A-Z][^{}]*\.$/);
    expect(annotations['description']).toMatch(/\S/);
    expect(annotations['runbook_url']).toContain(runbooks);
    expect(existsSync(join(checkout, page(rule))), `${page(rule)} is missing`).toBe(true);
  });

  it('says what its detector says of itself', () => {
    const id = rule.labels?.['finding'];
    const detector = detectors.find((one) => one.id === id);
    expect(id === undefined || detector !== undefined, `there is no finding ${id}`).toBe(true);
    if (detector === undefined) return;
    expect(rule.alert).toBe(detector.alert);
    expect(page(rule)).toBe(`docs/runbooks/${detector.id}.md`);
    const gravest = ['info', 'warning', 'critical'].indexOf(detector.severity);
    // A severity may come from the finding itself, as a label of its series.
    const severity = rule.labels?.['severity'] ?? '';
    if (!severity.includes('{{')) {
      expect(['info', 'warning', 'critical'].indexOf(severity)).toBeLessThanOrEqual(gravest);
    }
  });
});

describe('rule files', () => {
  it('are found', () => {
    expect(ruleFiles.length).toBeGreaterThan(0);
  });

  it('pass promtool with every lint fatal', async () => {
    expect(await run('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', ...ruleFiles])).toBe('');
  });

  it('about neonwatch itself hold their cases', async () => {
    expect(await run('promtool', ['test', 'rules', join(checkout, 'prometheus/tests/neonwatch.yaml')])).toBe(
      '',
    );
  });

  it('have a finding or a rule for every runbook page, so that none is left over', () => {
    const pages = readdirSync(join(checkout, 'docs/runbooks')).map((name) => `docs/runbooks/${name}`);
    const wanted = new Set(alerts.map(({ rule }) => page(rule)));
    expect(pages.filter((one) => !wanted.has(one))).toEqual([]);
  });
});
