import type { Placement } from '../world/wire.ts';
import {
  anything,
  type Decoder,
  flag,
  mapOf,
  nullable,
  sequence,
  struct,
  text,
  unsigned,
  variant,
} from './decode.ts';

const u64 = unsigned('u64', Number.MAX_SAFE_INTEGER);
const u32 = unsigned('u32', 2 ** 32 - 1);
const u8 = unsigned('u8', 255);

const nodeScheduling = variant('Active', 'Filling', 'Pause', 'PauseForRestart', 'Draining', 'Deleting');
const shardScheduling = variant('Active', 'Essential', 'Pause', 'Stop');
const safekeeperScheduling = variant('Active', 'Activating', 'Pause', 'Decomissioned');

const unitPlacement = variant('Secondary', 'Detached');
const attachedPlacement = struct({ name: 'PlacementPolicy' }, { Attached: u64 }, {});

const placement: Decoder<Placement> = (located, path) =>
  located.kind === 'string' ? unitPlacement(located, path) : attachedPlacement(located, path);

/** `NodeConfigureRequest`. */
export const nodeConfigure = struct(
  { name: 'NodeConfigureRequest' },
  { node_id: u64 },
  { availability: variant('Active', 'Offline'), scheduling: nodeScheduling },
);

/** `TenantShardMigrateRequest`; the time limits are taken and not used: warming follows the world's own. */
export const migrate = struct(
  { name: 'TenantShardMigrateRequest' },
  { node_id: u64 },
  {
    origin_node_id: u64,
    migration_config: struct(
      { name: 'MigrationConfig' },
      {},
      {
        override_scheduler: flag,
        prewarm: flag,
        secondary_warmup_timeout: text,
        secondary_download_request_timeout: text,
      },
    ),
  },
);

/** `TenantPolicyRequest`. */
export const tenantPolicy = struct(
  { name: 'TenantPolicyRequest' },
  {},
  { placement, scheduling: shardScheduling },
);

/** `TenantShardSplitRequest`. */
export const shardSplit = struct(
  { name: 'TenantShardSplitRequest' },
  { new_shard_count: u8 },
  { new_stripe_size: u32 },
);

/** `ShardsPreferredAzsRequest`. */
export const preferredAzs = mapOf(nullable(text));

export const safekeeperPolicy = struct(
  { name: 'SafekeeperSchedulingPolicyRequest' },
  { scheduling_policy: safekeeperScheduling },
  {},
);

export const safekeeperMigrate = struct(
  { name: 'TimelineSafekeeperMigrateRequest' },
  { new_sk_set: sequence(u64) },
  {},
);

/** `MetadataHealthUpdateRequest`. */
export const updateHealth = struct(
  { name: 'MetadataHealthUpdateRequest' },
  { healthy_tenant_shards: sequence(text), unhealthy_tenant_shards: sequence(text) },
  {},
);

/** `NodeRegisterRequest`. */
export const nodeRegister = struct(
  { name: 'NodeRegisterRequest' },
  {
    node_id: u64,
    listen_pg_addr: text,
    listen_pg_port: unsigned('u16', 65_535),
    listen_http_addr: text,
    listen_http_port: unsigned('u16', 65_535),
    availability_zone_id: text,
  },
  {},
);

/** `SafekeeperUpsert`. */
export const safekeeperUpsert = struct(
  { name: 'SafekeeperUpsert' },
  {
    id: u64,
    region_id: text,
    version: u64,
    host: text,
    port: unsigned('u16', 65_535),
    http_port: unsigned('u16', 65_535),
    availability_zone_id: text,
  },
  {},
);

export const outdatedHealth = struct(
  { name: 'MetadataHealthListOutdatedRequest' },
  { not_scrubbed_for: text },
  {},
);

/** Settings of a tenant that may stand beside the request's own members: keys of a recorded `effective_config`. */
const tenantConfigKeys = new Set(
  `checkpoint_distance checkpoint_timeout compaction_algorithm compaction_l0_first compaction_l0_semaphore
   compaction_period compaction_shard_ancestor compaction_target_size compaction_threshold compaction_upper_limit
   eviction_policy evictions_low_residence_duration_metric_threshold gc_compaction_enabled
   gc_compaction_initial_threshold_kb gc_compaction_ratio_percent gc_compaction_verification gc_horizon gc_period
   heatmap_period image_creation_preempt_threshold image_creation_threshold image_layer_creation_check_threshold
   image_layer_force_creation_period l0_flush_delay_threshold l0_flush_stall_threshold lagging_wal_timeout
   lazy_slru_download lsn_lease_length lsn_lease_length_for_ts max_lsn_wal_lag min_resident_size_override
   pitr_interval rel_size_v2_enabled relsize_snapshot_cache_capacity sampling_ratio timeline_get_throttle
   timeline_offloading walreceiver_connect_timeout`.split(/\s+/),
);

/** `TenantCreateRequest`, the tenant's configuration flattened into it. */
export const tenantCreate = struct(
  { name: 'TenantCreateRequest', onlyAlso: tenantConfigKeys },
  { new_tenant_id: text },
  {
    placement_policy: placement,
    shard_parameters: struct({ name: 'ShardParameters' }, {}, { count: u8, stripe_size: u32 }),
    generation: anything,
  },
);
