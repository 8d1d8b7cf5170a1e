import { z } from 'zod';
import { bool, epochMs, int4, text } from '../../sources/pg-values.ts';
import type { PartContext } from './neurondb-batch.ts';
import { labelText } from './neurondb-labels.ts';
import type { BusyBackend, ServerBegin, ServerFacts, WorkerFact } from './neurondb-reading.ts';

/** `backend_type` without `neurondb_`. All three are registered when the library is preloaded. */
const knownWorkers = ['queue', 'tuner', 'llm'] as const;

/** A statement that has run for less is none that we tell of. */
const busySeconds = 60;
const maxBusy = 20;

/*
 * With every crash recovery, and with nothing else, the server throws away its statistics: measured on 15.20, the reset
 * of pg_stat_archiver and pg_stat_bgwriter is then 40 ms after the checkpointer's start. A clean start reads them back.
 * The checkpointer is started anew as well when a process falls and the postmaster stays.
 */
const serverSql = `
SELECT extract(epoch FROM pg_catalog.pg_postmaster_start_time()) AS started,
  (SELECT extract(epoch FROM a.backend_start) FROM pg_catalog.pg_stat_activity a
   WHERE a.backend_type = 'checkpointer') AS begun,
  (SELECT extract(epoch FROM s.stats_reset) FROM pg_catalog.pg_stat_archiver s) AS archiver_reset,
  (SELECT extract(epoch FROM s.stats_reset) FROM pg_catalog.pg_stat_bgwriter s) AS writer_reset,
  pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_workers,
  (SELECT a.default_version FROM pg_catalog.pg_available_extensions a WHERE a.name = 'neurondb') AS available_version`;

const ServerRow = z.object({
  started: epochMs,
  begun: epochMs.nullable(),
  archiver_reset: epochMs.nullable(),
  writer_reset: epochMs.nullable(),
  sees_workers: bool,
  available_version: text.nullable(),
});

/** `pg_stat_progress_copy` came with it. */
const copyProgressVersion = 140_000;

/** Building an index takes hours of the processor in good order, and Postgres tells who does it. */
const processesSql = (serverVersion: number) => `
SELECT a.backend_type AS worker, a.datname AS database, extract(epoch FROM a.backend_start) AS started,
  a.pid, NULL::numeric AS busy_since, false AS is_ours
FROM pg_catalog.pg_stat_activity a
WHERE pg_catalog.starts_with(a.backend_type, 'neurondb_')
UNION ALL
SELECT a.backend_type, a.datname, extract(epoch FROM a.backend_start),
  a.pid, extract(epoch FROM a.query_start), a.application_name = 'neonwatch'
FROM pg_catalog.pg_stat_activity a
WHERE a.backend_type = 'client backend' AND a.state = 'active' AND a.wait_event IS NULL
  AND a.query_start < pg_catalog.clock_timestamp() - interval '${busySeconds} seconds'
${['create_index', 'vacuum', 'analyze', 'cluster', ...(serverVersion >= copyProgressVersion ? ['copy'] : [])]
  .map((what) => `  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_${what} p WHERE p.pid = a.pid)`)
  .join('\n')}
ORDER BY 1, 3`;

const ProcessRow = z.object({
  worker: text,
  database: text.nullable(),
  started: epochMs,
  pid: int4,
  busy_since: epochMs.nullable(),
  is_ours: bool,
});
type ProcessRow = z.infer<typeof ProcessRow>;

export interface WorkerProcess {
  readonly worker: string;
  readonly database: string | null;
  readonly startedMs: number;
}

function workersIn(rows: readonly ProcessRow[]): WorkerProcess[] {
  return rows
    .filter(({ busy_since }) => busy_since === null)
    .map(({ worker, database, started }) => ({
      worker: labelText(worker.slice('neurondb_'.length)),
      database,
      startedMs: started,
    }));
}

function busyIn(rows: readonly ProcessRow[]): BusyBackend[] {
  return rows
    .flatMap(({ pid, database, busy_since: sinceMs, is_ours: isOurs }) =>
      sinceMs === null ? [] : [{ pid, database: database ?? '', sinceMs, isOurs }],
    )
    .sort((left, right) => left.sinceMs - right.sinceMs)
    .slice(0, maxBusy);
}

/** Recovery makes all files durable before it throws the statistics away. */
const resetAfterMs = 120_000;

/**
 * Tells a start with crash recovery from a clean one by what became of the statistics. One of the two resets is enough:
 * the other may have been reset by hand later.
 *
 * @returns undefined when the checkpointer cannot be seen
 */
export function beginOf(
  begunMs: number | null,
  resetsMs: readonly (number | null)[],
): ServerBegin | undefined {
  if (begunMs === null) return undefined;
  const isOfBegin = (ms: number) => ms >= begunMs && ms <= begunMs + resetAfterMs;
  const isRecovered = resetsMs.some((ms) => ms !== null && isOfBegin(ms));
  return { recoveredAtMs: isRecovered ? begunMs : undefined };
}

/**
 * Counts processes that stand where another stood at the last look. A return of the whole server is no worker's restart;
 * more than one restart between two looks is seen as one.
 */
export function followWorkers(
  processes: readonly WorkerProcess[],
  startedMs: number,
  previous: Pick<ServerFacts, 'startedMs' | 'workers'> | undefined,
): WorkerFact[] {
  const names = new Set([
    ...knownWorkers,
    ...processes.map(({ worker }) => worker),
    ...(previous?.workers ?? []).map(({ worker }) => worker),
  ]);
  return [...names].map((worker) => {
    const own = processes.filter((process) => process.worker === worker);
    const startsMs = own.map((process) => process.startedMs).sort((left, right) => left - right);
    const before = previous?.workers?.find((fact) => fact.worker === worker);
    const lastSeen = before?.lastSeenStartsMs ?? [];
    const gone = lastSeen.filter((startMs) => !startsMs.includes(startMs)).length;
    const come = startsMs.filter((startMs) => !lastSeen.includes(startMs)).length;
    const isSameServer = previous !== undefined && previous.startedMs === startedMs;
    return {
      worker,
      startsMs,
      lastSeenStartsMs: startsMs.length > 0 ? startsMs : lastSeen,
      databases: [...new Set(own.flatMap(({ database }) => database ?? []))],
      restarts: (before?.restarts ?? 0) + (isSameServer ? Math.min(gone, come) : 0),
    };
  });
}

export type ReadServer = Pick<ServerFacts, 'startedMs' | 'availableVersion' | 'workers' | 'begin' | 'busy'>;

/** What any database of the server can tell. */
export async function readServer(
  { session, skip }: PartContext,
  previous: ServerFacts | undefined,
): Promise<ReadServer> {
  const [row] = await session.rows(serverSql, ServerRow);
  if (row === undefined) throw new RangeError('a SELECT without FROM gave no row');
  if (row.available_version === null) skip('available_version', 'no_object');
  if (!row.sees_workers) skip('workers', 'no_privilege');
  const rows = row.sees_workers
    ? await session.rows(processesSql(session.serverVersion), ProcessRow)
    : undefined;
  return {
    startedMs: row.started,
    availableVersion: row.available_version === null ? undefined : labelText(row.available_version),
    workers: rows && followWorkers(workersIn(rows), row.started, previous),
    begin: row.sees_workers ? beginOf(row.begun, [row.archiver_reset, row.writer_reset]) : undefined,
    busy: rows && busyIn(rows),
  };
}
