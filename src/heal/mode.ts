import type { ActionKind } from './action-kind.ts';
import type { Mode, Policy } from './input.ts';

/** The mode of one kind of action: its own, and never more than that of all. */
export function modeOf(policy: Policy, kind: ActionKind): Mode {
  return policy.mode === 'off' ? 'off' : (policy.actions[kind].mode ?? policy.mode);
}

/** Whether the configuration lets this kind of action touch a target of that name. */
export function isTargetAllowed(policy: Policy, kind: ActionKind, name: string): boolean {
  const { only, except } = policy.actions[kind];
  return !except.includes(name) && (only.length === 0 || only.includes(name));
}
