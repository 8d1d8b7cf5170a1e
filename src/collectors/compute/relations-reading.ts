import type { Sample } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import type { TargetReading } from '../collector.ts';
import type { SqlReadingBase } from '../sql-collector.ts';
import type { IndexRow, TableRow } from './relations-rows.ts';
import type { TopState } from './top.ts';

/** Tables, or indexes, of one database. */
export interface RelationSet<Row> {
  /** By names: schema, table and, for an index, its own. */
  readonly top: TopState<readonly string[]>;
  /** The newest row of each member, by its key. */
  readonly members: ReadonlyMap<string, Row>;
  readonly others: readonly Row[];
  readonly count: number;
}

export interface DatabaseRelations {
  readonly tables: RelationSet<TableRow>;
  readonly indexes: RelationSet<IndexRow>;
  readonly invalidIndexes: number;
}

export interface RelationsReading extends SqlReadingBase {
  readonly databases: ReadonlyMap<string, DatabaseRelations>;
}

export type RelationsInput = TargetReading<RelationsReading>;

/** Labels of one relation; those of `other` have no schema, which no relation is without. */
type Names<Label extends string> = Readonly<Record<Label | 'compute' | 'datname', string>>;

interface Shape<Row, Label extends string> {
  readonly of: (relations: DatabaseRelations) => RelationSet<Row>;
  readonly labels: (names: readonly string[]) => Readonly<Record<Label, string>>;
  readonly other: Readonly<Record<Label, string>>;
}

/** Counters of the members and of `other`, which has the instant of its beginning in its name. */
export function* counterSamples<Row, Label extends string>(
  { target, reading }: RelationsInput,
  { of, labels, other }: Shape<Row, Label>,
  column: string,
): Iterable<Sample<keyof Names<Label | 'since'>>> {
  for (const [datname, relations] of reading.databases) {
    const { top } = of(relations);
    const index = top.columns.indexOf(column);
    const shared = { compute: target.name, datname };
    for (const { identity, counters } of top.members) {
      const names: Names<Label | 'since'> = { ...shared, ...labels(identity), since: '' };
      yield sample(names, counters[index] ?? 0n);
    }
    const since = new Date(top.other.sinceMs).toISOString();
    const names: Names<Label | 'since'> = { ...shared, ...other, since };
    yield sample(names, top.other.counters[index] ?? 0n);
  }
}

/** A present value of the members, and its sum over the others when `hasOther`; an unknown one is left out. */
export function* gaugeSamples<Row, Label extends string>(
  { target, reading }: RelationsInput,
  { of, labels, other }: Shape<Row, Label>,
  valueIn: (row: Row) => bigint | number | undefined,
  hasOther: boolean,
): Iterable<Sample<keyof Names<Label>>> {
  for (const [datname, relations] of reading.databases) {
    const { top, members, others } = of(relations);
    const shared = { compute: target.name, datname };
    for (const { key, identity } of top.members) {
      const row = members.get(key);
      const value = row === undefined ? undefined : valueIn(row);
      const names: Names<Label> = { ...shared, ...labels(identity) };
      if (value !== undefined) yield sample(names, value);
    }
    if (!hasOther) continue;
    let sum = 0n;
    for (const row of others) sum += BigInt(valueIn(row) ?? 0);
    const names: Names<Label> = { ...shared, ...other };
    yield sample(names, sum);
  }
}

/** One number per database. */
export function* databaseSamples(
  { target, reading }: RelationsInput,
  valueIn: (relations: DatabaseRelations) => number,
): Iterable<Sample<'compute' | 'datname'>> {
  for (const [datname, relations] of reading.databases) {
    yield sample({ compute: target.name, datname }, valueIn(relations));
  }
}
