import pg from 'pg';
import type { World } from '../world/api.ts';
import type { Compute } from '../world/hook-api.ts';
import { identitySql, storageSettingsSql } from './settings-sql.ts';

const connectTimeoutMs = 5_000;
const statementTimeoutMs = 5_000;

/** A real Postgres in the place of one of the world's computes. */
export interface DrivenCompute {
  readonly tenantId: string;
  /** Resolves when everything the world has said so far is written, or could not be. */
  written(): Promise<void>;
}

interface DriveOptions {
  readonly world: World;
  readonly compute: Compute;
  /** `postgresql://user:password@host:port/database` of a superuser. Never shown. */
  readonly dsn: string;
  /** A later change that did not get through: the compute missed it, as one that is down does. */
  readonly onMissed: (reason: string) => void;
}

/** Our own words, safe to show. */
class Refused extends Error {}

/** What went wrong, without the text of the error: that may repeat a part of the connection string. */
function reasonOf(error: unknown): string {
  if (error instanceof Refused) return error.message;
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'no connection';
}

async function runAll(dsn: string, statements: readonly string[]): Promise<readonly pg.QueryResult[]> {
  const client = new pg.Client({
    connectionString: dsn,
    application_name: 'neonwatch simulate',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: 2 * statementTimeoutMs,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const results: pg.QueryResult[] = [];
    // One by one: ALTER SYSTEM does not run in a transaction.
    for (const statement of statements) results.push(await client.query(statement));
    return results;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A compute that serves somebody's data is not for a simulator to set. */
async function refuseRealCompute(dsn: string): Promise<void> {
  const [result] = await runAll(dsn, ["SELECT current_setting('shared_preload_libraries') AS loaded"]);
  const loaded = String((result?.rows[0] as { loaded?: unknown } | undefined)?.loaded ?? '');
  // As `neon`, "neon" or with its path.
  if (
    loaded.split(',').some((library) => /^(?:.*\/)?neon(?:\.so)?$/.test(library.replaceAll('"', '').trim()))
  )
    throw new Refused('it has loaded the library `neon`: a real compute is not for a simulator to set');
}

/**
 * From now on every change of the compute's settings is written to a real Postgres, by ALTER SYSTEM and a reload as a
 * hook does it; first what it is set to now, and whose compute it is.
 *
 * @throws an `Error` without the connection string when the Postgres cannot be set, or is a real compute
 */
export async function driveCompute({ world, compute, dsn, onMissed }: DriveOptions): Promise<DrivenCompute> {
  const { tenantId, timelineId, connstring, stripeSize } = compute;
  try {
    await refuseRealCompute(dsn);
    const first = storageSettingsSql({ connstring, stripeSize });
    await runAll(dsn, [...identitySql(tenantId, timelineId), ...first]);
  } catch (error) {
    // Not as its cause: whoever prints that prints the text of the error.
    throw new Error(`the compute's Postgres cannot be set: ${reasonOf(error)}`);
  }
  let writing: Promise<void> = Promise.resolve();
  world.onComputeSettings((settings) => {
    if (settings.tenantId !== tenantId) return;
    const statements = storageSettingsSql({
      connstring: settings.connstring,
      ...(settings.stripeSize === null ? {} : { stripeSize: settings.stripeSize }),
    });
    // In the order they came in: a slow one must not undo a later one.
    writing = writing.then(async () => {
      await runAll(dsn, statements).catch((error: unknown) => onMissed(reasonOf(error)));
    });
  });
  return { tenantId, written: () => writing };
}
