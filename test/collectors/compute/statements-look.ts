import type { Clock } from '../../../src/clock.ts';
import type { SqlCollector, SqlReadingBase, SqlSettings } from '../../../src/collectors/sql-collector.ts';
import type { Target } from '../../../src/collectors/target.ts';
import type { SqlReader } from '../../../src/sources/sql-reader.ts';
import { manualClock } from '../../support/manual-clock.ts';

const target: Target = { kind: 'compute', name: 'main', url: 'postgresql://compute:55433/postgres' };

export interface Looked<Reading> {
  readonly reading: Reading;
  /** The samples of all families as `name{label="value"} number`; empty labels are left out. */
  readonly series: readonly string[];
  /** Skipped parts as `part: reason`. */
  readonly skips: readonly string[];
}

/** One run of a collector against a reader. The clock stands still unless one is given. */
export async function lookOnce<Reading extends SqlReadingBase>(
  collector: SqlCollector<Reading>,
  sql: SqlReader,
  options: {
    readonly settings?: Partial<SqlSettings>;
    readonly previous?: Reading | undefined;
    readonly clock?: Clock;
  } = {},
): Promise<Looked<Reading>> {
  const reading = await collector.collect({
    sql,
    target,
    previous: options.previous,
    settings: { databases: [], top: 3, statementText: false, ...options.settings },
    clock: options.clock ?? manualClock(),
    signal: new AbortController().signal,
  });
  if ('skipped' in reading) throw new Error(`the run was skipped: ${reading.skipped}`);
  const series = collector.families.flatMap((family) =>
    [...family.samples({ target, reading })].map(({ labels, value }) => {
      const pairs = Object.entries<string>(labels).filter(([, text]) => text !== '');
      return `${family.name}{${pairs.map(([label, text]) => `${label}="${text}"`).join(',')}} ${value}`;
    }),
  );
  return { reading, series, skips: reading.skippedParts.map(({ part, reason }) => `${part}: ${reason}`) };
}

/** The sum of a family over all its series. */
export function totalOf(series: readonly string[], name: string): number {
  return series
    .filter((line) => line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
