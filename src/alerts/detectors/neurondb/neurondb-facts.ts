import type { Observation } from '../../../collection/store.ts';
import type { NeurondbPart } from '../../../collectors/compute/neurondb-reading.ts';
import type { CollectorName, ReadingOf } from '../../../collectors/registry.ts';
import type { Target } from '../../../collectors/target.ts';
import { type DetectInput, type Json, perTarget, type TargetVerdict, type Verdict } from '../../detector.ts';
import type { Evidence, Finding, Step, Subject, Unknown } from '../../finding.ts';
import { hostArguments, shellQuoted } from '../compute/compute-facts.ts';

export type NeurondbObservation = Observation<ReadingOf<'neurondb'>>;
export type DatabaseFacts = ReadingOf<'neurondb'>['databases'][number];

/** What makes readings of a compute go missing, so that its findings stay as they are. */
export const causes: readonly string[] = ['compute_away'];

export function computeOf(name: string): Subject {
  return { kind: 'compute', name };
}

export function databaseOf(compute: string, database: string): Subject {
  return { kind: 'database', name: `${compute}/${database}` };
}

export function relationOf(compute: string, database: string, schema: string, relation: string): Subject {
  return { kind: 'relation', name: `${compute}/${database}/${schema}.${relation}` };
}

/** `app on compute main`, for sentences. */
export function databaseText(compute: string, database: string): string {
  return `database ${database} on compute ${compute}`;
}

/**
 * A complete command that runs one statement in one database. Role and password are the operator's own (`PGUSER`,
 * `PGPASSWORD`); where only a file knows the address it is two variables.
 */
export function psql(target: Pick<Target, 'url'>, database: string, sql: string): string {
  const known = hostArguments(target);
  const where = known === '' ? '-h "$compute_host" -p "$compute_port"' : known;
  return `psql ${where} -d ${shellQuoted(database)} -c ${shellQuoted(sql)}`;
}

export function step(text: string, command?: string): Step {
  return command === undefined ? { text } : { text, command };
}

/** Evidence of one reading: the same source and instant for all. */
export function evidenceOf(
  source: string,
  atMs: number,
  facts: readonly (readonly [what: string, value: string | number, unit?: string])[],
): readonly Evidence[] {
  return facts.map(([what, value, unit]) => ({
    what,
    value,
    ...(unit === undefined ? {} : { unit }),
    source,
    atMs,
  }));
}

/** `job_queue of main/app: no_privilege`; without a database, of the whole server. */
export function missingPart({ target, reading }: NeurondbObservation, part: NeurondbPart, database?: string) {
  const skip = reading.skips.find(
    (one) => one.part === part && (database === undefined || one.database === database),
  );
  const where = database === undefined ? target.name : `${target.name}/${database}`;
  return `${part} of ${where}: ${skip?.reason ?? 'not read'}`;
}

/** Whether the server has NeuronDB at all, in a database or as a library. */
export function hasNeurondb({ server, databases }: ReadingOf<'neurondb'>): boolean {
  return server.isPreloaded === true || databases.some(({ extension }) => extension !== undefined);
}

/** Judges each database that has the extension; one that could not be entered is unknown. */
export function eachDatabase(
  { target, reading }: NeurondbObservation,
  judge: (facts: DatabaseFacts, subject: Subject) => TargetVerdict,
): TargetVerdict {
  const findings: Finding[] = [];
  const unknown: Unknown[] = reading.skips
    .filter(({ part }) => part === 'database')
    .map(({ database, reason }) => ({
      subject: databaseOf(target.name, database),
      missing: [`database of ${target.name}/${database}: ${reason}`],
    }));
  for (const facts of reading.databases) {
    if (facts.extension === undefined) continue;
    const verdict = judge(facts, databaseOf(target.name, facts.database));
    findings.push(...(verdict.findings ?? []));
    unknown.push(...(verdict.unknown ?? []));
  }
  return { findings, unknown };
}

/** What is remembered of each compute. Another version of a detector's memory is none: it begins anew. */
export type ComputeMemory<Kept extends Json> = {
  readonly version: number;
  readonly computes: { readonly [compute: string]: Kept };
};

export interface Remembered<Kept extends Json> extends TargetVerdict {
  readonly kept?: Kept;
}

/** Room for the computes that are not in the readings: they come back. */
function isWatched({ looks }: Pick<DetectInput<Json>, 'looks'>, collector: CollectorName, name: string) {
  return looks.some((look) => look.collector === collector && look.target.name === name);
}

/**
 * Judges every compute by a collector's reading and by what was remembered of it. The memory of one that cannot be read
 * stays as it is; that of one that is watched no more is dropped.
 */
export async function perCompute<Name extends CollectorName, Kept extends Json>(
  input: DetectInput<ComputeMemory<Kept>>,
  collector: Name,
  version: number,
  judge: (observation: Observation<ReadingOf<Name>>, kept: Kept | undefined) => Remembered<Kept>,
): Promise<Verdict> {
  const former = input.memory?.version === version ? input.memory.computes : {};
  const computes: Record<string, Kept> = {};
  for (const [name, kept] of Object.entries(former)) {
    if (isWatched(input, collector, name)) computes[name] = kept;
  }
  const verdict = perTarget(input, collector, computeOf, (observation) => {
    const { name } = observation.target;
    const { kept, ...judged } = judge(observation, Object.hasOwn(former, name) ? former[name] : undefined);
    if (kept === undefined) delete computes[name];
    else computes[name] = kept;
    return judged;
  });
  await input.breathe();
  return { ...verdict, memory: { version, computes } };
}
