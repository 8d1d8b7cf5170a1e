import type { ShownAlert } from '../../alerts/snapshot.ts';
import { type Gate, pass, refuse, unread, type Verdict } from '../gate.ts';
import type { HealInput } from '../input.ts';

const limit = 'no cause further up, and a hook that answers';
/** What everything else hangs on. */
const upstream: readonly string[] = ['database', 'controller'];
/** Findings of a hook through which nobody is told anything now. One that lies has its own rule, see below. */
const deafHook: readonly string[] = ['hook_away', 'notifications_failing'];

function behind({ key }: ShownAlert): Verdict {
  return refuse('behind_finding', `it hangs on ${key}`, limit, `mend ${key} first`);
}

/**
 * The finding that has to be mended first. A hook that lies is none for a push: the controller never sends again what was
 * acknowledged, and a push does not go through the hook. For a move it is one: every shard that moves needs the hook.
 */
function causeOf(shown: ShownAlert, movesShards: boolean, { alerts }: HealInput): ShownAlert | undefined {
  const others = alerts.filter(({ key }) => key !== shown.key);
  const isSerious = ({ detector, alert }: ShownAlert) =>
    upstream.includes(detector.layer) && alert.finding.severity === 'critical';
  const isHook = ({ detector }: ShownAlert) =>
    movesShards ? detector.layer === 'hook' : deafHook.includes(detector.id);
  const explaining = others.find(({ key }) => key === shown.explainedBy);
  if (explaining !== undefined && (movesShards || explaining.detector.id !== 'lying_hook')) return explaining;
  return others.find(isSerious) ?? (shown.detector.layer === 'hook' ? undefined : others.find(isHook));
}

/** G10: what this finding hangs on is well; the compute hook answers before anything that it is needed for. */
export const dependencyGate: Gate = {
  id: 'G10',
  name: 'depends on',
  judge({ action, shown }, input) {
    const cause = causeOf(shown, action.movesShards, input);
    if (cause !== undefined) return behind(cause);
    // Its cause is not among the findings that we were given.
    const isKnown =
      shown.explainedBy === undefined || input.alerts.some(({ key }) => key === shown.explainedBy);
    if (!isKnown) {
      return refuse('behind_finding', `it hangs on ${shown.explainedBy}`, limit, 'mend that first');
    }
    if (action.kind === 'restart_hook') return pass('nothing further up is found', limit);
    const hooks = input.readings.all('compute_hook');
    if (hooks.length === 0) return unread(input.looks, 'compute_hook', `${limit} (computeHook.url)`);
    const deaf = hooks.filter(({ reading }) => reading.isResponding !== true);
    if (deaf.length === 0) return pass('nothing further up is found, and the hook answers', limit);
    return refuse(
      'hook_unwell',
      `compute hook ${deaf[0]?.target.name} does not answer`,
      limit,
      'bring it back',
    );
  },
};
