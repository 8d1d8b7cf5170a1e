import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import {
  type StorageSettings,
  storageSettingsSql,
  type WriteOrder,
} from '../../src/simulator/postgres/settings-sql.ts';
import type { Guard } from './guard-link.ts';
import { firstDocuments } from './load.ts';
import { startPostgres } from './postgres.ts';

/** The port of the runbook's compute. */
const usualPort = 55_433;
const database = 'shop';

/** How one gets into the compute, and what it starts from. */
export interface ComputeAccess {
  /** For the application and its load. */
  readonly appDsn: string;
  /** For neonwatch: a role that may only read. */
  readonly monitorDsn: string;
  /** config.json, as compute_ctl would read it at the next start. */
  readonly configJson: string;
}

export interface Compute extends ComputeAccess {
  /** ALTER SYSTEM and reload, as the hook does it. */
  configure(settings: Partial<StorageSettings>, order?: WriteOrder): Promise<void>;
  /** Stops it, forgets what ALTER SYSTEM has set and starts it, as compute_ctl does with a new data folder. */
  restart(): Promise<void>;
  /** Runs SQL as superuser in the application's database. */
  run(sql: string): Promise<void>;
  halt(): Promise<void>;
  resume(): Promise<void>;
}

export interface ComputeOptions extends StorageSettings {
  readonly folder: string;
  readonly guard: Guard;
  readonly tenantId: string;
  readonly timelineId: string;
  readonly onUnexpectedEnd: (output: string) => void;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Runs statements one by one: ALTER SYSTEM does not run in a transaction. */
async function runAll(dsn: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: dsn, application_name: 'demo' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/**
 * Roles, tables and indexes of an application that searches vectors. npm's Postgres has no vector extension:
 * arrays stand for vectors, a function for the distance, and bloom's handler under the names of NeuronDB's access
 * methods for its indexes, so that all of it shows as it would on a compute with NeuronDB.
 */
function applicationSql(appPassword: string): string {
  return `
    CREATE EXTENSION pg_stat_statements; CREATE EXTENSION bloom;
    CREATE ROLE shop LOGIN PASSWORD ${quoted(appPassword)};
    CREATE ACCESS METHOD hnsw TYPE INDEX HANDLER blhandler;
    CREATE ACCESS METHOD ivf TYPE INDEX HANDLER blhandler;
    CREATE OPERATOR CLASS vector_hnsw_ops DEFAULT FOR TYPE anyarray USING hnsw
      AS OPERATOR 1 =(anyarray, anyarray), FUNCTION 1 hash_array(anyarray);
    CREATE OPERATOR CLASS vector_ivf_ops DEFAULT FOR TYPE anyarray USING ivf
      AS OPERATOR 1 =(anyarray, anyarray), FUNCTION 1 hash_array(anyarray);
    CREATE FUNCTION l2_distance(real[], real[]) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
      AS 'SELECT sqrt(sum((a - b) * (a - b))) FROM unnest($1, $2) AS pair (a, b)';
    CREATE OPERATOR <-> (LEFTARG = real[], RIGHTARG = real[], FUNCTION = l2_distance);
    CREATE TABLE documents (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL,
      embedding real[] NOT NULL, views int NOT NULL DEFAULT 0, changed_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, document_id bigint NOT NULL,
      state text NOT NULL DEFAULT 'new', made_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX orders_by_state ON orders (state);
    CREATE FUNCTION embedding_of(n bigint) RETURNS real[] LANGUAGE sql IMMUTABLE
      AS 'SELECT array_agg(round((sin(n * d) * 100)::numeric, 2)::real) FROM generate_series(1, 16) AS d';
    INSERT INTO documents (title, embedding) SELECT 'document ' || n, embedding_of(n) FROM generate_series(1, ${firstDocuments}) n;
    INSERT INTO orders (document_id) SELECT 1 + n % ${firstDocuments} FROM generate_series(1, 1000) n;
    CREATE INDEX documents_by_embedding ON documents USING hnsw (embedding);
    CREATE INDEX documents_by_cluster ON documents USING ivf (embedding);
    GRANT SELECT, INSERT, UPDATE, DELETE ON documents, orders TO shop;
    ANALYZE`;
}

/** The role of docs/least-privilege.md. */
function monitorSql(password: string): string {
  return `
    CREATE ROLE neonwatch LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 3 PASSWORD ${quoted(password)};
    ALTER ROLE neonwatch SET default_transaction_read_only = on;
    GRANT pg_monitor TO neonwatch;
    GRANT SELECT ON pg_catalog.pg_file_settings TO neonwatch;
    GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO neonwatch`;
}

function configJsonOf({ tenantId, timelineId, connstring, stripeSize }: ComputeOptions): string {
  const spec = {
    tenant_id: tenantId,
    timeline_id: timelineId,
    pageserver_connstring: connstring,
    shard_stripe_size: stripeSize,
    cluster: { settings: [] },
  };
  return `${JSON.stringify({ spec, compute_ctl_config: { jwks: { keys: [] } } }, undefined, 2)}\n`;
}

/** Starts Postgres with the settings of a compute of `tenantId`, and an application's database in it. */
export async function startCompute(options: ComputeOptions): Promise<Compute> {
  const { folder, guard, onUnexpectedEnd } = options;
  const configJson = join(folder, 'config.json');
  await writeFile(configJson, configJsonOf(options));
  const postgres = await startPostgres({
    folder,
    guard,
    port: usualPort,
    onUnexpectedEnd,
    settings: [
      ['shared_preload_libraries', 'pg_stat_statements'],
      ['track_io_timing', 'on'],
      // Few, so that an application can run out of them.
      ['max_connections', 38],
      ['neon.tenant_id', options.tenantId],
      ['neon.timeline_id', options.timelineId],
      ['neon.stripe_size', options.stripeSize],
      ['neon.pageserver_connstring', options.connstring],
    ],
  });
  const adminDsn = postgres.dsn(database);
  const appPassword = randomBytes(12).toString('hex');
  const monitorPassword = randomBytes(12).toString('hex');
  await runAll(postgres.dsn('postgres'), [`CREATE DATABASE ${database}`]);
  await runAll(adminDsn, [applicationSql(appPassword), monitorSql(monitorPassword)]);
  return {
    appDsn: postgres.dsn(database, 'shop', appPassword),
    monitorDsn: postgres.dsn(database, 'neonwatch', monitorPassword),
    configJson,
    configure: (settings, order) => runAll(adminDsn, storageSettingsSql(settings, order)),
    async restart() {
      await postgres.halt();
      await writeFile(join(postgres.dataFolder, 'postgresql.auto.conf'), '');
      await postgres.resume();
    },
    run: (sql) => runAll(adminDsn, [sql]),
    halt: postgres.halt,
    resume: postgres.resume,
  };
}
