import type {
  DatabaseFacts,
  ServerFacts,
  WorkerFact,
} from '../../src/collectors/compute/neurondb-reading.ts';
import { tableColumns } from '../../src/collectors/compute/relations-rows.ts';
import type { VectorIndex } from '../../src/collectors/compute/vector-indexes-rows.ts';
import type { VectorTable } from '../../src/collectors/compute/vector-tables.ts';
import type { CollectorName } from '../../src/collectors/registry.ts';
import type { CaseStep } from './finding-case.ts';
import { caseStartMs, failure, reading, type World } from './world.ts';

/** Name of the compute in every case. */
export const compute = 'main';

/** Minutes after the first look; negative before it. */
export function at(minutes: number): number {
  return caseStartMs + minutes * 60_000;
}

/** A worker that runs since the server started, in database `postgres`. */
export function worker(name: string, changed: Partial<WorkerFact> = {}): WorkerFact {
  const startsMs = [at(-600)];
  return {
    worker: name,
    startsMs,
    lastSeenStartsMs: startsMs,
    databases: ['postgres'],
    restarts: 0,
    ...changed,
  };
}

/** A server whose NeuronDB 3.0 is well, on a machine without a GPU. */
function server(changed: Partial<ServerFacts> = {}): ServerFacts {
  return {
    availableVersion: '3.0',
    isPreloaded: true,
    startedMs: at(-600),
    workers: [worker('queue'), worker('tuner'), worker('llm')],
    begin: { recoveredAtMs: undefined },
    busy: [],
    enabledWorkers: new Map([
      ['queue', true],
      ['tuner', true],
    ]),
    gpus: [],
    isGpuEnabled: undefined,
    reportedGpus: undefined,
    llmGpus: 0,
    hasOnnx: false,
    entrypointCache: undefined,
    ...changed,
  };
}

/** A database whose NeuronDB 3.0 is well and has nothing to do. */
export function database(name = 'postgres', changed: Partial<DatabaseFacts> = {}): DatabaseFacts {
  return {
    database: name,
    extension: { version: '3.0', schema: 'public' },
    libraryVersion: '3.0-devel',
    computeMode: 'cpu',
    queues: [
      queue('job_queue', { pending: 0, completed: 40, failed: 0 }, { outOfRetries: 0 }),
      queue('llm_jobs', { queued: 0, done: 0, failed: 0 }),
    ],
    llmCache: undefined,
    tableRows: new Map(),
    indexMetadata: [],
    mlModels: undefined,
    isLlmConfigPublic: false,
    ...changed,
  };
}

type Queue = DatabaseFacts['queues'][number];

export function queue(
  name: Queue['queue'],
  jobs: Readonly<Record<string, number>>,
  changed: Partial<Queue> = {},
): Queue {
  return {
    queue: name,
    jobs: new Map(Object.entries(jobs)),
    oldestWaitingMs: undefined,
    outOfRetries: undefined,
    ...changed,
  };
}

type NeurondbSkips = Parameters<typeof reading<'neurondb'>>[2]['skips'];

export function neurondb(
  databases: readonly DatabaseFacts[] = [database()],
  changed: Partial<ServerFacts> = {},
  skips: NeurondbSkips = [],
) {
  const skippedParts = skips.map(({ part, reason }) => ({ part, reason }));
  return reading('neurondb', compute, { server: server(changed), databases, skips, skippedParts });
}

/** An hnsw index of 1,000 vectors of 768 dimensions that is valid and in use. */
export function index(name = 'items_idx', changed: Partial<VectorIndex> = {}): VectorIndex {
  return {
    schemaname: 'public',
    relname: 'items',
    indexrelname: name,
    am: 'hnsw',
    opclass: 'vector_l2_ops',
    type: 'vector',
    dimensions: 768,
    parameters: new Map(),
    isValid: true,
    isReady: true,
    isBuilding: false,
    filenode: 16_500n,
    scans: 0n,
    tuplesRead: 1_000n,
    tuplesFetched: 1_000n,
    blocksRead: 100n,
    blocksHit: 5_000n,
    sizeBytes: 16_777_216n,
    rows: 1_000,
    vectorBytes: 3_072_000,
    ...changed,
  };
}

