import { SourceError } from '../../errors.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import type { SqlCollector, SqlContext } from '../sql-collector.ts';
import { type Parts, trackParts } from '../sql-part.ts';
import { activityOf } from './compute-health-activity.ts';
import { computeHealthFamilies } from './compute-health-families.ts';
import type { ComputeHealthReading } from './compute-health-reading.ts';
import { readRisks } from './compute-health-risks.ts';
import { readActivity, readServer, readWaits, type WaitRow } from './compute-health-rows.ts';
import { readSizes } from './compute-health-sizes.ts';
import { type NeonFacts, readNeon } from './neon-facts.ts';
import { neonFamilies } from './neon-families.ts';
import { probeNeon } from './neon-rows.ts';

type Context = SqlContext<ComputeHealthReading>;

/** Where `compute_ctl` creates extension `neon`. */
const neonDatabase = 'postgres';
/** Neon names its wait events itself since then. */
const namedWaitsVersion = 170_000;
const waitPrefix = 'Neon/';
const waitsShown = 32;

async function readHealth(session: SqlSession, context: Context, parts: Parts) {
  const server = await readServer(session);
  if (server === undefined) throw new SourceError('malformed', 'the server gave no row about itself');
  const activity = activityOf(await readActivity(session), context.settings.top);
  if (activity.hidden > 0) parts.skip('activity', 'no_privilege');
  const extension = await parts.attempt('neon', () => probeNeon(session));
  const isNeon = server.is_neon || extension !== undefined;
  if (!isNeon) parts.skip('neon', 'not_neon');
  const waits = isNeon && activity.hidden === 0 ? await readNeonWaits(session, parts) : undefined;
  const neon = extension && (await readNeon(session, extension, server.in_recovery, parts));
  const risks = await parts.attempt('risky_settings', () => readRisks(session));
  // Last, because a busy server takes longest over these.
  const databases = await parts.attempt('database_sizes', () =>
    readSizes(session, context.previous?.databases, context.clock, parts),
  );
  const reading = {
    isInRecovery: server.in_recovery,
    postmasterStartedAtMs: server.started,
    maxConnections: server.max_connections,
    superuserReservedConnections: server.superuser_reserved,
    reservedConnections: server.reserved ?? undefined,
    blockBytes: server.block_size,
    activity,
    waits,
    databases,
    risks,
    top: context.settings.top,
    neon,
  };
  return { reading, isNeon, database: session.database };
}

async function readNeonWaits(
  session: SqlSession,
  parts: Parts,
): Promise<ReadonlyMap<string, number> | undefined> {
  if (session.serverVersion < namedWaitsVersion) {
    parts.skip('neon_waits', 'unsupported_version');
    return undefined;
  }
  return waitsOf(await readWaits(session));
}

function waitsOf(rows: readonly WaitRow[]): ReadonlyMap<string, number> {
  return new Map(
    rows.slice(0, waitsShown).map((row) => [row.wait_event.slice(waitPrefix.length), row.backends]),
  );
}

/** A compute has the extension in one database only, which need not be the one we were told to read. */
async function readNeonElsewhere(
  { sql, signal }: Context,
  isInRecovery: boolean,
  parts: Parts,
): Promise<NeonFacts | undefined> {
  return parts.attempt('neon', () =>
    sql.session({ database: neonDatabase }, signal, async (session) => {
      const extension = await probeNeon(session);
      if (extension !== undefined) return readNeon(session, extension, isInRecovery, parts);
      parts.skip('neon', 'no_extension');
      return undefined;
    }),
  );
}

/** Connections, sizes and age of a compute, and what Neon's own extension counts in it. */
export const computeHealth = {
  name: 'compute_health',
  summary:
    'Connections, sizes and recovery of a compute; its local file cache, pageserver requests and backpressure.',
  kind: 'compute',
  families: [...computeHealthFamilies, ...neonFamilies],
  async collect(context) {
    const parts = trackParts(context.signal);
    const { reading, isNeon, database } = await context.sql.session({}, context.signal, (session) =>
      readHealth(session, context, parts),
    );
    const isElsewhere = reading.neon === undefined && isNeon;
    if (isElsewhere && database === neonDatabase) parts.skip('neon', 'no_extension');
    const neon =
      isElsewhere && database !== neonDatabase
        ? await readNeonElsewhere(context, reading.isInRecovery, parts)
        : reading.neon;
    return { ...reading, neon, skippedParts: parts.skipped() };
  },
} as const satisfies SqlCollector<ComputeHealthReading>;
