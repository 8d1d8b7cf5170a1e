import type { ShownAlert } from '../../alerts/snapshot.ts';
import { isWrong } from '../../views/drift/judgement.ts';
import type { Action, Draft } from '../action.ts';
import { computeFacts, placementFacts, settable } from '../compute-facts.ts';
import type { HealInput } from '../input.ts';
import { type Refusal, refusal } from '../refusal.ts';

async function draft({ alert }: ShownAlert, input: HealInput): Promise<Draft | Refusal> {
  const compute = alert.finding.subject.name;
  const facts = computeFacts(compute, input);
  if ('reason' in facts) return facts;
  const { judgement, tenantId } = facts;
  if (isWrong(judgement.state)) {
    return refusal(
      'finding_outdated',
      `compute ${compute} is ${judgement.state}: a reload would put the wrong string into force once more`,
      'mend the drift first; a push sets stripe size and connection string in the right order',
    );
  }
  if (judgement.state !== 'STRIPE_ORDER_HAZARD') {
    return refusal(
      'already_right',
      `compute ${compute} is ${judgement.state}`,
      'nothing: the order is right',
    );
  }
  // With anything waiting in the files a reload would be more than the same load once more.
  const stop = settable(compute, facts, []);
  if (stop !== undefined) return stop;
  return {
    kind: 'reload_again',
    target: { kind: 'compute', name: compute },
    summary: `Load the files of compute ${compute} once more, so that it takes the stripe size over that they show.`,
    mutations: [{ to: 'compute', compute, statements: ['SELECT pg_reload_conf()'] }],
    cancel: undefined,
    tenantIds: [tenantId],
    movedShards: 0,
    facts: placementFacts(facts),
  };
}

/** One more load of unchanged files (contract 5, A5), where the stripe size stands after the connection string. */
export const reloadAgain: Action = {
  kind: 'reload_again',
  movesShards: false,
  needs: [
    'compute_settings',
    'tenants',
    'nodes',
    'pageserver_locations',
    'controller_health',
    'controller_metrics',
    'leader',
    'compute_hook',
  ],
  draft,
};
