import { describe, expect, it } from 'vitest';
import { caseTables } from '../findings/case-tables.ts';
import { tickMs } from '../findings/finding-case.ts';
import { type CaseSeries, seriesOfCase } from '../rules/case-series.ts';
import { promtoolTest } from '../rules/promtool.ts';
import { rules } from '../rules/rule-files.ts';

/** Every series twice, as two neonwatches that watch the same cluster give it to one Prometheus. */
function twice(series: CaseSeries): CaseSeries {
  const scraped = (text: string, instance: string) => {
    const other = text.replace(/\binstance="[^"]*"/, `instance="${instance}"`);
    if (other === text) throw new Error(`${text} has no instance, so that two of it would be one`);
    return other;
  };
  return new Map(
    ['a:9795', 'b:9795'].flatMap((instance) =>
      [...series].map(([text, values]) => [scraped(text, instance), values] as const),
    ),
  );
}

const raw = caseTables.flatMap((table) => {
  const rule = rules.find(({ alert }) => alert === table.detector.alert);
  // A rule that reads findings has the same shape as all of those.
  return rule === undefined || rule.expr.includes('neonwatch_finding_active') ? [] : [{ ...table, rule }];
});

describe.each(raw)('the rule $detector.alert, with two neonwatches', ({ detector, cases, rule }) => {
  it('alerts as often as with one', { timeout: 60_000 }, async () => {
    const tests = cases
      .filter(({ onlyDetector }) => onlyDetector === undefined)
      .map(async (row) => {
        const looks = row.steps.reduce((sum, { forMs }) => sum + Math.ceil(forMs / tickMs), 0);
        const expr = `count(ALERTS{alertname="${detector.alert}",alertstate="firing"}) or vector(0)`;
        const expectations = [{ expr, tick: looks - 1, value: row.firing.length }];
        return { name: row.name, series: twice(await seriesOfCase(detector, row)), expectations };
      });
    expect(await promtoolTest([rule.file], await Promise.all(tests))).toBe('');
  });
});
