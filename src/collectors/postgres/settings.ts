import { z } from 'zod';
import { compatFamily } from '../../metrics/compat.ts';
import type { Family } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import { text } from '../../sources/pg-values.ts';
import type { SettingFact } from './postgres-reading.ts';
import { serverLabel } from './server-label.ts';
import type { Input } from './stat-table.ts';

/**
 * Settings that are a number or a switch. Texts never leave the server: among them are passwords and keys. What our own
 * session has changed is given as any other session would find it.
 */
export const settingsSql = `SELECT name, CASE source WHEN 'session' THEN reset_val ELSE setting END AS setting,
  unit, vartype
FROM pg_catalog.pg_settings
WHERE vartype IN ('bool', 'integer', 'real') AND name <> 'transaction_read_only'`;

export const SettingRow = z.object({
  name: text,
  setting: text.nullable(),
  unit: text.nullable(),
  vartype: z.enum(['bool', 'integer', 'real']),
});

const secondsPerUnit: ReadonlyMap<string, number> = new Map([
  ['ms', 0.001],
  ['s', 1],
  ['min', 60],
  ['h', 3_600],
  ['d', 86_400],
]);
const bytesPerPrefix: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 2 ** 10],
  ['M', 2 ** 20],
  ['G', 2 ** 30],
  ['T', 2 ** 40],
]);
const bytesPattern = /^(\d*)([kMGT]?)B$/;

/** What settings came to: by family name, and whether any was left out because it could not be understood. */
export interface SettingFacts {
  readonly facts: ReadonlyMap<string, SettingFact>;
  readonly duplicates: number;
  readonly notUnderstood: number;
}

/**
 * Settings by the name of their family: `pg_settings_` + name with `_` for what a name may not hold, + base unit.
 * Of two settings that come to one name the first counts.
 */
export function settingFacts(
  rows: readonly z.infer<typeof SettingRow>[],
  isInRecovery: boolean,
): SettingFacts {
  const facts = new Map<string, SettingFact>();
  let duplicates = 0;
  let notUnderstood = 0;
  for (const row of rows) {
    const fact = settingFact(row);
    if (fact === undefined) {
      notUnderstood += 1;
      continue;
    }
    const name = `pg_settings_${row.name.replace(/\W/g, '_')}${fact.unit === undefined ? '' : `_${fact.unit}`}`;
    if (facts.has(name)) duplicates += 1;
    else facts.set(name, fact);
  }
  const readOnly = facts.get('pg_settings_default_transaction_read_only');
  // Our own transactions are read-only, so what is said of the present one is derived, not read.
  if (readOnly !== undefined) {
    const value = isInRecovery ? 1 : readOnly.value;
    facts.set('pg_settings_transaction_read_only', { value, unit: undefined });
  }
  return { facts, duplicates, notUnderstood };
}

/** What this setting is in base units; undefined when its value or unit is none that we know. */
function settingFact({ setting, unit, vartype }: z.infer<typeof SettingRow>): SettingFact | undefined {
  if (vartype === 'bool') return { value: setting === 'on' ? 1 : 0, unit: undefined };
  const value = setting === null || setting.trim() === '' ? Number.NaN : Number(setting);
  if (Number.isNaN(value)) return undefined;
  if (unit === null || unit === '') return { value, unit: undefined };
  // -1 says "off" or "as another setting"; it is no amount.
  const seconds = secondsPerUnit.get(unit);
  if (seconds !== undefined) {
    // Divided, so that 300 ms are 0.3 s and not 0.30000000000000004.
    const amount = unit === 'ms' ? value / 1_000 : value * seconds;
    return { value: value === -1 ? -1 : amount, unit: 'seconds' };
  }
  const [whole, blocks, prefix] = bytesPattern.exec(unit) ?? [];
  if (whole === undefined) return undefined;
  const factor = Number(blocks || 1) * (bytesPerPrefix.get(prefix ?? '') ?? 1);
  return { value: value === -1 ? -1 : value * factor, unit: 'bytes' };
}

/** One family a setting, so one declaration a name for good: headers are made once for each. */
const known = new Map<string, Family<Input>>();
/** Servers have a few hundred. The names are theirs to choose, so there is an end to remembering them. */
const maxKnown = 10_000;

function settingFamily(name: string, { unit }: SettingFact): Family<Input> {
  const declared = known.get(name);
  if (declared !== undefined) return declared;
  const family = compatFamily({
    compat: 'postgres_exporter',
    name,
    type: 'gauge',
    help: `Setting of the server, as a new session finds it${unit === undefined ? '' : `, in ${unit}`}.`,
    ...(unit === undefined ? {} : { unit }),
    labels: ['server'],
    cardinality: 'cluster',
    *samples({ target, reading }: Input) {
      const fact = reading.settings?.get(name);
      if (fact !== undefined) yield sample({ server: serverLabel(target) }, fact.value);
    },
  });
  if (known.size >= maxKnown) known.clear();
  known.set(name, family);
  return family;
}

/** The families of the settings that a reading has: which there are is known only to the server. */
export function settingFamilies({ reading }: Input): readonly Family<Input>[] {
  return [...(reading.settings ?? [])].map(([name, fact]) => settingFamily(name, fact));
}