/** Vector indexes and tables with vectors of one database. */
export function vectors(
  indexes: readonly VectorIndex[],
  tables: readonly VectorTable[] = [],
  name = 'postgres',
  skippedParts: readonly { readonly part: string; readonly reason: 'timeout' }[] = [],
) {
  return reading('vector_indexes', compute, {
    databases: new Map([[name, indexes]]),
    tables: new Map([[name, tables]]),
    skippedParts,
  });
}

const noMemory = {
  atMs: 0,
  resetMark: undefined,
  parts: new Map(),
  lost: new Map(),
  scores: new Map(),
  isSeed: false,
};

interface Counted {
  readonly relname: string;
  readonly scans: number;
  readonly rows: number;
}

/** Tables of schema `public` with what sequential scans have read of them. */
export function relations(counted: readonly Counted[], name = 'postgres') {
  const rows = counted.map(({ relname, scans, rows: read }) => ({
    schemaname: 'public',
    relname,
    counters: tableColumns.map((column) => {
      if (column === 'seq_scan') return BigInt(scans);
      return column === 'seq_tup_read' ? BigInt(read) : 0n;
    }),
    live: 100_000n,
    dead: 0n,
    changed: 0n,
    bytes: 1_000_000n,
    vacuum: null,
    autovacuum: null,
    analyze: null,
    autoanalyze: null,
  }));
  const keyOf = ({ schemaname, relname }: { schemaname: string; relname: string }) =>
    JSON.stringify([schemaname, relname]);
  const nothing = { sinceMs: caseStartMs, counters: tableColumns.map(() => 0n) };
  const tables = {
    top: {
      columns: tableColumns,
      members: rows.map((row) => ({
        key: keyOf(row),
        identity: [row.schemaname, row.relname],
        counters: row.counters,
      })),
      other: nothing,
      groups: new Map(),
      forgotten: nothing.counters,
      memory: noMemory,
    },
    members: new Map(rows.map((row) => [keyOf(row), row])),
    others: [],
    count: rows.length,
  };
  const indexes = {
    top: {
      columns: [],
      members: [],
      other: { sinceMs: caseStartMs, counters: [] },
      groups: new Map(),
      forgotten: [],
      memory: noMemory,
    },
    members: new Map(),
    others: [],
    count: 0,
  };
  return reading('relations', compute, {
    databases: new Map([[name, { tables, indexes, invalidIndexes: 0 }]]),
    skippedParts: [],
  });
}

interface Statement {
  readonly queryid: string;
  readonly calls: number;
  /** Total, in milliseconds. */
  readonly ms: number;
  readonly class?: 'vector' | 'other';
}

/** Statements of database `app` among the longest. */
export function statements(list: readonly Statement[]) {
  const columns = ['calls', 'exec_time'];
  const members = list.map(({ queryid, calls, ms, class: kind = 'vector' }) => ({
    key: JSON.stringify([queryid, 'app']),
    identity: { queryid, datname: 'app', class: kind },
    counters: [BigInt(calls), BigInt(Math.round(ms * 1e6))],
  }));
  return reading('statements', compute, {
    entries: list.length,
    top: {
      columns,
      members,
      other: { sinceMs: caseStartMs, counters: [0n, 0n] },
      groups: new Map(),
      forgotten: [0n, 0n],
      memory: noMemory,
    },
    skippedParts: [],
  });
}

export function away(...collectors: readonly CollectorName[]): World {
  return collectors.map((collector) => failure(collector, compute, 'refused'));
}

/** A world that changes: one step for each half minute, made of its number. */
export function changing(steps: number, worldAt: (step: number) => World): readonly CaseStep[] {
  return Array.from({ length: steps }, (_, step) => ({ forMs: 30_000, world: worldAt(step) }));
}
