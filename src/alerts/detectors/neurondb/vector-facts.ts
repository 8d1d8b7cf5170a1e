import type { Observation } from '../../../collection/store.ts';
import type { ReadingOf } from '../../../collectors/registry.ts';
import type { TargetVerdict } from '../../detector.ts';
import type { Finding, Subject, Unknown } from '../../finding.ts';
import { sqlName } from '../compute/compute-facts.ts';
import { relationOf } from './neurondb-facts.ts';

export type VectorObservation = Observation<ReadingOf<'vector_indexes'>>;
type Databases = ReadingOf<'vector_indexes'>['databases'];
export type VectorIndex = Databases extends ReadonlyMap<string, readonly (infer Index)[]> ? Index : never;

/** Indexes of one database that are judged by name, and remembered: the largest. */
const maxIndexes = 500;

/** One vector index with where it is. */
export interface PlacedIndex {
  readonly database: string;
  readonly index: VectorIndex;
  readonly subject: Subject;
  /** Within its database: `public.items_idx`. */
  readonly key: string;
}

/** `"public"."items_idx"`, for a statement. */
export function quotedIndex({ schemaname, indexrelname }: VectorIndex): string {
  return `${sqlName(schemaname)}.${sqlName(indexrelname)}`;
}

export function quotedTable({ schemaname, relname }: Pick<VectorIndex, 'schemaname' | 'relname'>): string {
  return `${sqlName(schemaname)}.${sqlName(relname)}`;
}

/** The vector indexes of a compute, of each database the largest. */
export function indexesOf({ target, reading }: VectorObservation): readonly PlacedIndex[] {
  return [...reading.databases].flatMap(([database, indexes]) =>
    indexes.slice(0, maxIndexes).map((index) => ({
      database,
      index,
      subject: relationOf(target.name, database, index.schemaname, index.indexrelname),
      key: `${index.schemaname}.${index.indexrelname}`,
    })),
  );
}

/** A database that could not be entered is not told by name, so what is not seen of this compute is not known. */
export function unreadDatabases({ target, reading }: VectorObservation): readonly Unknown[] {
  return reading.skippedParts
    .filter(({ part }) => part === 'database')
    .map(({ reason }) => ({
      subject: { kind: 'compute', name: target.name },
      missing: [`a database of ${target.name}: ${reason}`],
    }));
}

/** Judges each index by itself. */
export function eachIndex(
  observation: VectorObservation,
  judge: (placed: PlacedIndex) => Finding | Unknown | undefined,
): TargetVerdict {
  const findings: Finding[] = [];
  const unknown: Unknown[] = [...unreadDatabases(observation)];
  for (const placed of indexesOf(observation)) {
    const judged = judge(placed);
    if (judged === undefined) continue;
    if ('missing' in judged) unknown.push(judged);
    else findings.push(judged);
  }
  return { findings, unknown };
}

const mib = 1_048_576;

/** `12.3 MiB`, `110 GiB`: for sentences; evidence has the bytes. */
export function sizeText(bytes: number | bigint): string {
  const inMib = Number(bytes) / mib;
  const [value, unit] = inMib < 1024 ? [inMib, 'MiB'] : [inMib / 1024, 'GiB'];
  return `${value < 100 ? Math.round(value * 10) / 10 : Math.round(value)} ${unit}`;
}
