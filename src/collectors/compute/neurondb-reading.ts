import type { PartSkipReason } from '../../sources/sql-reader.ts';
import type { SqlReadingBase } from '../sql-collector.ts';

/** What can be missing on its own. A closed set: it is a metric label. */
export const neurondbParts = [
  'database',
  'extension',
  'available_version',
  'library_version',
  'library_preloaded',
  'compute_mode',
  'gpu',
  'gpu_enabled',
  'gpu_device_count',
  'llm_gpu',
  'onnx',
  'workers',
  'job_queue',
  'llm_jobs',
  'entrypoint_cache',
  'llm_cache',
  'embedding_cache',
  'index_maintenance',
  'index_metadata',
  'query_metrics',
  'tenant_quotas',
  'tenant_usage',
  'ml_models',
  'llm_config',
] as const;
export type NeurondbPart = (typeof neurondbParts)[number];

export interface DatabaseSkip {
  readonly database: string;
  readonly part: NeurondbPart;
  readonly reason: PartSkipReason;
}

/** One kind of background worker, `queue` for `neurondb_queue`. */
export interface WorkerFact {
  readonly worker: string;
  /** When each running process of it began, in ms since 1970, ascending. */
  readonly startsMs: readonly number[];
  /** As `startsMs` when it was last seen running: a worker may be seen between its fall and its return. */
  readonly lastSeenStartsMs: readonly number[];
  /** Databases its processes are connected to. */
  readonly databases: readonly string[];
  /** Processes seen replaced since we began to look, while the server itself kept running. */
  readonly restarts: number;
}

export interface GpuDevice {
  readonly deviceId: number;
  readonly name: string;
  readonly memoryBytes: bigint | undefined;
  readonly freeMemoryBytes: bigint | undefined;
}

/** How the server last began: by itself, or with every session cut off after one of its processes fell. */
export interface ServerBegin {
  /**
   * When it began with crash recovery, in ms since 1970: after a crash, an immediate stop, or from a base backup.
   * Undefined: it had been stopped in good order before.
   */
  readonly recoveredAtMs: number | undefined;
}

/** A client's statement that runs for long and waits for nothing. */
export interface BusyBackend {
  readonly pid: number;
  readonly database: string;
  /** Start of the statement, in ms since 1970. */
  readonly sinceMs: number;
  /** One of neonwatch's own, each of which has a `statement_timeout` of seconds. */
  readonly isOurs: boolean;
}

export interface EntrypointCache {
  readonly maxEntries: number;
  readonly entries: number;
  readonly validEntries: number;
}

/** What is one for the whole server. Undefined: not known, and a skip says why. */
export interface ServerFacts {
  /** Of the control file on the server's disk. */
  readonly availableVersion: string | undefined;
  readonly isPreloaded: boolean | undefined;
  /** `pg_postmaster_start_time()` in ms since 1970. */
  readonly startedMs: number;
  readonly workers: readonly WorkerFact[] | undefined;
  /** Undefined also where there is no NeuronDB, as `workers`. */
  readonly begin: ServerBegin | undefined;
  /** The longest first, at most 20; builds of indexes and other maintenance are not among them. */
  readonly busy: readonly BusyBackend[] | undefined;
  /** Worker → whether its setting lets it run. */
  readonly enabledWorkers: ReadonlyMap<string, boolean>;
  /** Available devices only. */
  readonly gpus: readonly GpuDevice[] | undefined;
  /** Answers of the playbook's functions, where a version has them. */
  readonly isGpuEnabled: boolean | undefined;
  readonly reportedGpus: number | undefined;
  readonly llmGpus: number | undefined;
  readonly hasOnnx: boolean | undefined;
  readonly entrypointCache: EntrypointCache | undefined;
}

export interface Queue {
  readonly queue: 'job_queue' | 'llm_jobs';
  readonly jobs: ReadonlyMap<string, number>;
  /** When the oldest job that still waits was made, in ms since 1970; undefined when none waits or it is not readable. */
  readonly oldestWaitingMs: number | undefined;
  /** Waiting jobs that no worker will take because their retries are spent. */
  readonly outOfRetries: number | undefined;
}

export interface LlmCache {
  readonly validEntries: number;
  readonly staleEntries: number;
  readonly ttlSeconds: number;
}

export interface IndexMetadataRows {
  readonly indexType: string;
  readonly healthStatus: string;
  readonly rows: number;
}

export interface DatabaseFacts {
  readonly database: string;
  /** Undefined: not installed here, and then nothing else is known. */
  readonly extension: { readonly version: string; readonly schema: string } | undefined;
  readonly libraryVersion: string | undefined;
  readonly computeMode: string | undefined;
  readonly queues: readonly Queue[];
  readonly llmCache: LlmCache | undefined;
  /** Rows by table; an estimate of the planner for a large one. */
  readonly tableRows: ReadonlyMap<string, number | bigint>;
  readonly indexMetadata: readonly IndexMetadataRows[];
  readonly mlModels: ReadonlyMap<string, number> | undefined;
  /** Whether everybody who can connect may read the configuration that holds the key of the language model's service. */
  readonly isLlmConfigPublic: boolean | undefined;
}

export interface NeurondbReading extends SqlReadingBase {
  readonly server: ServerFacts;
  /** That of the DSN first, then by name. */
  readonly databases: readonly DatabaseFacts[];
  readonly skips: readonly DatabaseSkip[];
}
