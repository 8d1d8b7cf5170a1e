import type { Skipped } from '../../../src/collectors/collector.ts';
import type { SqlCollector, SqlReadingBase, SqlSettings } from '../../../src/collectors/sql-collector.ts';
import type { Target } from '../../../src/collectors/target.ts';
import { readConfigJson } from '../../../src/sources/config-json.ts';
import type { PgRow } from '../../../src/sources/postgres-rows.ts';
import type { SqlReader } from '../../../src/sources/sql-reader.ts';
import { manualClock } from '../../support/manual-clock.ts';

export const computeTarget: Target = {
  kind: 'compute',
  name: 'main',
  url: 'postgresql://compute:55433/postgres',
};

interface Options<Reading> {
  readonly settings?: Partial<SqlSettings>;
  readonly previous?: Reading;
  readonly signal?: AbortSignal;
  /** Path of a config.json. */
  readonly configJson?: string | undefined;
}

/** One run of a collector against a reader, with everything else as the defaults have it. */
export async function collectSql<Reading extends SqlReadingBase>(
  collector: SqlCollector<Reading>,
  sql: SqlReader,
  options: Options<Reading> = {},
): Promise<Reading> {
  const { configJson } = options;
  const reading: Reading | Skipped = await collector.collect({
    sql,
    target: computeTarget,
    previous: options.previous,
    settings: { databases: [], top: 3, statementText: false, ...options.settings },
    readConfigJson: configJson === undefined ? undefined : () => readConfigJson(configJson),
    clock: manualClock(),
    signal: options.signal ?? AbortSignal.any([]),
  });
  if ('skipped' in reading) throw new Error(`the run was skipped: ${reading.skipped}`);
  return reading;
}

/** The samples of all families as `name{label="value"} number`. */
export function sqlSeries<Reading extends SqlReadingBase>(
  collector: SqlCollector<Reading>,
  reading: Reading,
): string[] {
  return collector.families.flatMap((family) =>
    [...family.samples({ target: computeTarget, reading })].map(({ labels, value, suffix = '' }) =>
      seriesText(`${family.name}${suffix}`, labels, value),
    ),
  );
}

/** Skipped parts as `part: reason`. */
export function skips(reading: SqlReadingBase): string[] {
  return reading.skippedParts.map(({ part, reason }) => `${part}: ${reason}`);
}

/** Answers each statement by the first pattern that it contains; anything else is a mistake of the test. */
export function answers(table: Readonly<Record<string, readonly PgRow[] | Error>>) {
  return (sql: string): readonly PgRow[] => {
    const found = Object.entries(table).find(([pattern]) => sql.includes(pattern))?.[1];
    if (found === undefined) throw new Error(`the test has no answer for ${sql}`);
    if (found instanceof Error) throw found;
    return found;
  };
}

function seriesText(name: string, labels: Readonly<Record<string, string>>, value: number | bigint): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}
