import { z } from 'zod';
import { bool, epochMs, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import type { PartContext } from './neurondb-batch.ts';
import { labelText } from './neurondb-labels.ts';
import type { ServerFacts, WorkerFact } from './neurondb-reading.ts';

/** `backend_type` without `neurondb_`. All three are registered when the library is preloaded. */
const knownWorkers = ['queue', 'tuner', 'llm'] as const;

const serverSql = `
SELECT extract(epoch FROM pg_catalog.pg_postmaster_start_time()) AS started,
  pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_workers,
  (SELECT a.default_version FROM pg_catalog.pg_available_extensions a WHERE a.name = 'neurondb') AS available_version`;

const ServerRow = z.object({ started: epochMs, sees_workers: bool, available_version: text.nullable() });

const workersSql = `
SELECT a.backend_type AS worker, a.datname AS database, extract(epoch FROM a.backend_start) AS started
FROM pg_catalog.pg_stat_activity a
WHERE pg_catalog.starts_with(a.backend_type, 'neurondb_') ORDER BY 1, 3`;

const WorkerRow = z.object({ worker: text, database: text.nullable(), started: epochMs });

export interface WorkerProcess {
  readonly worker: string;
  readonly database: string | null;
  readonly startedMs: number;
}

async function readWorkers(session: SqlSession): Promise<WorkerProcess[]> {
  const rows = await session.rows(workersSql, WorkerRow);
  return rows.map(({ worker, database, started }) => ({
    worker: labelText(worker.slice('neurondb_'.length)),
    database,
    startedMs: started,
  }));
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

/** What any database of the server can tell. */
export async function readServer(
  { session, skip }: PartContext,
  previous: ServerFacts | undefined,
): Promise<Pick<ServerFacts, 'startedMs' | 'availableVersion' | 'workers'>> {
  const [row] = await session.rows(serverSql, ServerRow);
  if (row === undefined) throw new RangeError('a SELECT without FROM gave no row');
  if (row.available_version === null) skip('available_version', 'no_object');
  if (!row.sees_workers) skip('workers', 'no_privilege');
  const processes = row.sees_workers ? await readWorkers(session) : undefined;
  return {
    startedMs: row.started,
    availableVersion: row.available_version === null ? undefined : labelText(row.available_version),
    workers: processes && followWorkers(processes, row.started, previous),
  };
}
