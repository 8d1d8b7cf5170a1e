import type { Breathe } from '../breathe.ts';
import type { HostFacts } from '../collection/host-families.ts';
import type { Readings } from '../collection/store.ts';
import type { CollectorName } from '../collectors/registry.ts';
import { type Detector, type Json, type Look, whyMissing } from './detector.ts';
import type { Finding, Unknown } from './finding.ts';
import type { Thresholds } from './thresholds.ts';

/** What one detector made of one look at everything. */
export interface Evaluation {
  readonly detector: Detector;
  readonly findings: readonly Finding[];
  readonly unknown: readonly Unknown[];
  /** Kept as it was when nothing could be judged. */
  readonly memory: Json | undefined;
  /** Versions of the readings it rests on: another text is another sample. */
  readonly sample: string;
}

export interface EvaluateInput {
  readonly readings: Readings;
  readonly looks: readonly Look[];
  readonly thresholds: Thresholds;
  readonly hosts?: readonly HostFacts[];
  readonly nowMs: number;
  /** By detector id. */
  readonly memories: ReadonlyMap<string, Json>;
  readonly breathe: Breathe;
}

/** Runs one detector; a mistake in it makes its own subjects unknown and costs the others nothing. */
async function evaluateOne(detector: Detector, input: EvaluateInput): Promise<Evaluation> {
  const { readings, looks } = input;
  const memory = input.memories.get(detector.id);
  const versions = detector.needs.map((name) => readings.all(name).map(({ version }) => version));
  const shared = { detector, sample: JSON.stringify(versions) };
  const missing = detector.needs.filter((name) => readings.all(name).length === 0);
  if (missing.length > 0) {
    const unknown = [{ missing: missing.map((name) => whyMissing(looks, name)) }];
    return { ...shared, findings: [], unknown, memory };
  }
  try {
    const verdict = await detector.detect({ ...input, memory });
    return { ...shared, findings: verdict.findings, unknown: verdict.unknown, memory: verdict.memory };
  } catch (thrown) {
    const name = thrown instanceof Error ? thrown.name : 'a value';
    const unknown = [{ missing: [`the detector ${detector.id} itself failed (${name} thrown)`] }];
    return { ...shared, findings: [], unknown, memory };
  }
}

/**
 * The readings as they are now. What comes in while others are let run is for the next evaluation: no detector may hold
 * it against what was read before.
 */
function taken(readings: Readings, names: Iterable<CollectorName>): Readings {
  const kept = new Map<CollectorName, ReturnType<Readings['all']>>();
  const locations = readings.locations();
  const all = ((name: CollectorName) => {
    const known = kept.get(name) ?? readings.all(name);
    kept.set(name, known);
    return known;
  }) as Readings['all'];
  for (const name of names) all(name);
  return { all, one: (name) => all(name)[0], locations: () => locations };
}

/** Runs every detector over the same readings, in the order of the list. Pure but for the breathing. */
export async function evaluate(
  detectors: readonly Detector[],
  input: EvaluateInput,
): Promise<readonly Evaluation[]> {
  const evaluations: Evaluation[] = [];
  const watched = input.looks.map(({ collector }) => collector as CollectorName);
  const names = new Set([...detectors.flatMap(({ needs }) => needs), ...watched]);
  const frozen = { ...input, readings: taken(input.readings, names) };
  for (const detector of detectors) {
    evaluations.push(await evaluateOne(detector, frozen));
    await input.breathe();
  }
  return evaluations;
}
