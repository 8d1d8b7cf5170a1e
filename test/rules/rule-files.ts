import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { checkout } from '../../scripts/run-program.ts';

const folder = join(checkout, 'prometheus', 'rules');

const Rule = z.strictObject({
  alert: z.string().optional(),
  record: z.string().optional(),
  expr: z.string(),
  for: z.string().optional(),
  keep_firing_for: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const RuleFile = z.strictObject({
  groups: z.array(
    z.strictObject({ name: z.string(), interval: z.string().optional(), rules: z.array(Rule) }),
  ),
});

export type Rule = z.infer<typeof Rule> & { readonly file: string; readonly group: string };

export const ruleFiles: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .map((name) => join(folder, name));

/** Every rule of prometheus/rules, in order. */
export const rules: readonly Rule[] = ruleFiles.flatMap((file) =>
  RuleFile.parse(parse(readFileSync(file, 'utf8'))).groups.flatMap(({ name, rules: list }) =>
    list.map((rule) => ({ ...rule, file, group: name })),
  ),
);

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `1m30s` in milliseconds; 0 when absent. */
export function durationMs(text: string | undefined): number {
  let sum = 0;
  for (const [, amount = '0', unit = 's'] of (text ?? '').matchAll(/(\d+)([smhd])/g)) {
    sum += Number(amount) * (units[unit] ?? 0);
  }
  return sum;
}
