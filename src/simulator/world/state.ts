import type { FaultArguments, WorldConfig } from './api.ts';
import type { Broken } from './broken.ts';
import type { WritableEventLog } from './event-log.ts';
import type { EventQueue } from './event-queue.ts';
import type {
  Compute,
  ComputeSettings,
  HookAnswer,
  HookFault,
  HookPort,
  Notification,
  ProcessState,
} from './hook-api.ts';
import type { Random } from './random.ts';
import { shardName } from './shard-name.ts';
import type { ShardTable } from './shard-table.ts';
import { Permits, type Signal, type Task, TaskGroup } from './task.ts';
import type {
  Leadership,
  NodeAvailability,
  NodeScheduling,
  SafekeeperScheduling,
  ShardScheduling,
} from './wire.ts';

/** A pageserver and what the controller knows of it. */
export interface NodeState {
  readonly id: number;
  /** From 1; 0 is no zone. */
  readonly az: number;
  process: ProcessState;
  delayMs: number;
  startedAtMs: number;
  /** Its secondaries learn nothing more: heatmaps do not come. */
  cold: boolean;
  /** Started, but not answering HTTP until the controller has told it what to attach. */
  attaching: boolean;
  /** It does one location_config after the other, until then. */
  busyUntilMs: number;
  diskWantedKib: number;
  locationCount: number;
  misrouted: number;

  availability: NodeAvailability;
  scheduling: NodeScheduling;
  warmingSinceMs: number;
  lastSeenMs: number;
  /** Of the last heartbeat, raised by what has been scheduled since. */
  reportedShards: number;
  shardCount: number;
  attachedCount: number;
  homeCount: number;
  requestErrors: number;
  /** Requests to it are given up. */
  readonly unavailable: Signal;
}

/** Placement as one number: how many secondaries beside the attached location, or one of these. */
export const placedSecondary = -1;
export const placedDetached = -2;

export interface TenantState {
  readonly index: number;
  readonly id: string;
  first: number;
  /** 0 is unsharded. */
  shardCount: number;
  stripeSize: number;
  placement: number;
  scheduling: ShardScheduling;
  /** Request that the hook has answered 200 to, as a hash; 0 when it is not known what the hook has. */
  appliedRequest: number;
  /** A notification is under way; others wait their turn. */
  notifying: boolean;
  readonly notified: Signal;
  /** One change of its shards at a time. */
  locked: boolean;
  /** Detached and dropped from the controller's memory: 404, not in the list. */
  dropped: boolean;
  /** Its row in the database makes the controller panic when it reads it. */
  panicsAtStart: boolean;
}

export interface SafekeeperState {
  readonly id: number;
  az: number;
  process: ProcessState;
  scheduling: SafekeeperScheduling;
  requestErrors: number;
  /** How much WAL it has not flushed that others have. */
  lagBytes: number;
}

/** What a waiting request is told when a shard's reconcile is over. */
export interface ShardWaiter {
  readonly shard: number;
  readonly sequence: number;
  outcome: 'waiting' | 'done' | 'failed';
  error: string;
  readonly settled: Signal;
}

export interface ReconcileHandle {
  readonly sequence: number;
  readonly task: Pick<Task<unknown>, 'over' | 'finished' | 'cancel'>;
  readonly startedAtMs: number;
}

export type OperationKind = 'fill' | 'drain' | 'delete';

export interface Operation {
  readonly kind: OperationKind;
  readonly node: number;
  cancelled: boolean;
}

/** What dies with the controller's process. */
export interface ControllerMemory {
  readonly tasks: TaskGroup;
  readonly reconciles: Map<number, ReconcileHandle>;
  readonly waiters: Map<number, ShardWaiter[]>;
  readonly lastErrors: Map<number, string>;
  readonly normalPermits: Permits;
  readonly priorityPermits: Permits;
  readonly hookPermits: Permits;
  readonly delayed: number[];
  operation: Operation | undefined;
  startedAtMs: number;
  ready: boolean;
  counters: ControllerCounters;
  safekeeperGenerations: Map<string, number>;
}

export interface ControllerCounters {
  reconcileSpawn: number;
  complete: { ok: number; ok_no_notify: number; error: number; cancel: number };
  optimizations: number;
  pending: number;
  stuck: number;
  azViolations: number;
  databaseErrors: number;
  nodeGauges: Map<number, { az: string; shards: number; attachedShards: number; homeShards: number }>;
}

export interface ComputeState extends Compute {
  state: ProcessState;
  status: string;
  startTimeMs: number;
  connstring: string;
  stripeSize: number;
  /** Set by ALTER SYSTEM since the start: that wins over what compute_ctl writes. */
  isAltered: boolean;
}

