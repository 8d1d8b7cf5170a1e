/**
 * Bodies of a Neon's services, named and ordered as on the wire, so that a server only has to write them down.
 * neonwatch's own schemas are not used on purpose: a shared schema would hide a shared mistake.
 */

export type NodeAvailability = 'Active' | 'WarmingUp' | 'Offline';
export type NodeScheduling = 'Active' | 'Filling' | 'Pause' | 'PauseForRestart' | 'Draining' | 'Deleting';
export type ShardScheduling = 'Active' | 'Essential' | 'Pause' | 'Stop';
export type Placement = { readonly Attached: number } | 'Secondary' | 'Detached';
export type LocationMode = 'AttachedSingle' | 'AttachedMulti' | 'AttachedStale' | 'Secondary' | 'Detached';
export type SafekeeperScheduling = 'Active' | 'Activating' | 'Pause' | 'Decomissioned';
export type Leadership = 'leader' | 'stepped_down' | 'candidate';

/** An error body of every service. */
export interface ErrorBody {
  readonly msg: string;
}

/** What a request is answered with. `status` 0 stands for a connection that was closed without an answer. */
export type Answer<Body> =
  | { readonly ok: true; readonly status: number; readonly body: Body }
  | { readonly ok: false; readonly status: number; readonly body: ErrorBody };

/** The answer to a mutation: there at once, or when the world has moved on (408 after 30 s at the latest). */
export interface Reply<Body> {
  /** Undefined while the controller is still at it. */
  readonly answer: Answer<Body> | undefined;
  /** Calls `run` with the answer: now when it is there, else from within `advance`. */
  whenAnswered(run: (answer: Answer<Body>) => void): void;
}

/** `GET /control/v1/node/:id`. */
export interface NodeDescription {
  readonly id: number;
  readonly availability: NodeAvailability;
  readonly scheduling: NodeScheduling;
  readonly availability_zone_id: string;
  readonly listen_http_addr: string;
  readonly listen_http_port: number;
  readonly listen_https_port: number | null;
  readonly listen_pg_addr: string;
  readonly listen_pg_port: number;
  readonly listen_grpc_addr: string | null;
  readonly listen_grpc_port: number | null;
}

export interface ShardDescription {
  readonly tenant_shard_id: string;
  readonly node_attached: number | null;
  readonly node_secondary: readonly number[];
  readonly last_error: string;
  readonly is_reconciling: boolean;
  readonly is_pending_compute_notification: boolean;
  readonly is_splitting: boolean;
  readonly is_importing: boolean;
  readonly scheduling_policy: ShardScheduling;
  readonly preferred_az_id: string | null;
}

/** `GET /control/v1/tenant/:id`. */
export interface TenantDescription {
  readonly tenant_id: string;
  readonly shards: readonly ShardDescription[];
  readonly stripe_size: number;
  readonly policy: Placement;
  readonly config: Readonly<Record<string, unknown>>;
}

/** `GET /control/v1/node/:id/shards`. */
export interface NodeShards {
  readonly node_id: number;
  readonly shards: readonly {
    readonly tenant_shard_id: string;
    readonly is_observed_secondary: boolean | null;
    readonly is_intended_secondary: boolean | null;
  }[];
}

export interface LocationConfig {
  readonly mode: LocationMode;
  readonly generation: number | null;
  readonly secondary_conf: { readonly warm: boolean } | null;
  readonly shard_number: number;
  readonly shard_count: number;
  readonly shard_stripe_size: number;
  readonly tenant_conf: Readonly<Record<string, unknown>>;
}

/** One element of `GET /debug/v1/tenant`. */
export interface ShardDump {
  readonly tenant_shard_id: string;
  readonly shard: {
    readonly number: number;
    readonly count: number;
    readonly stripe_size: number;
    readonly layout: number;
  };
  readonly sequence: number;
  readonly generation: number | null;
  readonly policy: Placement;
  readonly intent: {
    readonly attached: number | null;
    readonly secondary: readonly number[];
    readonly preferred_az_id: string | null;
  };
  /** `conf` is null when the controller does not know what the node holds. */
  readonly observed: {
    readonly locations: Readonly<Record<string, { readonly conf: LocationConfig | null }>>;
  };
  readonly config: Readonly<Record<string, unknown>>;
  readonly splitting: 'Idle' | 'Splitting';
  readonly importing: 'Idle' | 'Importing';
  readonly delayed_reconcile: boolean;
  readonly last_error: string;
  readonly consecutive_reconciles_count: number;
  readonly pending_compute_notification: boolean;
  readonly preferred_node: number | null;
  readonly scheduling_policy: ShardScheduling;
}

