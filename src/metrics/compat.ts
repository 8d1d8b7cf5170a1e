import type { Cardinality, Family, FamilyType, Sample, Unit } from './family.ts';

/**
 * A family that bears the name another exporter gave it, so that dashboards and rules for that one keep working:
 * verbatim in text 0.0.4, `unknown` in OpenMetrics where the name breaks its rules, and excused from promlint.
 * Not for anything new.
 */
export function compatFamily<Reading, const Label extends string>(declaration: {
  readonly compat: 'postgres_exporter';
  readonly name: string;
  readonly type: Extract<FamilyType, 'gauge' | 'counter' | 'unknown'>;
  readonly help: string;
  /** Only when the name ends in it; of the others the help tells the unit. */
  readonly unit?: Unit;
  readonly labels: readonly Label[];
  readonly cardinality: Cardinality;
  readonly samples: (reading: Reading) => Iterable<Sample<Label>>;
}): Family<Reading, Label> {
  return { ...declaration, stability: 'stable' };
}
