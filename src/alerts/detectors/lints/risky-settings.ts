import type { Observation } from '../../../collection/store.ts';
import type { ReadingOf } from '../../../collectors/registry.ts';
import { type DetectInput, type Json, perTarget, type Verdict } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import { computeSubject } from '../compute/compute-facts.ts';

export type Health = Observation<ReadingOf<'compute_health'>>;

/** Judges one of the settings that `compute_health` calls risky, compute by compute. */
export function judgeRisk(
  input: Pick<DetectInput<Json>, 'readings' | 'looks'>,
  setting: 'log_statement' | 'archive_command',
  finding: (health: Health) => Finding,
): Verdict {
  return perTarget(input, 'compute_health', computeSubject, (health) => {
    const { name } = health.target;
    const isRisky = health.reading.risks?.get(setting);
    if (isRisky === undefined) {
      return {
        unknown: [{ subject: computeSubject(name), missing: [`compute_health of ${name}: ${setting}`] }],
      };
    }
    return isRisky ? { findings: [finding(health)] } : {};
  });
}
