import type { ShownAlert } from '../../alerts/snapshot.ts';
import { type DriftJudgement, isWrong } from '../../views/drift/judgement.ts';
import type { Action, Draft } from '../action.ts';
import { computeFacts, placementFacts, pushedSettings, settable } from '../compute-facts.ts';
import type { HealInput } from '../input.ts';
import { placementText, usesAliases } from '../placement-text.ts';
import { type Refusal, refusal, unreadable } from '../refusal.ts';

/** Whether what the finding says is what the readings say now, and is ours to mend. */
function needless({ alert }: ShownAlert, judgement: DriftJudgement): Refusal | undefined {
  const { compute, state, otherTenantId } = judgement;
  if (!isWrong(state)) {
    return refusal(
      'already_right',
      `compute ${compute} is ${state}`,
      'nothing: it asks the right pageservers',
    );
  }
  if (state === 'WRONG_TENANT') {
    return refusal(
      'other_tenant',
      `compute ${compute} has the connection string of tenant ${otherTenantId ?? 'another'}`,
      'find out who serves what; that is never decided by a program',
    );
  }
  const { className } = alert.finding;
  if (className === state) return undefined;
  return refusal(
    'finding_outdated',
    `the finding says ${className ?? 'nothing'} and the readings say ${state}`,
    'wait for the next evaluation',
  );
}

/** Addresses of which it is not certain what they mean to the compute. */
function aliased(judgement: DriftJudgement, input: HealInput): Refusal | undefined {
  const { compute, usesOnlyUnknownAddresses } = judgement;
  const nodes = input.readings.one('nodes')?.reading.nodes ?? [];
  const usesKnown = [...input.computes.values()].some(({ rows }) =>
    rows.some(({ liveNodeIds }) => liveNodeIds.length > 0),
  );
  if (usesOnlyUnknownAddresses && !usesKnown) {
    return refusal(
      'alias_in_use',
      `no pageserver announces any address that compute ${compute} uses`,
      'name the aliases under findings.thresholds.drift.aliases',
    );
  }
  if (!usesAliases(judgement, nodes)) return undefined;
  return refusal(
    'alias_in_use',
    `compute ${compute} reaches pageservers by other names than they announce`,
    'push by hand: the announced names may lead nowhere from there',
  );
}

async function draft(shown: ShownAlert, input: HealInput): Promise<Draft | Refusal> {
  const compute = shown.alert.finding.subject.name;
  const facts = computeFacts(compute, input);
  if ('reason' in facts) return facts;
  const { judgement, tenantId } = facts;
  const stop =
    needless(shown, judgement) ?? settable(compute, facts, pushedSettings) ?? aliased(judgement, input);
  if (stop !== undefined) return stop;
  const text = placementText(judgement, input.readings.one('nodes')?.reading.nodes ?? []);
  if (typeof text !== 'string') return text;
  const { stripe, shardCount = 1 } = judgement;
  const blocks = stripe.intendedBlocks;
  const isSharded = shardCount > 1;
  if (isSharded && (blocks === undefined || !Number.isSafeInteger(blocks) || blocks < 1)) {
    return unreadable(`the stripe size of tenant ${tenantId} is not known`);
  }
  return {
    kind: 'push_connstring',
    target: { kind: 'compute', name: compute },
    summary: `Set the connection string${isSharded ? ' and stripe size' : ''} of compute ${compute} to where tenant ${tenantId} is.`,
    mutations: [
      {
        to: 'compute',
        compute,
        // The compute takes the stripe size over at the moment in which the connection string is assigned.
        statements: [
          ...(isSharded ? [`ALTER SYSTEM SET neon.stripe_size = '${blocks}'`] : []),
          `ALTER SYSTEM SET neon.pageserver_connstring = '${text}'`,
          'SELECT pg_reload_conf()',
        ],
      },
    ],
    cancel: undefined,
    tenantIds: [tenantId],
    movedShards: 0,
    facts: placementFacts(facts),
  };
}

/**
 * Sets one compute right (contract 5, A1): the controller re-sends nothing that was acknowledged, so that a compute that
 * drifted by itself stays wrong for ever. It changes a setting, and moves nothing.
 */
export const pushConnstring: Action = {
  kind: 'push_connstring',
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
