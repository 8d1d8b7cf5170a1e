import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { checkout } from '../../scripts/run-program.ts';
import { type Rule, rules } from './rule-files.ts';

const InhibitRule = z.strictObject({
  source_matchers: z.array(z.string()).min(1),
  target_matchers: z.array(z.string()).min(1),
  equal: z.array(z.string()).min(1),
});
export type InhibitRule = z.infer<typeof InhibitRule>;

const folder = join(checkout, 'prometheus', 'alertmanager');
export const exampleFile = join(folder, 'example.yaml');

/** The inhibit_rules of a file in prometheus/alertmanager, in order. */
export function inhibitRulesOf(name: 'neonwatch.yaml' | 'example.yaml'): readonly InhibitRule[] {
  const document: unknown = parse(readFileSync(join(folder, name), 'utf8'));
  return z.object({ inhibit_rules: z.array(InhibitRule) }).parse(document).inhibit_rules;
}

/** Whether matchers like `severity=~"warning|info"` allow this value of a label. */
export function allows(matchers: readonly string[], label: string, value: string): boolean {
  return matchers.every((matcher) => {
    const parts = /^(\w+)(=~|=)"([^"]*)"$/.exec(matcher);
    if (parts === null) throw new Error(`a matcher that this does not read: ${matcher}`);
    const [, name, operator, wanted = ''] = parts;
    if (name !== label) return true;
    return operator === '=' ? wanted === value : new RegExp(`^(?:${wanted})$`).test(value);
  });
}

/** The rule for one finding in two severities is the only one about equal names. */
export const isAboutItself = ({ equal }: InhibitRule): boolean => equal.includes('alertname');

/** The alert rules of findings that a rule lets silence one another: cause and symptom. */
export function pairsOf(rule: InhibitRule): readonly (readonly [Rule, Rule])[] {
  const named = (matchers: readonly string[]) =>
    rules.filter(
      ({ alert = '', labels }) => labels?.['finding'] !== undefined && allows(matchers, 'alertname', alert),
    );
  return named(rule.source_matchers).flatMap((source) =>
    named(rule.target_matchers)
      .filter((target) => (target.alert === source.alert) === isAboutItself(rule))
      .map((target) => [source, target] as const),
  );
}

/** What matchers demand of labels besides the name, the first of the values they allow: `{severity: 'critical'}`. */
export function demanded(matchers: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    matchers.flatMap((matcher) => {
      const [, label = '', values = ''] = /^(\w+)=~?"([^"]*)"$/.exec(matcher) ?? [];
      return label === 'alertname' ? [] : [[label, values.split('|')[0] ?? '']];
    }),
  );
}
