import type { ShownAlert } from '../alerts/snapshot.ts';
import { judgeAll } from '../views/drift/judge-all.ts';
import type { Action, Draft, Plan } from './action.ts';
import type { ActionKind } from './action-kind.ts';
import { actionFor } from './actions.ts';
import { fingerprint } from './fingerprint.ts';
import type { Gate, Verdict } from './gate.ts';
import { gates } from './gates.ts';
import { heldStill } from './held-still.ts';
import type { HealInput } from './input.ts';
import { type Refusal, refusal } from './refusal.ts';

/** What one gate said. */
export type GateVerdict = Verdict & Pick<Gate, 'id' | 'name'>;

/** What would be done about one finding. */
export type Decision = {
  readonly shown: ShownAlert;
  /** Undefined: there is no action for such a finding. */
  readonly kind: ActionKind | undefined;
  /** Every gate, in their order, also behind the one that refuses; empty without an action. */
  readonly gates: readonly GateVerdict[];
} & (
  | { readonly verdict: 'repair'; readonly plan: Plan }
  | { readonly verdict: 'withheld'; readonly refusal: Refusal }
);

/** Everything that decisions are made from, but what is judged from it here. */
export type Asked = Omit<HealInput, 'computes'> & {
  /** Addresses that lead to the same place. */
  readonly aliases: Readonly<Record<string, string>>;
};

const noAction = refusal(
  'no_action',
  'nothing that could be sent mends it safely',
  'a person: the finding says what to do',
);

function refusalOf(verdict: GateVerdict | undefined): Refusal | undefined {
  if (verdict?.verdict !== 'refuse') return undefined;
  return refusal(
    verdict.reason,
    `${verdict.name}: ${verdict.value} (must be: ${verdict.limit})`,
    verdict.release,
  );
}

/** The switch first, then whether there is anything to send, then all else: a lasting reason before a passing one. */
function firstRefusal(verdicts: readonly GateVerdict[], drafted: Draft | Refusal): Refusal | undefined {
  const [mode, ...others] = verdicts;
  const off = refusalOf(mode);
  if (off !== undefined) return off;
  return 'reason' in drafted ? drafted : refusalOf(others.find(({ verdict }) => verdict === 'refuse'));
}

async function decideWith(action: Action, shown: ShownAlert, input: HealInput): Promise<Decision> {
  const drafted = await action.draft(shown, input);
  const draft = 'reason' in drafted ? undefined : drafted;
  const target = draft?.target ?? shown.alert.finding.subject;
  const verdicts = gates.map(({ id, name, judge }): GateVerdict => {
    return { id, name, ...judge({ action, shown, target, draft }, input) };
  });
  const base = { shown, kind: action.kind, gates: verdicts };
  const why = firstRefusal(verdicts, drafted);
  if (why !== undefined || draft === undefined) {
    return { ...base, verdict: 'withheld', refusal: why ?? noAction };
  }
  const { kind, mutations, cancel, facts } = draft;
  const plan = { ...draft, fingerprint: fingerprint({ kind, target, mutations, cancel, facts }) };
  return { ...base, verdict: 'repair', plan };
}

async function decide(shown: ShownAlert, input: HealInput): Promise<Decision> {
  const action = actionFor(shown.detector.id);
  if (action === undefined) {
    return { shown, kind: undefined, gates: [], verdict: 'withheld', refusal: noAction };
  }
  return decideWith(action, shown, input);
}

/** Of two findings that lead to the same plan the second has none. */
function once(decision: Decision, planned: Map<string, string>): Decision {
  if (decision.verdict !== 'repair') return decision;
  const { shown, kind, gates: verdicts, plan } = decision;
  const other = planned.get(plan.fingerprint);
  if (other === undefined) {
    planned.set(plan.fingerprint, shown.key);
    return decision;
  }
  const why = refusal('same_plan', `${other} has the same plan`, 'nothing: it is mended by that');
  return { shown, kind, gates: verdicts, verdict: 'withheld', refusal: why };
}

/**
 * One decision for each finding, in their order. A function of its arguments: equal findings, readings and policy give
 * equal decisions, and nothing is sent. What cannot be read withholds (I-CLOSED).
 */
export async function planHealing({ aliases, ...asked }: Asked): Promise<readonly Decision[]> {
  const readings = heldStill(asked.readings);
  const computes = await judgeAll(readings, aliases, asked.breathe);
  const input: HealInput = { ...asked, readings, computes };
  const planned = new Map<string, string>();
  const decisions: Decision[] = [];
  for (const shown of asked.alerts) decisions.push(once(await decide(shown, input), planned));
  return decisions;
}
