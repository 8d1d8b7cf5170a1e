import type { SubjectKind } from '../../alerts/finding.ts';
import { type Gate, pass, refuse } from '../gate.ts';
import type { HealInput } from '../input.ts';

/** How many there are that could have the finding; undefined when that is not known. */
function totalOf(kind: SubjectKind, { readings, looks }: HealInput): number | undefined {
  if (kind === 'node') return readings.one('nodes')?.reading.nodes.length;
  const collector = kind === 'compute' ? 'compute_settings' : 'compute_hook';
  return looks.filter((look) => look.collector === collector).length;
}

/** G9: many findings of one kind are one fault further up, and mending them one by one hides it. */
export const correlatedGate: Gate = {
  id: 'G9',
  name: 'one cause',
  judge({ shown: { detector, alert } }, input) {
    const { correlatedFindings, correlatedPart } = input.policy.limits;
    const limit = `at most ${correlatedFindings}, or ${Math.round(correlatedPart * 100)} %`;
    const same = input.alerts.filter((one) => one.detector.id === detector.id).length;
    const total = totalOf(alert.finding.subject.kind, input);
    if (total === undefined)
      return refuse('unreadable', 'how many there are is not known', limit, 'have them read');
    const value = `${same} of ${total} have this finding`;
    const isMany = same > correlatedFindings && same > total * correlatedPart;
    if (!isMany) return pass(value, limit);
    return refuse('correlated', value, limit, 'find what they have in common, and mend that');
  },
};
