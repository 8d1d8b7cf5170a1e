import type {
  Answer,
  CreatedTenant,
  Leader,
  Leadership,
  Located,
  MetadataHealthUpdate,
  MigrateRequest,
  NodeDescription,
  NodeRegisterRequest,
  NodeScheduling,
  NodeShards,
  Placement,
  Reply,
  SafekeeperDescription,
  SafekeeperScheduling,
  SafekeeperUpsert,
  SchedulerDump,
  ShardDump,
  ShardScheduling,
  TenantCreateRequest,
  TenantDescription,
} from './wire.ts';

/** Counters and gauges of the controller's `/metrics` that follow from what it does. */
export interface ControllerMetrics {
  readonly reconcileSpawn: number;
  readonly reconcileComplete: Readonly<Record<'ok' | 'ok_no_notify' | 'error' | 'cancel', number>>;
  /** Reconciles that have been running for more than 120 s. */
  readonly longRunning: readonly {
    readonly tenantId: string;
    readonly shardNumber: number;
    readonly sequence: number;
  }[];
  readonly tenantShards: number;
  readonly pageserverNodes: number;
  readonly safekeeperNodes: number;
  /** As of the last background pass, up to 20 s old; nodes that are gone keep their series. */
  readonly nodes: readonly {
    readonly nodeId: number;
    readonly az: string;
    readonly shards: number;
    readonly attachedShards: number;
    readonly homeShards: number;
  }[];
  /** As of the last background pass. */
  readonly pendingReconciles: number;
  readonly stuckReconciles: number;
  readonly scheduleAzViolation: number;
  readonly scheduleOptimization: number;
  readonly leadership: Leadership;
  readonly processStartSeconds: number;
  readonly pageserverRequestErrors: readonly { readonly id: number; readonly count: number }[];
  readonly safekeeperRequestErrors: readonly { readonly id: number; readonly count: number }[];
  readonly databaseQueryErrors: number;
}

/**
 * The storage controller. Lists are iterators over live state: finish one before the world advances.
 * Before anything else ask `admit`: it says what a controller that is dead, hung, starting or deposed answers.
 */
export interface Controller {
  /**
   * What the controller answers instead of handling a request: `undefined` to handle it, an answer to give,
   * `refused` when nothing listens, `hang` when the connection is taken and never answered.
   * @param path with its leading slash, for the routes that answer in every state.
   */
  admit(method: string, path: string): undefined | Answer<never> | 'refused' | 'hang';
  /** Asks nobody for a token, whatever it was started with. */
  isOpen(): boolean;
  /** `/ready` and `/live`: 200 or 503. */
  ready(): number;
  live(): number;
  /** Answers after 30 s with 500 while the database is lost. */
  leader(): Reply<Leader | null>;
  nodes(): readonly NodeDescription[];
  node(id: number): Answer<NodeDescription>;
  nodeShards(id: number): NodeShards;
  /** By id, after `startAfter` (exclusive), `limit` at most (0 gives one). Detached tenants are not among them. */
  tenants(page?: { readonly startAfter?: string; readonly limit?: number }): Iterable<TenantDescription>;
  tenant(id: string): Answer<TenantDescription>;
  locate(id: string): Answer<Located>;
  /** In order of shard id, after `startAfter`. */
  shardDumps(startAfter?: string): Iterable<ShardDump>;
  scheduler(): SchedulerDump;
  tombstones(): readonly NodeDescription[];
  safekeepers(): readonly SafekeeperDescription[];
  safekeeper(id: number): Answer<SafekeeperDescription>;
  /** What the scrubber has found unhealthy, in order. */
  unhealthyShards(): readonly string[];
  /** When the scrubber looked at a shard last, and how it found it. */
  health(shard: string): { readonly healthy: boolean; readonly scrubbedAtMs: number };
  metrics(): ControllerMetrics;

  fill(node: number): Reply<null>;
  cancelFill(node: number): Reply<null>;
  drain(node: number): Reply<null>;
  cancelDrain(node: number): Reply<null>;
  configureNode(
    node: number,
    body: { readonly scheduling?: NodeScheduling; readonly availability?: 'Active' | 'Offline' },
  ): Reply<null>;
  deleteNode(node: number, force?: boolean): Reply<null>;
  cancelDeleteNode(node: number): Reply<null>;
  /** The deprecated `DELETE /control/v1/node/:id`: at once, undrained, 200 for an unknown one too. */
  dropNode(node: number): Reply<null>;
  deleteTombstone(node: number): Reply<null>;
  migrate(shard: string, body: MigrateRequest): Reply<Record<string, never>>;
  migrateSecondary(shard: string, body: MigrateRequest): Reply<Record<string, never>>;
  cancelReconcile(shard: string): Reply<null>;
  setPolicy(
    tenant: string,
    body: { readonly placement?: Placement; readonly scheduling?: ShardScheduling },
  ): Reply<null>;
  setPreferredAzs(
    body: Readonly<Record<string, string | null>>,
  ): Reply<{ readonly updated: readonly string[] }>;
  splitShards(
    tenant: string,
    body: { readonly new_shard_count: number; readonly new_stripe_size?: number },
  ): Reply<{ readonly new_shards: readonly string[] }>;
  createTenant(body: TenantCreateRequest): Reply<CreatedTenant>;
  deleteTenant(tenant: string): Reply<null>;
  reconcileAll(): Reply<number>;
  consistencyCheck(): Reply<null>;
  stepDown(): Reply<Readonly<Record<string, unknown>>>;
  registerNode(body: NodeRegisterRequest): Reply<null>;
  upsertSafekeeper(body: SafekeeperUpsert): Reply<null>;
  updateHealth(body: MetadataHealthUpdate): Reply<Record<string, never>>;
  setSafekeeperPolicy(id: number, policy: SafekeeperScheduling): Reply<null>;
  /** `notify-safekeepers` follows, if the set is sound. */
  migrateSafekeepers(tenant: string, timeline: string, ids: readonly number[]): Reply<null>;
}
