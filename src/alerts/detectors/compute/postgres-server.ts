import type { Observation } from '../../../collection/store.ts';
import type { ReadingOf } from '../../../collectors/registry.ts';
import { type DetectInput, type Json, perTarget, type TargetVerdict } from '../../detector.ts';
import type { Finding, Subject, Unknown } from '../../finding.ts';
import { serverSubject } from './compute-facts.ts';

export type PostgresObservation = Observation<ReadingOf<'postgres'>>;
export type StatRow = NonNullable<ReturnType<PostgresObservation['reading']['rows']['get']>>[number];

/**
 * Judges every Postgres server that the collector `postgres` reads: computes and the controller's database. One without
 * a fresh reading is unknown by itself.
 */
export function perServer(
  input: Pick<DetectInput<Json>, 'readings' | 'looks'>,
  judge: (server: PostgresObservation, subject: Subject) => TargetVerdict,
): { findings: Finding[]; unknown: Unknown[] } {
  const targets = new Map(
    input.looks
      .filter(({ collector }) => collector === 'postgres')
      .map(({ target }) => [target.name, target]),
  );
  return perTarget(
    input,
    'postgres',
    (name) => serverSubject(targets.get(name) ?? { kind: 'compute', name }),
    (server) => judge(server, serverSubject(server.target)),
  );
}

/** Rows of one part of a reading; a sentence about why they are missing when they are. */
export function partRows(
  { reading, target }: PostgresObservation,
  part: string,
): readonly StatRow[] | string {
  const rows = reading.rows.get(part);
  if (rows !== undefined) return rows;
  const reason = reading.skippedParts.find((skipped) => skipped.part === part)?.reason ?? 'not read';
  return `postgres of ${target.name}: ${part}: ${reason}`;
}

/** A figure of a row; undefined where the server has none. */
export function figure({ values }: StatRow, column: string): number | undefined {
  const value = values[column];
  return value === undefined || value === null ? undefined : Number(value);
}
