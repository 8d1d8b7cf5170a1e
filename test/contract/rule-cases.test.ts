import { describe, expect, it } from 'vitest';
import { type Severity, severities } from '../../src/alerts/finding.ts';
import { detectors } from '../../src/alerts/registry.ts';
import { caseTables } from '../findings/case-tables.ts';
import { type FindingCase, type FindingCases, playEachLook, tickMs } from '../findings/finding-case.ts';
import { seriesOfCase } from '../rules/case-series.ts';
import { promtoolTest, type RuleTest } from '../rules/promtool.ts';
import { durationMs, ruleFiles, rules } from '../rules/rule-files.ts';

/** How grave what fires at the end is: who pages by the rule pages for the same as who reads the finding. */
async function gravities({ detector }: FindingCases, row: FindingCase): Promise<readonly Severity[]> {
  let last: readonly Severity[] = [];
  for await (const { state } of playEachLook(detector, row)) {
    const firing = [...state.alerts.values()].filter(({ phase }) => phase === 'firing');
    last = firing.map(({ finding }) => finding.severity);
  }
  return last;
}

/** One case as promtool runs it: as many alerts of each severity fire at the last look as the case says. */
async function ruleTest(table: FindingCases, row: FindingCase): Promise<RuleTest> {
  const { alert } = table.detector;
  const series = await seriesOfCase(table.detector, row);
  const looks = row.steps.reduce((sum, { forMs }) => sum + Math.ceil(forMs / tickMs), 0);
  const fired = await gravities(table, row);
  const count = (matchers: string) => `count(ALERTS{alertname="${alert}",alertstate="firing"${matchers}})`;
  const expectations = [
    { expr: `${count('')} or vector(0)`, tick: looks - 1, value: row.firing.length },
    ...severities.map((severity) => ({
      expr: `${count(`,severity="${severity}"`)} or vector(0)`,
      tick: looks - 1,
      value: fired.filter((one) => one === severity).length,
    })),
  ];
  return { name: row.name, series, expectations };
}

describe.each(caseTables)('the rule $detector.alert', (table) => {
  const seen = table.cases.filter(({ onlyDetector }) => onlyDetector === undefined);
  const [rule] = rules.filter(({ alert }) => alert === table.detector.alert);

  it('says what the detector says, case by case', { timeout: 60_000 }, async () => {
    const tests = await Promise.all(seen.map((row) => ruleTest(table, row)));
    expect(await promtoolTest(rule === undefined ? ruleFiles : [rule.file], tests)).toBe('');
  });

  it('waits as long as the detector, or leaves the waiting to it', () => {
    const { hold } = table.detector;
    // Who reads neonwatch_finding_active has what the life cycle already believes.
    const isAlreadyHeld = rule?.expr.includes('neonwatch_finding_active') ?? false;
    expect(durationMs(rule?.for)).toBe(isAlreadyHeld ? 0 : hold.forMs);
    if (!isAlreadyHeld) expect(durationMs(rule?.keep_firing_for)).toBe(hold.keepFiringMs);
  });

  it('sees most of its cases', () => {
    expect(seen.length).toBeGreaterThanOrEqual(table.cases.length / 2);
  });
});

describe('alerts', () => {
  it('are one for each detector', () => {
    const alerts = rules.flatMap(({ alert, labels }) => (labels?.['finding'] === undefined ? [] : [alert]));
    expect(alerts.toSorted()).toEqual(detectors.map(({ alert }) => alert).toSorted());
  });
});
