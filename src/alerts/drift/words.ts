import type { DriftCause, DriftJudgement, DriftReason } from '../../views/drift/judgement.ts';

const reasonTexts: Readonly<Record<DriftReason, string>> = {
  settings_missing: 'compute_settings: not a Neon compute, or behind a pooler',
  tenant_unset: 'neon.tenant_id: not set',
  connstring_unset: 'neon.pageserver_connstring: not set',
  connstring_malformed: 'neon.pageserver_connstring: cannot be taken apart',
  controller_not_live: 'controller_health: no storage controller is ready and leader',
  several_controllers: 'controller_health: several storage controllers say that they lead',
  placement_missing: 'tenants: no fresh reading',
  placement_without_intent:
    'tenants: read from the pageservers only, so the intent of the controller is not known',
  nodes_missing: 'nodes: no fresh reading',
  tenant_not_listed:
    'tenants: the storage controller does not list the tenant (detached, or of another cluster)',
  shards_incomplete: 'tenants: the shards of the tenant are not numbered from 0 without a gap',
  node_not_listed: 'nodes: the tenant is on a pageserver that is not listed',
  locations_missing: 'pageserver_locations: not read',
  location_in_progress: 'pageserver_locations: a slot is being changed',
  stripe_size_unknown: 'stripe size: not known on both sides',
};

/** `main: pageserver_locations: not read (node 2)`. */
export function causeText(compute: string, { reason, about, flaw }: DriftCause): string {
  const details = [...about.slice(0, 8), ...(flaw === undefined ? [] : [flaw])];
  return `${compute}: ${reasonTexts[reason]}${details.length === 0 ? '' : ` (${details.join(', ')})`}`;
}

/** Why a state that is no fault and no health says nothing. */
export function stateText({ compute, tenantId, state }: DriftJudgement): string {
  const texts: Readonly<Record<string, string>> = {
    NOT_ATTACHED: 'is attached nowhere by its policy',
    SPLITTING: 'is being split',
    UNSCHEDULED: 'has a shard that is attached nowhere',
    NOTIFY_PENDING: 'has a notification that the compute hook has not taken yet',
    MIGRATING: 'is being moved, or is not yet where it is meant to be',
  };
  return `${compute}: tenant ${tenantId} ${texts[state] ?? 'cannot be judged'} (${state})`;
}

/** `shards 0, 2 and 5`; a long list is cut short. */
export function shardsText(numbers: readonly number[]): string {
  if (numbers.length === 1) return `shard ${numbers[0]}`;
  if (numbers.length > 6) return `${numbers.length} shards`;
  return `shards ${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`;
}
