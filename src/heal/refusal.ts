/**
 * Why nothing is done about a finding. A closed set: it will be a metric label. The first ones are said by gates, those
 * from `already_right` on by the actions.
 */
export const refusalReasons = [
  'no_action',
  'mode_off',
  'target_excluded',
  'controller_started',
  'leader_changed',
  'healer_started',
  'unreadable',
  'stale',
  'unanswered',
  'not_confirmed',
  'frozen',
  'controller_unwell',
  'storm',
  'correlated',
  'behind_finding',
  'hook_unwell',
  'operator_work',
  'too_large',
  'forbidden',
  'same_plan',
  'already_right',
  'in_transition',
  'finding_outdated',
  'other_tenant',
  'alias_in_use',
  'address_unusable',
  'set_elsewhere',
  'files_changing',
  'not_witnessed',
  'no_driver',
  'nothing_promotable',
  'no_gain',
  'not_warm',
  'node_started',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** Why nothing is done, and what would change that. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** What was seen: `compute main is MIGRATING`. */
  readonly because: string;
  /** The exact thing that would release it. */
  readonly release: string;
}

export function refusal(reason: RefusalReason, because: string, release: string): Refusal {
  return { reason, because, release };
}

/** Something that is needed could not be read: unknown is never taken for well. */
export function unreadable(what: string): Refusal {
  return refusal('unreadable', what, 'make it readable; `neonwatch doctor` says what stands against it');
}
