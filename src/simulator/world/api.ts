import type { Controller } from './controller-api.ts';
import type { Compute, ComputeSettings, Hook, ProcessState } from './hook-api.ts';
import type {
  Answer,
  Leadership,
  LocationConfig,
  NodeAvailability,
  NodeScheduling,
  Placement,
  SafekeeperTimeline,
  SecondaryStatus,
  ShardScheduling,
  Utilization,
} from './wire.ts';

/**
 * What the simulated Neon says and does, for who serves it over HTTP, drives it in a proof or shows it in the demo.
 * Its bodies are in wire.ts, the controller's requests in controller-api.ts, hook and computes in hook-api.ts.
 */

export interface Pageserver {
  readonly id: number;
  readonly az: string;
  readonly state: ProcessState;
  /** Added to every answer of its HTTP interface. */
  readonly delayMs: number;
  /**
   * In order of shard id, as `GET /v1/location_config` lists them; null while a slot is being changed.
   * @param startAfter exclusive, so that a long list can be sent in parts while the world moves on.
   */
  locations(startAfter?: string): Iterable<readonly [shardId: string, config: LocationConfig | null]>;
  location(shardId: string): Answer<LocationConfig | null>;
  /** Attached locations after `startAfter`, as `GET /v1/tenant` lists them. */
  tenants(startAfter?: string): Iterable<{
    readonly id: string;
    readonly state: { readonly slug: string };
    readonly current_physical_size: null;
    readonly attachment_status: { readonly slug: string };
    readonly generation: number;
  }>;
  utilization(): Utilization;
  secondaryStatus(shardId: string): Answer<SecondaryStatus>;
  secondaryDownload(shardId: string): Answer<SecondaryStatus>;
  /** Requests of computes that named a shard which is not here. */
  readonly misroutedRequests: number;
}

export interface Safekeeper {
  readonly id: number;
  readonly state: ProcessState;
  readonly timelines: readonly { readonly tenantId: string; readonly timelineId: string }[];
  /** `GET /v1/tenant/:id/timeline/:id`. */
  timeline(tenantId: string, timelineId: string): Answer<SafekeeperTimeline>;
}

/** One thing that can be broken. */
export interface FaultDescription {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly {
    readonly name: string;
    readonly kind: 'node' | 'safekeeper' | 'tenant' | 'number' | 'word';
    readonly required: boolean;
  }[];
  /** One is over as soon as it has happened; the other stays until it is switched off. */
  readonly lasting: boolean;
}

export type FaultArguments = Readonly<Record<string, string | number>>;

export interface Faults {
  list(): readonly FaultDescription[];
  active(): readonly { readonly name: string; readonly arguments: FaultArguments }[];
  /** @returns a message when there is no such fault or an argument is wrong, else undefined. */
  on(name: string, args?: FaultArguments): string | undefined;
  /** Without arguments, every instance of that fault. */
  off(name: string, args?: FaultArguments): string | undefined;
}

/** One entry of the world's log: what the trace hash is made of. */
export interface WorldEvent {
  readonly seq: number;
  readonly atMs: number;
  readonly kind: string;
  readonly detail: string;
}

export interface EventLog {
  readonly count: number;
  /** Of every event since the start, hexadecimal. The same seed and the same commands give the same hash. */
  hash(): string;
  /** Events after `seq`, oldest first; the latest 10,000 are kept. */
  since(seq: number): readonly WorldEvent[];
}

/** Numbers to look at: a small summary at any size. */
export interface WorldSnapshot {
  readonly nowMs: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly az: string;
    readonly process: ProcessState;
    readonly availability: NodeAvailability;
    readonly scheduling: NodeScheduling;
    readonly attached: number;
    readonly secondaries: number;
  }[];
  readonly tenants: number;
  readonly shards: number;
  readonly reconciling: number;
  readonly pendingNotifications: number;
  readonly splitting: number;
  readonly operation: string | null;
  readonly leadership: Leadership;
  /** How often the controller has panicked. */
  readonly panics: number;
  readonly hook: string;
  readonly faults: readonly string[];
  /** Bytes of the columns that hold the shards. */
  readonly shardBytes: number;
}

/** Everything but the seed has a default; times are upstream's unless said. */
export interface WorldConfig {
  readonly pageservers: number;
  readonly azs: number;
  readonly safekeepers: number;
  /** Tenants made at the start, already placed, notified and warm. */
  readonly tenants: number;
  /** Shards of each of them; 1 is unsharded. A function gives each its own. */
  readonly shardsPerTenant: number | ((tenantIndex: number) => number);
  readonly stripeSize: number;
  /** How many of the first tenants have a compute. */
  readonly computes: number;
  readonly heartbeatMs: number;
  readonly offlineMs: number;
  readonly warmingUpMs: number;
  readonly backgroundMs: number;
  /** When the first background pass comes; by chance when undefined. */
  readonly firstBackgroundMs: number | undefined;
  readonly heatmapPeriodMs: number;
  /** How long one location_config takes at a pageserver, which does one after the other. */
  readonly locationConfigMs: number;
  readonly shardBytes: number;
  /** What the controller announces, by node id. The HTTP face gives real ports. */
  readonly address: (
    kind: 'pageserver' | 'safekeeper',
    id: number,
  ) => { readonly host: string; readonly httpPort: number; readonly pgPort: number };
  readonly startMs: number;
  /** Placements to start from instead of, or besides, the generated tenants. */
  readonly initial: readonly InitialTenant[];
}

/** A tenant as it is at the start of a world. */
export interface InitialTenant {
  readonly id: string;
  /** 0 is an unsharded tenant; else as many as there are shards. */
  readonly shardCount: number;
  readonly stripeSize?: number;
  readonly placement?: Placement;
  readonly scheduling?: ShardScheduling;
  /** In order of shard number. A cold secondary has not yet seen a heatmap. */
  readonly shards: readonly {
    readonly attached: number | null;
    readonly secondaries: readonly number[];
    readonly preferredAz: string | null;
    readonly generation?: number;
    readonly coldSecondaries?: boolean;
  }[];
}

/**
 * A whole Neon, deterministic: it moves only in `advance`, and does the same for the same seed and commands.
 * No sockets, timers or real time.
 */
export interface World {
  readonly config: WorldConfig;
  readonly controller: Controller;
  readonly hook: Hook;
  readonly faults: Faults;
  readonly events: EventLog;
  /** Milliseconds since the Unix epoch, in the world. */
  nowMs(): number;
  /** Lets `ms` milliseconds pass and everything happen that is due in them. */
  advance(ms: number): void;
  /** When the next thing happens, for who sleeps between; undefined when nothing is due. */
  nextEventMs(): number | undefined;
  pageservers(): readonly Pageserver[];
  pageserver(id: number): Pageserver | undefined;
  safekeepers(): readonly Safekeeper[];
  broker(): ProcessState;
  computes(): readonly Compute[];
  /** Someone other than the hook sets a compute: an operator, the healer. False when there is no such compute. */
  configureCompute(settings: ComputeSettings): boolean;
  /** compute_ctl's `/configure`: `refused` in a status that does not allow it, `absent` when there is no such compute. */
  reconfigureCompute(settings: ComputeSettings): 'done' | 'refused' | 'absent';
  /** Calls `run` whenever a compute's settings change, to drive a real Postgres. */
  onComputeSettings(run: (settings: ComputeSettings) => void): void;
  /** A pageserver that registers itself. */
  joinPageserver(az: string): number;
  snapshot(): WorldSnapshot;
}

/** @param seed of the only source of randomness. */
export type CreateWorld = (options: { readonly seed: number } & Partial<WorldConfig>) => World;
