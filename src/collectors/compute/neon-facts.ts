import type { SqlSession } from '../../sources/sql-reader.ts';
import type { Parts } from '../sql-part.ts';
import { type PerfCounters, perfCounters } from './neon-perf.ts';
import { type NeonExtension, type NeonObject, neonQueries } from './neon-rows.ts';

/** WAL that a compute has flushed and its pageservers have not yet taken, by how far they have come with it. */
export interface BackpressureLag {
  readonly received: bigint | undefined;
  readonly diskConsistent: bigint | undefined;
  readonly remoteConsistent: bigint | undefined;
}

/** Progress of a prewarm of the local file cache; there is none until one was started. */
export interface Prewarm {
  readonly totalPages: number;
  readonly prewarmedPages: number;
  readonly skippedPages: number;
}

/** What extension `neon` of a compute tells. Undefined is not there, not allowed, or null. */
export interface NeonFacts {
  readonly version: string;
  /** Local file cache by key, `file_cache_` taken off; in pages and chunks. Keys that are null are absent. */
  readonly lfc: ReadonlyMap<string, bigint> | undefined;
  readonly perf: PerfCounters | undefined;
  readonly throttledMicroseconds: bigint | undefined;
  readonly lag: BackpressureLag | undefined;
  /** Pages by window. */
  readonly workingSet: ReadonlyMap<string, number> | undefined;
  readonly prewarm: Prewarm | undefined;
  readonly clusterBytes: bigint | undefined;
}

/** Asks extension `neon` for everything it has here and lets us see; what is missing is named part by part. */
export async function readNeon(
  session: SqlSession,
  extension: NeonExtension,
  isInRecovery: boolean,
  parts: Parts,
): Promise<NeonFacts> {
  const { schema, objects } = extension;
  const ask = async <Row>(
    name: NeonObject,
    read: (columns: readonly string[]) => Promise<Row[]>,
  ): Promise<Row[] | undefined> => {
    const found = objects.get(name);
    if (found === undefined) {
      parts.skip(name, 'unsupported_version');
      return undefined;
    }
    if (!found.isAllowed) {
      parts.skip(name, 'no_privilege');
      return undefined;
    }
    return parts.attempt(name, () => read(found.columns));
  };
  const lfc = await ask('neon_lfc_stats', () => neonQueries.lfcStats(session, schema));
  const perf = await ask('neon_perf_counters', (columns) =>
    neonQueries.perfCounters(session, schema, columns.includes('bucket_le')),
  );
  const throttling = await ask('backpressure_throttling_time', () => neonQueries.throttling(session, schema));
  if (isInRecovery) parts.skip('backpressure_lsns', 'in_recovery');
  const lsns = isInRecovery
    ? undefined
    : await ask('backpressure_lsns', () => neonQueries.lsns(session, schema));
  const workingSet = await ask('approximate_working_set_size_seconds', () =>
    neonQueries.workingSet(session, schema),
  );
  const prewarm = await readPrewarm(session, extension, parts, ask);
  const cluster = await ask('pg_cluster_size', () => neonQueries.clusterSize(session, schema));
  const counters = perf === undefined ? undefined : perfCounters(perf);
  if (counters !== undefined && counters.malformed > 0) parts.skip('neon_perf_counters', 'malformed');
  return {
    version: extension.version,
    lfc: lfc && lfcOf(lfc),
    perf: counters,
    throttledMicroseconds: throttling?.[0]?.microseconds ?? undefined,
    lag: lsns && lagOf(lsns),
    workingSet:
      workingSet && new Map(workingSet.flatMap(({ name, pages }) => (pages === null ? [] : [[name, pages]]))),
    prewarm,
    clusterBytes: cluster?.[0]?.bytes ?? undefined,
  };
}

type Ask = <Row>(
  name: NeonObject,
  read: (columns: readonly string[]) => Promise<Row[]>,
) => Promise<Row[] | undefined>;

/** The first releases of 1.6 counted chunks under other names. */
async function readPrewarm(
  session: SqlSession,
  { schema, objects }: NeonExtension,
  parts: Parts,
  ask: Ask,
): Promise<Prewarm | undefined> {
  const columns = objects.get('get_prewarm_info')?.columns;
  if (columns !== undefined && !columns.includes('total_pages')) {
    parts.skip('get_prewarm_info', 'unsupported_version');
    return undefined;
  }
  const rows = await ask('get_prewarm_info', () => neonQueries.prewarm(session, schema));
  const row = rows?.[0];
  if (row === undefined || row.total === null || row.prewarmed === null || row.skipped === null)
    return undefined;
  return { totalPages: row.total, prewarmedPages: row.prewarmed, skippedPages: row.skipped };
}

function lfcOf(rows: readonly { lfc_key: string; lfc_value: bigint | null }[]): ReadonlyMap<string, bigint> {
  return new Map(
    rows.flatMap(({ lfc_key, lfc_value }) =>
      lfc_value === null ? [] : [[lfc_key.replace(/^file_cache_/, ''), lfc_value]],
    ),
  );
}

interface Positions {
  readonly flushed: bigint;
  readonly received: bigint | null;
  readonly disk_consistent: bigint | null;
  readonly remote_consistent: bigint | null;
}

/** Position 0 means that no pageserver has reported yet: unknown, not all of the WAL. */
function lagOf([row]: readonly Positions[]): BackpressureLag | undefined {
  if (row === undefined) return undefined;
  const behind = (position: bigint | null) => {
    if (position === null || position === 0n) return undefined;
    return position > row.flushed ? 0n : row.flushed - position;
  };
  return {
    received: behind(row.received),
    diskConsistent: behind(row.disk_consistent),
    remoteConsistent: behind(row.remote_consistent),
  };
}
