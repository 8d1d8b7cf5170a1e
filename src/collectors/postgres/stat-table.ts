import { z } from 'zod';
import { compatFamily } from '../../metrics/compat.ts';
import type { Cardinality, Family, FamilyType, Sample, Unit } from '../../metrics/family.ts';
import { float8, text, wholeNumeric } from '../../sources/pg-values.ts';
import type { TargetReading } from '../collector.ts';
import type { PostgresReading, StatRow } from './postgres-reading.ts';
import { serverLabel } from './server-label.ts';

export type Input = TargetReading<PostgresReading>;

/** One figure of a statistics view and the family it becomes. */
export interface StatColumn {
  /** The whole name of the family; it is the column's name in the answer, too. */
  readonly name: string;
  readonly type: Extract<FamilyType, 'gauge' | 'counter' | 'unknown'>;
  readonly help: string;
  /** SQL expression; undefined for a server that has no such figure. The argument is `server_version_num`. */
  readonly sql: (serverVersion: number) => string | undefined;
  /** `nan` where postgres_exporter 0.11.1 gives NaN for null; `absent` for what came later. */
  readonly whenNull: 'nan' | 'absent';
  /** Labels of the family, from the table's texts. */
  readonly labels: readonly string[];
}

/** What is read with one statement: text columns, which become labels, and figures. */
export interface StatTable {
  /** Name in `skippedParts`. */
  readonly part: string;
  /** SQL conditions that must all hold for the table to be read; each is true or false and never fails. */
  readonly needs: (serverVersion: number) => readonly string[];
  /** Label → SQL expression; null becomes an empty label. */
  readonly texts: Readonly<Record<string, string>>;
  /** FROM and what follows it; undefined for a server that has no such view. */
  readonly from: (serverVersion: number) => string | undefined;
  readonly columns: readonly StatColumn[];
  readonly cardinality: Cardinality;
}

/** `needs` of a relation of pg_catalog. */
export function selectable(relation: string): string {
  return `pg_catalog.has_table_privilege('pg_catalog.${relation}', 'SELECT')`;
}

/** `needs` of the statistics that Postgres hides from whoever is no pg_read_all_stats, row by row or as null. */
export const readsAllStats = "pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')";

/** A whole number keeps every digit; the others are floats already when Postgres prints them. */
const figure = z.union([wholeNumeric, float8]).nullable();

export interface StatQuery {
  readonly sql: string;
  readonly shape: Record<string, z.ZodType<string | number | bigint | null>>;
}

/** The statement that reads a table from a server of this version; undefined when there is no such view. */
export function queryOf(table: StatTable, serverVersion: number): StatQuery | undefined {
  const from = table.from(serverVersion);
  if (from === undefined) return undefined;
  const shape: StatQuery['shape'] = {};
  const selected: string[] = [];
  for (const [label, expression] of Object.entries(table.texts)) {
    selected.push(`${expression} AS ${label}`);
    shape[label] = text.nullable();
  }
  for (const { name, sql } of table.columns) {
    const expression = sql(serverVersion);
    if (expression === undefined) continue;
    selected.push(`${expression} AS ${name}`);
    shape[name] = figure;
  }
  return { sql: `SELECT ${selected.join(', ')} FROM ${from}`, shape };
}

/** The part of an answer that belongs to `table`. */
export function statRow(
  table: StatTable,
  answer: Readonly<Record<string, string | number | bigint | null>>,
): StatRow {
  const texts: Record<string, string> = {};
  for (const label of Object.keys(table.texts)) texts[label] = String(answer[label] ?? '');
  const values: Record<string, number | bigint | null> = {};
  for (const { name } of table.columns) {
    const value = answer[name];
    if (value !== undefined && typeof value !== 'string') values[name] = value;
  }
  return { texts, values };
}

/** The family of each figure. */
export function familiesOf(table: StatTable): readonly Family<Input>[] {
  return table.columns.map((column) =>
    compatFamily({
      compat: 'postgres_exporter',
      name: column.name,
      type: column.type,
      help: column.help,
      ...unitOf(column.name),
      labels: ['server', ...column.labels],
      cardinality: table.cardinality,
      samples: (input: Input) => samplesOf(table, column, input),
    }),
  );
}

function unitOf(name: string): { readonly unit?: Unit } {
  const unit = /_(seconds|bytes)(?:_total)?$/.exec(name)?.[1];
  return unit === 'seconds' || unit === 'bytes' ? { unit } : {};
}

function* samplesOf(table: StatTable, column: StatColumn, { target, reading }: Input): Generator<Sample> {
  const server = serverLabel(target);
  for (const { texts, values } of reading.rows.get(table.part) ?? []) {
    const value = values[column.name];
    if (value === undefined || (value === null && column.whenNull === 'absent')) continue;
    const labels: Record<string, string> = { server };
    for (const label of column.labels) labels[label] = texts[label] ?? '';
    yield { labels, value: value ?? Number.NaN };
  }
}