/** `GET /v1/utilization` of a pageserver. */
export interface Utilization {
  readonly disk_usage_bytes: number;
  readonly free_space_bytes: number;
  readonly disk_wanted_bytes: number;
  readonly disk_usable_pct: number;
  readonly shard_count: number;
  readonly max_shard_count: number;
  readonly utilization_score: number;
  readonly captured_at: string;
}

/** `GET /debug/v1/scheduler`. */
export interface SchedulerDump {
  readonly nodes: Readonly<
    Record<
      string,
      {
        readonly shard_count: number;
        readonly attached_shard_count: number;
        readonly home_shard_count: number;
        readonly az: string;
        readonly may_schedule: 'No' | { readonly Yes: Utilization };
      }
    >
  >;
}

/** `GET /debug/v1/tenant/:id/locate`. */
export interface Located {
  readonly shards: readonly {
    readonly shard_id: string;
    readonly node_id: number;
    readonly listen_pg_addr: string;
    readonly listen_pg_port: number;
    readonly listen_grpc_addr: string | null;
    readonly listen_grpc_port: number | null;
    readonly listen_http_addr: string;
    readonly listen_http_port: number;
    readonly listen_https_port: number | null;
  }[];
  readonly shard_params: { readonly count: number; readonly stripe_size: number };
}

export interface SafekeeperDescription {
  readonly id: number;
  readonly region_id: string;
  readonly version: number;
  readonly host: string;
  readonly port: number;
  readonly http_port: number;
  readonly https_port: number | null;
  readonly availability_zone_id: string;
  readonly scheduling_policy: SafekeeperScheduling;
}

/** `POST /control/v1/node`: a pageserver says where it listens. */
export interface NodeRegisterRequest {
  readonly node_id: number;
  readonly listen_pg_addr: string;
  readonly listen_pg_port: number;
  readonly listen_http_addr: string;
  readonly listen_http_port: number;
  readonly availability_zone_id: string;
}

/** `POST /control/v1/safekeeper/:id`. */
export interface SafekeeperUpsert {
  readonly id: number;
  readonly region_id: string;
  readonly version: number;
  readonly host: string;
  readonly port: number;
  readonly http_port: number;
  readonly availability_zone_id: string;
}

/** `POST /control/v1/metadata_health/update`: what the scrubber has found. */
export interface MetadataHealthUpdate {
  readonly healthy_tenant_shards: readonly string[];
  readonly unhealthy_tenant_shards: readonly string[];
}

/** `GET /v1/tenant/:id/timeline/:id` of a safekeeper. */
export interface SafekeeperTimeline {
  readonly tenant_id: string;
  readonly timeline_id: string;
  readonly mconf: {
    readonly generation: number;
    readonly members: readonly { readonly id: number; readonly host: string; readonly pg_port: number }[];
    readonly new_members: null;
  };
  readonly acceptor_state: {
    readonly term: number;
    readonly epoch: number;
    readonly term_history: readonly { readonly term: number; readonly lsn: string }[];
  };
  readonly pg_info: {
    readonly pg_version: number;
    readonly system_id: number;
    readonly wal_seg_size: number;
  };
  readonly flush_lsn: string;
  readonly timeline_start_lsn: string;
  readonly local_start_lsn: string;
  readonly commit_lsn: string;
  readonly backup_lsn: string;
  readonly peer_horizon_lsn: string;
  readonly remote_consistent_lsn: string;
  readonly peers: readonly never[];
  readonly walsenders: readonly never[];
  readonly walreceivers: readonly never[];
}

export interface Leader {
  readonly address: string;
  readonly started_at: string;
}

export interface MigrateRequest {
  readonly node_id: number;
  readonly origin_node_id?: number;
  readonly migration_config?: { readonly override_scheduler?: boolean; readonly prewarm?: boolean };
}

export interface TenantCreateRequest {
  readonly new_tenant_id: string;
  readonly placement_policy?: Placement;
  readonly shard_parameters?: { readonly count?: number; readonly stripe_size?: number };
}

export interface CreatedTenant {
  readonly shards: readonly {
    readonly shard_id: string;
    readonly node_id: number;
    readonly generation: number;
  }[];
}

/** `GET /v1/tenant/:shard/secondary/status`. */
export interface SecondaryStatus {
  readonly heatmap_mtime: string | null;
  readonly layers_downloaded: number;
  readonly layers_total: number;
  readonly bytes_downloaded: number;
  readonly bytes_total: number;
}
