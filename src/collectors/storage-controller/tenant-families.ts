import { family } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import type { PlacementSource, ShardPlacement, TenantPlacement } from '../../neon/placement.ts';
import type { TargetReading } from '../collector.ts';
import type { TenantsReading } from './tenant-reading.ts';
import type { TenantTotals } from './tenant-totals.ts';

type Input = TargetReading<TenantsReading>;

const sources: readonly PlacementSource[] = ['list', 'describe', 'locations'];

/** A sum as one sample; absent when placement came from the pageservers, which do not know it. Unknown is not zero. */
function intended(pick: (totals: TenantTotals) => number) {
  return ({ reading }: Input) => (reading.source === 'locations' ? [] : [sample({}, pick(reading.totals))]);
}

const placementSource = family({
  name: 'neon_placement_source',
  type: 'gauge',
  help: 'Where placement was learned: 1 for list (the tenant list), describe (tenant by tenant, for want of an admin token) or locations (the pageservers alone, without intent).',
  labels: ['source'],
  cardinality: 'cluster',
  samples: ({ reading }: Input) =>
    sources.map((source) => sample({ source }, flag(source === reading.source))),
});

const tenantCount = family({
  name: 'neon_tenants',
  type: 'gauge',
  help: 'Tenants by placement policy. A detached tenant is not listed by the storage controller and is not counted.',
  labels: ['policy'],
  cardinality: 'cluster',
  *samples({ reading }: Input) {
    for (const [policy, count] of reading.totals.tenantsByPolicy) yield sample({ policy }, count);
  },
});

const shardedTenants = family({
  name: 'neon_sharded_tenants',
  type: 'gauge',
  help: 'Tenants with more than one shard.',
  labels: [],
  cardinality: 'cluster',
  samples: ({ reading }: Input) => [sample({}, reading.totals.shardedTenants)],
});

const shardCount = family({
  name: 'neon_shards',
  type: 'gauge',
  help: 'Tenant shards; an unsharded tenant counts as one.',
  labels: [],
  cardinality: 'cluster',
  samples: ({ reading }: Input) => [sample({}, reading.totals.shards)],
});

const shardsInState = family({
  name: 'neon_shards_in_state',
  type: 'gauge',
  help: 'Tenant shards in a state; one shard can be in several. with_last_error is sticky: the controller never clears it.',
  labels: ['state'],
  cardinality: 'cluster',
  *samples({ reading }: Input) {
    if (reading.source === 'locations') return;
    for (const [state, count] of reading.totals.shardsByState) yield sample({ state }, count);
  },
});

const shardsByPolicy = family({
  name: 'neon_shards_by_scheduling_policy',
  type: 'gauge',
  help: 'Tenant shards by scheduling policy; Pause and Stop are pins set by people.',
  labels: ['scheduling_policy'],
  cardinality: 'cluster',
  *samples({ reading }: Input) {
    if (reading.source === 'locations') return;
    for (const [policy, count] of reading.totals.shardsBySchedulingPolicy) {
      yield sample({ scheduling_policy: policy }, count);
    }
  },
});

const secondariesWanted = family({
  name: 'neon_secondaries_wanted',
  type: 'gauge',
  help: 'Secondary locations that the placement policies ask for.',
  labels: [],
  cardinality: 'cluster',
  samples: intended((totals) => totals.secondariesWanted),
});

const secondariesPresent = family({
  name: 'neon_secondaries_present',
  type: 'gauge',
  help: 'Secondary locations that the storage controller has scheduled.',
  labels: [],
  cardinality: 'cluster',
  samples: ({ reading }: Input) => [sample({}, reading.totals.secondariesPresent)],
});

const missingSecondaries = family({
  name: 'neon_shards_missing_secondaries',
  type: 'gauge',
  help: 'Tenant shards with fewer secondaries than their placement policy asks for, as after a cold start.',
  labels: [],
  cardinality: 'cluster',
  samples: intended((totals) => totals.shardsMissingSecondaries),
});

const withoutPreferredAz = family({
  name: 'neon_shards_without_preferred_az',
  type: 'gauge',
  help: 'Tenant shards without a preferred availability zone.',
  labels: [],
  cardinality: 'cluster',
  samples: intended((totals) => totals.shardsWithoutPreferredAz),
});

/** The labels by which the pageservers' own per-shard metrics can be joined. */
function shardLabels({ id }: ShardPlacement) {
  return { tenant_id: id.tenantId, shard_id: id.slug };
}

function* shardsOf(tenants: readonly TenantPlacement[]): Iterable<ShardPlacement> {
  for (const tenant of tenants) yield* tenant.shards;
}

const tenantShards = family({
  name: 'neon_tenant_shards',
  type: 'gauge',
  help: 'Shards of one tenant.',
  labels: ['tenant_id'],
  cardinality: 'tenant',
  *samples({ reading }: Input) {
    for (const { tenantId, shards } of reading.tenants) yield sample({ tenant_id: tenantId }, shards.length);
  },
});

const shardAttached = family({
  name: 'neon_shard_attached_node_info',
  type: 'info',
  help: 'The pageserver to which the storage controller means a shard to be attached.',
  labels: ['tenant_id', 'shard_id', 'node_id'],
  cardinality: 'shard',
  *samples({ reading }: Input) {
    for (const shard of shardsOf(reading.tenants)) {
      if (shard.nodeAttached === undefined) continue;
      yield sample({ ...shardLabels(shard), node_id: String(shard.nodeAttached) }, 1);
    }
  },
});

const shardSecondaries = family({
  name: 'neon_shard_secondaries',
  type: 'gauge',
  help: 'Secondaries of one shard.',
  labels: ['tenant_id', 'shard_id'],
  cardinality: 'shard',
  *samples({ reading }: Input) {
    for (const shard of shardsOf(reading.tenants))
      yield sample(shardLabels(shard), shard.nodeSecondary.length);
  },
});

const shardReconciling = family({
  name: 'neon_shard_reconciling',
  type: 'gauge',
  help: 'Whether a reconcile of one shard is under way.',
  labels: ['tenant_id', 'shard_id'],
  cardinality: 'shard',
  *samples({ reading }: Input) {
    for (const shard of shardsOf(reading.tenants)) {
      if (shard.flags !== undefined) yield sample(shardLabels(shard), flag(shard.flags.isReconciling));
    }
  },
});

const shardPending = family({
  name: 'neon_shard_pending_compute_notification',
  type: 'gauge',
  help: 'Whether the compute hook has not yet taken the notification of a move of one shard.',
  labels: ['tenant_id', 'shard_id'],
  cardinality: 'shard',
  *samples({ reading }: Input) {
    for (const shard of shardsOf(reading.tenants)) {
      if (shard.flags === undefined) continue;
      yield sample(shardLabels(shard), flag(shard.flags.isPendingComputeNotification));
    }
  },
});

export const tenantFamilies = [
  placementSource,
  tenantCount,
  shardedTenants,
  shardCount,
  shardsInState,
  shardsByPolicy,
  secondariesWanted,
  secondariesPresent,
  missingSecondaries,
  withoutPreferredAz,
  tenantShards,
  shardAttached,
  shardSecondaries,
  shardReconciling,
  shardPending,
];