export interface SentNotification {
  readonly atMs: number;
  readonly notification: Notification;
  answer: HookAnswer | undefined;
}

export interface HookState {
  behaviour: HookFault | number;
  port: HookPort | undefined;
  readonly sent: SentNotification[];
  /** What the sticky hook was told last of each tenant. */
  readonly previous: Map<string, Notification>;
}

export type Address = ReturnType<WorldConfig['address']>;

export interface State {
  readonly config: WorldConfig;
  readonly queue: EventQueue;
  readonly log: WritableEventLog;
  readonly random: Random;
  readonly azNames: string[];
  /** Addresses that somebody has registered, by kind and id; of others `config.address` knows. */
  readonly announced: Map<string, Address>;
  readonly nodes: Map<number, NodeState>;
  readonly tombstones: Map<number, NodeState>;
  readonly shards: ShardTable;
  /** By index, with holes where a tenant was deleted. */
  readonly tenants: (TenantState | undefined)[];
  readonly tenantIds: Map<string, TenantState>;
  /** By id. */
  readonly order: TenantState[];
  readonly safekeepers: Map<number, SafekeeperState>;
  readonly computes: Map<string, ComputeState>;
  /** Safekeepers of timelines that were moved, by timeline. */
  readonly memberships: Map<string, readonly number[]>;
  readonly hook: HookState;
  readonly computeListeners: ((settings: ComputeSettings) => void)[];
  readonly activeFaults: Map<string, { readonly name: string; readonly arguments: FaultArguments }>;
  readonly broken: Broken;
  broker: ProcessState;
  database: 'up' | 'down';
  readonly databaseBack: Signal;
  controllerProcess: ProcessState;
  leadership: Leadership;
  /** What the database says when this controller has stepped down: another one that is dead, or still this one. */
  deposedBy: 'dead' | 'itself' | 'alive';
  memory: ControllerMemory;
  diskKib: number;
}

export function newMemory(queue: EventQueue): ControllerMemory {
  return {
    tasks: new TaskGroup(queue),
    reconciles: new Map(),
    waiters: new Map(),
    lastErrors: new Map(),
    normalPermits: new Permits(128),
    priorityPermits: new Permits(256),
    hookPermits: new Permits(32),
    delayed: [],
    operation: undefined,
    startedAtMs: queue.nowMs(),
    ready: true,
    counters: {
      reconcileSpawn: 0,
      complete: { ok: 0, ok_no_notify: 0, error: 0, cancel: 0 },
      optimizations: 0,
      pending: 0,
      stuck: 0,
      azViolations: 0,
      databaseErrors: 0,
      nodeGauges: new Map(),
    },
    safekeeperGenerations: new Map(),
  };
}

/** @throws for a shard that is gone: whoever asks has kept its number too long. */
export function tenantOf(state: State, shard: number): TenantState {
  const tenant = state.tenants[state.shards.tenant[shard] ?? -1];
  if (tenant === undefined) throw new Error(`shard ${shard} has no tenant`);
  return tenant;
}

export function isGone(state: State, shard: number): boolean {
  return state.tenants[state.shards.tenant[shard] ?? -1] === undefined;
}

export function nameOf(state: State, shard: number): string {
  const tenant = tenantOf(state, shard);
  return shardName(tenant.id, state.shards.number[shard] ?? 0, tenant.shardCount);
}

/** Indexes of a tenant's shards, in order. */
export function shardsOf(tenant: TenantState): number[] {
  return Array.from({ length: Math.max(1, tenant.shardCount) }, (_, at) => tenant.first + at);
}

export function isAvailable(state: State, node: number): boolean {
  return state.nodes.get(node)?.availability === 'Active';
}

/** May the scheduler put something there? */
export function maySchedule(node: NodeState): boolean {
  return node.availability === 'Active' && (node.scheduling === 'Active' || node.scheduling === 'Filling');
}

/** Where the controller says that it listens. */
export function addressOf(state: State, kind: 'pageserver' | 'safekeeper', id: number): Address {
  return state.announced.get(`${kind} ${id}`) ?? state.config.address(kind, id);
}

export function azOf(state: State, node: number): number {
  return state.nodes.get(node)?.az ?? 0;
}

export function write(state: State, kind: string, detail: string): void {
  state.log.write(state.queue.nowMs(), kind, detail);
}

/** Long before the world begins, for what has been so for ever. */
const beginningTenths = 1_000_000;

/** The world's time in tenths of a second: small enough for a column. */
export function tenths(state: State): number {
  return beginningTenths + Math.floor((state.queue.nowMs() - state.config.startMs) / 100);
}

export function tenthsToMs(state: State, at: number): number {
  return state.config.startMs + (at - beginningTenths) * 100;
}
