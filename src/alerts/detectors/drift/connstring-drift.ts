import {
  type DriftJudgement,
  isWrong,
  type WrongState,
  wrongStates,
} from '../../../views/drift/judgement.ts';
import { type Detector, perTarget } from '../../detector.ts';
import { computeSubject, driftEvidence, driftRelated, type Sight, wrongRows } from '../../drift/evidence.ts';
import { type Gated, type GateMemory, gatedJudgements } from '../../drift/gate.ts';
import { driftAvoids, pushSteps } from '../../drift/remedy.ts';
import { shardsText } from '../../drift/words.ts';
import type { Finding, Severity } from '../../finding.ts';

/** What is wrong, as the end of "Compute main …". */
function faultText(judgement: DriftJudgement, state: WrongState): string {
  const { tenantId, rows, shardCount = 0, stripe, otherTenantId } = judgement;
  const entries = rows.filter(({ live }) => live !== undefined).length;
  const wrong = wrongRows(judgement).map(({ shardNumber }) => shardNumber);
  const texts: Record<WrongState, () => string> = {
    WRONG_TENANT: () => `serves tenant ${tenantId} with the connection string of tenant ${otherTenantId}`,
    WRONG_COUNT: () =>
      `has ${entries} ${entries === 1 ? 'entry' : 'entries'} in its connection string, and tenant ${tenantId} has ${shardCount} shards`,
    WRONG_STRIPE: () =>
      `cuts tenant ${tenantId} into stripes of ${stripe.liveBlocks} blocks instead of ${stripe.intendedBlocks}`,
    WRONG_ORDER: () => `names the right pageservers of tenant ${tenantId} in the wrong order`,
    WRONG_NODE: () => `asks the wrong pageserver for ${shardsText(wrong)} of tenant ${tenantId}`,
  };
  return texts[state]();
}

function meaningText({ serving, isMasked }: DriftJudgement, isAliasSuspect: boolean): string {
  if (isAliasSuspect)
    return 'no pageserver announces any of its addresses, so they may be aliases that are not mapped';
  if (isMasked)
    return 'it works only as long as all shards are on one pageserver, and breaks at the next move';
  if (serving === 'yes')
    return 'the pageservers it asks still hold the shards, and it breaks when they let go';
  return serving === 'no' ? 'its requests fail' : 'its requests may fail';
}

function severityOf({ serving }: DriftJudgement, isAliasSuspect: boolean): Severity {
  return isAliasSuspect || serving === 'yes' ? 'warning' : 'critical';
}

function drifted(sight: Sight, gated: Gated, state: WrongState): Finding {
  const { judgement, isAliasSuspect } = gated;
  const { readings } = sight;
  const { compute, serving, isMasked } = judgement;
  const aliasStep = {
    text: 'If these addresses lead to the pageservers all the same, say so under `findings.thresholds.drift.aliases`.',
  };
  const suspicion = {
    what: 'entries whose address a pageserver announces',
    value: 0,
    unit: 'shards',
    source: 'GET /control/v1/node',
  };
  return {
    subject: computeSubject(compute),
    severity: severityOf(judgement, isAliasSuspect),
    className: state,
    facts: { serving, masked: isMasked ? 'yes' : 'no' },
    summary: `Compute ${compute} ${faultText(judgement, state)}: ${meaningText(judgement, isAliasSuspect)}.`,
    evidence: [...driftEvidence(readings, gated), ...(isAliasSuspect ? [suspicion] : [])],
    remedy: [...(isAliasSuspect ? [aliasStep] : []), ...pushSteps(readings, judgement)],
    avoid: driftAvoids,
    related: driftRelated(sight, judgement),
  };
}

/** It cannot be taken apart, which is a fact about the compute and no missing witness: nothing of it can be right. */
function malformed(sight: Sight, gated: Gated, flaw: string): Finding {
  const { judgement } = gated;
  const { compute } = judgement;
  return {
    subject: computeSubject(compute),
    severity: 'critical',
    className: 'MALFORMED',
    facts: { serving: 'unknown', masked: 'no' },
    summary: `Compute ${compute} has a connection string that cannot be taken apart (${flaw.replaceAll('_', ' ')}): it finds no pageserver by it.`,
    evidence: [
      { what: 'what is wrong with neon.pageserver_connstring', value: flaw, source: 'pg_settings' },
      ...driftEvidence(sight.readings, gated),
    ],
    remedy: pushSteps(sight.readings, judgement),
    avoid: driftAvoids,
    related: driftRelated(sight, judgement),
  };
}

/**
 * A compute that asks the wrong pageservers, in every class of the drift algorithm. The controller never mends it: it
 * re-sends nothing that was acknowledged.
 */
export const connstringDrift: Detector<GateMemory> = {
  id: 'connstring_drift',
  alert: 'NeonConnstringDrift',
  layer: 'compute',
  severity: 'critical',
  summary:
    'The connection string or stripe size of a compute is not what its tenant needs, and nothing is moving.',
  classes: [...wrongStates, 'MALFORMED'],
  needs: ['compute_settings', 'tenants', 'nodes', 'pageserver_locations'],
  hold: { forMs: 60_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: ['lying_hook', 'hook_away'],
  async detect(input) {
    const { gated, memory } = await gatedJudgements(input, input.memory);
    const verdict = perTarget(input, 'compute_settings', computeSubject, ({ target }) => {
      const one = gated.get(target.name);
      if (one === undefined) return {};
      const { judgement, wait } = one;
      const { flaw } = judgement.causes.find(({ reason }) => reason === 'connstring_malformed') ?? {};
      if (flaw !== undefined) return { findings: [malformed(input, one, flaw)] };
      if (wait !== undefined) return { unknown: [{ subject: computeSubject(target.name), missing: [wait] }] };
      return isWrong(judgement.state) ? { findings: [drifted(input, one, judgement.state)] } : {};
    });
    return { ...verdict, memory };
  },
};
