import { postgres } from '../../../src/collectors/postgres/postgres.ts';
import type { PostgresReading } from '../../../src/collectors/postgres/postgres-reading.ts';
import type { Target } from '../../../src/collectors/target.ts';
import type { SourceError } from '../../../src/errors.ts';
import type { PgRow } from '../../../src/sources/postgres-rows.ts';
import { fakeSql } from '../../support/fake-sql.ts';
import { manualClock } from '../../support/manual-clock.ts';

export function seriesText(
  name: string,
  labels: Readonly<Record<string, string>>,
  value: number | bigint,
): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  return `${name}{${pairs.join(',')}} ${value}`;
}

export const target: Target = { kind: 'compute', name: 'main', url: 'postgresql://pg:5432/postgres' };
const settings = { databases: [], top: 10, statementText: false };

export type Answer = readonly PgRow[] | SourceError;

/** What a statement reads, by the first word that only it has. */
export const subjects = {
  version: 'pg_catalog.version()',
  settings: 'pg_catalog.pg_settings\n',
  sizes: 'pg_database_size(',
  limits: 'datconnlimit AS',
  wraparound: 'pg_catalog.mxid_age(',
  occurrences: 'AS occurrences',
  statistics: 'FROM pg_catalog.pg_stat_database s',
  conflicts: 'FROM pg_catalog.pg_stat_database_conflicts s',
  replication: 'FROM pg_catalog.pg_stat_replication r',
  slots: 'FROM pg_catalog.pg_replication_slots s ORDER',
  vacuum: 'FROM pg_catalog.pg_stat_progress_vacuum v',
  single: 'CROSS JOIN',
} as const;
export type Subject = keyof typeof subjects;

export function subjectOf(sql: string): Subject {
  const found = Object.entries(subjects).find(([, words]) => sql.includes(words));
  if (found === undefined) throw new Error(`an unexpected statement: ${sql}`);
  return found[0] as Subject;
}

/** Every column that a statement names, each with the same value. */
export function oneRow(sql: string, value: string, changed: PgRow = {}): PgRow {
  const named = [...sql.matchAll(/ AS (\w+)(?=,|\s+FROM|$)/g)].map(([, name = '']) => [name, value]);
  return { ...Object.fromEntries(named), ...changed };
}

export function versionRow(sql: string, changed: PgRow = {}): PgRow {
  const conditions = [...sql.matchAll(/ AS (c\d+)/g)].map(([, name = '']) => [name, 't']);
  const server = {
    version: 'PostgreSQL 15.20',
    in_recovery: 'f',
    lag_seconds: '0',
    last_replay_seconds: null,
  };
  return { ...server, ...Object.fromEntries(conditions), ...changed };
}

/** A healthy server with databases `a` and `b`, except for what a test says. */
export function server(changed: Partial<Record<Subject, Answer | ((sql: string) => Answer)>> = {}) {
  return (sql: string): Answer => {
    const subject = subjectOf(sql);
    const given = changed[subject];
    if (given !== undefined) return typeof given === 'function' ? given(sql) : given;
    if (subject === 'version') return [versionRow(sql)];
    if (subject === 'settings')
      return [{ name: 'max_connections', setting: '100', unit: null, vartype: 'integer' }];
    if (subject === 'sizes') return [{ datname: 'a', size_bytes: '9007199254740993' }];
    if (subject === 'limits') {
      return [
        { is_database: 't', name: 'a', connection_limit: '-1' },
        { is_database: 't', name: 'b', connection_limit: '5' },
        { is_database: 'f', name: 'watcher', connection_limit: '3' },
      ];
    }
    if (subject === 'occurrences') {
      return [
        { kind: 'activity', datname: 'a', what: 'active', occurrences: '2', longest_seconds: '1.5' },
        { kind: 'locks', datname: 'a', what: 'sharelock', occurrences: '4', longest_seconds: null },
      ];
    }
    return subject === 'single' ? [oneRow(sql, '1')] : [];
  };
}

interface Run {
  readonly serverVersion?: number;
  readonly previous?: PostgresReading;
  readonly clock?: ReturnType<typeof manualClock>;
}

export async function collect(answer: (sql: string) => Answer, run: Run = {}) {
  const { serverVersion = 150_020, previous, clock = manualClock() } = run;
  const sql = fakeSql(answer, { serverVersion });
  const signal = AbortSignal.any([]);
  const reading = await postgres.collect({ sql, target, previous, settings, clock, signal });
  return { reading, asked: sql.asked.map((one) => one.sql) };
}

export function seriesOf(reading: PostgresReading): string[] {
  const input = { target, reading };
  return [...postgres.families, ...postgres.dynamicFamilies(input)].flatMap((family) =>
    [...family.samples(input)].map(({ labels, value }) => seriesText(family.name, labels, value)),
  );
}
