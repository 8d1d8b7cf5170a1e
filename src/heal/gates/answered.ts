import type { CollectorName } from '../../collectors/registry.ts';
import { type Gate, pass, refuse, unread } from '../gate.ts';
import type { HealInput } from '../input.ts';

interface Count {
  readonly asked: number;
  readonly answered: number;
}

/** Targets of one collector, and how many of them answered; a compute that sleeps on purpose is not asked. */
function countOf(collector: CollectorName, { looks, readings }: HealInput, left: ReadonlySet<string>): Count {
  const read = new Set(readings.all(collector).map(({ target }) => target.name));
  const asked = looks.filter(
    (look) =>
      look.collector === collector &&
      !left.has(look.target.name) &&
      !(look.up === undefined && (look.skipped.get('suspended') ?? 0) > 0),
  );
  const answered = asked.filter(({ up, target }) => up === true && read.has(target.name));
  return { asked: asked.length, answered: answered.length };
}

/** G5: nearly all computes and pageservers answered. Of a pageserver that is Offline the storm gate speaks. */
export const answeredGate: Gate = {
  id: 'G5',
  name: 'answered',
  judge(_, input) {
    const { readings, looks, policy } = input;
    const limit = `${Math.round(policy.limits.answered * 100)} % of computes and of pageservers`;
    const nodes = readings.one('nodes')?.reading.nodes;
    if (nodes === undefined) return unread(looks, 'nodes', limit);
    const offline = new Set(
      nodes.filter(({ availability }) => availability === 'Offline').map(({ httpAddress }) => httpAddress),
    );
    const computes = countOf('compute_settings', input, new Set());
    const pageservers = countOf('pageserver_locations', input, offline);
    const value = `${computes.answered} of ${computes.asked} computes and ${pageservers.answered} of ${pageservers.asked} pageservers answered`;
    const isEnough = ({ asked, answered }: Count) => answered >= asked * policy.limits.answered;
    if (isEnough(computes) && isEnough(pageservers) && pageservers.asked > 0) return pass(value, limit);
    return refuse('unanswered', value, limit, 'mend what does not answer, or stop watching it');
  },
};
