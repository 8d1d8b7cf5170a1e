import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { neurondb } from '../../src/collectors/compute/neurondb.ts';
import type { NeurondbReading } from '../../src/collectors/compute/neurondb-reading.ts';
import { collectSql, skips, sqlSeries } from '../collectors/compute/compute-collect.ts';
import { neurondbText } from '../collectors/compute/neurondb-exposition.ts';
import { startEmbeddedPostgres } from '../pg/embedded-postgres.ts';
import { startNeurondbServer } from '../pg/neurondb-server.ts';
import { neurondbWithoutFiles, plantedKey } from '../pg/neurondb-sql.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { withSource } from './compute-server.ts';

const strangeName = 'a"|b,c\n';
const plantedSetting = 'sk-planted-setting-1a2b3c4d';

/** Always there: no version has the playbook's functions. */
const playbookSkips = ['gpu_enabled: no_object', 'gpu_device_count: no_object'];

let server: TestPostgres;

beforeAll(async () => {
  server = await startNeurondbServer({
    versions: {
      '2.0': { server: 'pg16', database: 'appdb' },
      '3.0': { server: 'ndb3', database: 'appdb' },
      '3.0postgres': { server: 'ndb3', database: 'postgres' },
    },
    defaultVersion: '3.0',
    settings: {
      'neurondb.llm_api_key': plantedSetting,
      'neurondb.neuranmon_enabled': 'off',
      log_statement: 'all',
    },
  });
  for (const name of ['appdb', 'plain', 'older', strangeName]) {
    await server.run(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
  }
  await server.run('CREATE EXTENSION neurondb', 'appdb');
  await server.run("CREATE EXTENSION neurondb VERSION '3.0postgres'");
  await server.run(
    `CREATE SCHEMA "Odd ""schema"""; CREATE EXTENSION neurondb VERSION '2.0' SCHEMA "Odd ""schema"""`,
    'older',
  );
  await server.run('CREATE EXTENSION neurondb', strangeName);
  await server.run('CREATE ROLE monitor LOGIN IN ROLE pg_monitor; CREATE ROLE plain LOGIN');
});
afterAll(() => server.stop());

async function look(
  options: {
    database?: string;
    user?: string;
    databases?: readonly string[];
    previous?: NeurondbReading;
  } = {},
) {
  const { database = 'appdb', user = 'monitor', databases = [], previous } = options;
  const reading = await withSource(server, { database, user }, (source) =>
    collectSql(neurondb, source, {
      settings: { databases },
      ...(previous === undefined ? {} : { previous }),
    }),
  );
  return { reading, series: sqlSeries(neurondb, reading) };
}

/** Series that differ from one start of a server to the next. */
const ownToTheRun = /^neurondb_worker_start_timestamp_seconds/;

describe('the recorded extension on a real server', () => {
  it.for(['monitor', 'plain'] as const)('as a %s role gives what the recording gives', async (role) => {
    const { reading } = await look({ user: role, databases: ['plain', 'postgres'] });
    const lines = neurondbText(reading).replaceAll('3.0postgres', '3.0').split('\n');
    const golden = new URL(`../golden/neurondb-ndb3-${role}.prom`, import.meta.url);
    const expected = readFileSync(golden, 'utf8').split('\n');
    const comparable = (text: readonly string[]) => text.filter((line) => !ownToTheRun.test(line));
    expect(comparable(lines)).toEqual(comparable(expected));
  });

  it('gives at least 15 families with values in one database and the reason in another', async () => {
    const { reading, series } = await look({ databases: ['plain'] });
    const withValues = series.filter((line) => !line.includes('datname="plain"'));
    expect(new Set(withValues.map((line) => line.split('{')[0])).size).toBeGreaterThanOrEqual(15);
    expect(reading.skips.filter(({ database }) => database === 'plain')).toEqual([
      { database: 'plain', part: 'extension', reason: 'no_extension' },
    ]);
  });

  it('is found in another schema, and an older version than the library is seen', async () => {
    const closed = await look({ database: 'older' });
    expect(skips(closed.reading)).toEqual(
      expect.arrayContaining(['gpu', 'llm_gpu', 'onnx', 'llm_cache'].map((part) => `${part}: no_privilege`)),
    );
    await server.run('GRANT USAGE ON SCHEMA "Odd ""schema""" TO monitor', 'older');
    const { series, reading } = await look({ database: 'older' });
    expect(skips(reading)).toEqual([...playbookSkips, 'ml_models: no_privilege']);
    expect(series).toEqual(
      expect.arrayContaining([
        'neurondb_extension_info{compute="main",datname="older",version="2.0",schema="Odd "schema""} 1',
        'neurondb_extension_version_match{compute="main",datname="older",against="available"} 0',
        'neurondb_extension_version_match{compute="main",datname="older",against="library"} 0',
        'neurondb_gpu_devices{compute="main"} 0',
      ]),
    );
  });

  it('is read in a database with an impossible name', async () => {
    const { reading } = await look({ databases: ['a"*'] });
    expect(reading.databases.map(({ database }) => database)).toEqual(['appdb', strangeName]);
    expect(neurondbText(reading)).toContain('datname="a\\"|b,c\\n",version="3.0"');
  });

  it('takes one connection for all databases', async () => {
    await withSource(server, { database: 'appdb', user: 'monitor' }, async (source) => {
      await collectSql(neurondb, source, { settings: { databases: ['*'] } });
      expect(source.stats().connected).toBeLessThanOrEqual(1);
    });
  });

  it('passes by a database that refuses us and one that is half dropped', async () => {
    await server.run('CREATE DATABASE closed');
    await server.run('REVOKE CONNECT ON DATABASE closed FROM PUBLIC');
    await server.run('CREATE DATABASE half');
    await server.run("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'half'");
    const { reading } = await look({ databases: ['closed', 'half', 'plain'] });
    expect(reading.databases.map(({ database }) => database)).toEqual(['appdb', 'plain']);
    expect(reading.skips.filter(({ part }) => part === 'database')).toEqual([
      { database: 'closed', part: 'database', reason: 'no_privilege' },
    ]);
  });
});

describe('grants', () => {
  it.for([
    { revoke: 'SELECT ON neurondb.job_queue', lost: ['job_queue'] },
    { revoke: 'SELECT ON neurondb.llm_jobs', lost: ['llm_jobs'] },
    { revoke: 'SELECT ON neurondb.embedding_cache', lost: ['embedding_cache'] },
    { revoke: 'SELECT ON neurondb.index_maintenance', lost: ['index_maintenance'] },
    { revoke: 'SELECT ON neurondb.index_metadata', lost: ['index_metadata'] },
    { revoke: 'SELECT ON neurondb.query_metrics', lost: ['query_metrics'] },
    { revoke: 'SELECT ON neurondb.tenant_quotas', lost: ['tenant_quotas'] },
    { revoke: 'SELECT ON neurondb.tenant_usage', lost: ['tenant_usage'] },
    { revoke: 'EXECUTE ON FUNCTION neurondb.version()', lost: ['library_version'] },
    { revoke: 'EXECUTE ON FUNCTION neurondb_gpu_info()', lost: ['gpu'] },
    { revoke: 'EXECUTE ON FUNCTION neurondb_llm_gpu_info()', lost: ['llm_gpu'] },
    { revoke: 'EXECUTE ON FUNCTION neurondb_onnx_info()', lost: ['onnx'] },
    { revoke: 'EXECUTE ON FUNCTION neurondb_entrypoint_cache_stats()', lost: ['entrypoint_cache'] },
    { revoke: 'EXECUTE ON FUNCTION ndb_llm_cache_stats()', lost: ['llm_cache'] },
    {
      revoke: 'USAGE ON SCHEMA neurondb',
      lost: [
        'library_version',
        ...['job_queue', 'llm_jobs', 'index_metadata', 'embedding_cache', 'index_maintenance'],
        ...['query_metrics', 'tenant_quotas', 'tenant_usage'],
      ],
    },
  ])('without $revoke exactly $lost is lost', async ({ revoke, lost }) => {
    await server.run(`REVOKE ${revoke} FROM PUBLIC`, 'appdb');
    const before = server.log().length;
    try {
      const { reading } = await look();
      // Asked first: to try and be refused would leave an error in the server's log at every look.
      expect(server.log().slice(before)).not.toContain('neonwatch ERROR');
      const denied = reading.skippedParts.filter(({ reason }) => reason === 'no_privilege');
      expect(denied.map(({ part }) => part).sort()).toEqual(['ml_models', ...lost].sort());
    } finally {
      await server.run(`GRANT ${revoke} TO PUBLIC`, 'appdb');
    }
  });

  it('to single columns are enough, and the age is lost alone', async () => {
    await server.run('REVOKE SELECT ON neurondb.job_queue FROM PUBLIC', 'appdb');
    await server.run('GRANT SELECT (status) ON neurondb.job_queue TO monitor', 'appdb');
    try {
      const { series } = await look();
      const ofQueue = series.filter((line) => line.includes('queue="job_queue"'));
      expect(ofQueue.map((line) => line.split('{')[0])).toEqual(Array(3).fill('neurondb_queue_jobs'));
    } finally {
      await server.run('REVOKE SELECT (status) ON neurondb.job_queue FROM monitor', 'appdb');
      await server.run('GRANT SELECT ON neurondb.job_queue TO PUBLIC', 'appdb');
    }
  });

  it.for([
    {
      case: 'as installed everybody may read the key',
      sql: 'SELECT 1',
      undo: 'SELECT 1',
      readable: 1,
    },
    {
      case: 'a revoked table is closed',
      sql: 'REVOKE SELECT ON neurondb.llm_config FROM PUBLIC',
      undo: 'GRANT SELECT ON neurondb.llm_config TO PUBLIC',
      readable: 0,
    },
    {
      case: 'a harmless column may stay open',
      sql: `REVOKE SELECT ON neurondb.llm_config FROM PUBLIC; GRANT SELECT (default_model) ON neurondb.llm_config TO PUBLIC`,
      undo: `REVOKE SELECT (default_model) ON neurondb.llm_config FROM PUBLIC; GRANT SELECT ON neurondb.llm_config TO PUBLIC`,
      readable: 0,
    },
    {
      case: 'the column of the key may not',
      sql: `REVOKE SELECT ON neurondb.llm_config FROM PUBLIC; GRANT SELECT (api_key) ON neurondb.llm_config TO PUBLIC`,
      undo: `REVOKE SELECT (api_key) ON neurondb.llm_config FROM PUBLIC; GRANT SELECT ON neurondb.llm_config TO PUBLIC`,
      readable: 1,
    },
    {
      case: 'nor may a function that reads it with the rights of its owner',
      sql: `REVOKE SELECT ON neurondb.llm_config FROM PUBLIC; ALTER FUNCTION neurondb.get_llm_config() SECURITY DEFINER`,
      undo: `ALTER FUNCTION neurondb.get_llm_config() SECURITY INVOKER; GRANT SELECT ON neurondb.llm_config TO PUBLIC`,
      readable: 1,
    },
  ])('$case', async ({ sql, undo, readable }) => {
    await server.run(sql, 'appdb');
    try {
      const { series } = await look({ user: 'plain' });
      expect(series).toContain(
        `neurondb_llm_config_public_readable{compute="main",datname="appdb"} ${readable}`,
      );
    } finally {
      await server.run(undo, 'appdb');
    }
  });
});

describe('trouble in one part', () => {
  it('a queue locked by DDL costs the queue, after lock_timeout', async () => {
    const holder = await server.connect('appdb');
    await holder.query('BEGIN; LOCK TABLE neurondb.job_queue IN ACCESS EXCLUSIVE MODE');
    try {
      const { reading, series } = await look();
      expect(skips(reading)).toContain('job_queue: timeout');
      expect(series).toContain(
        'neurondb_queue_jobs{compute="main",datname="appdb",queue="llm_jobs",status="queued"} 1',
      );
      expect(series).toContain(
        'neurondb_table_rows{compute="main",datname="appdb",table="query_metrics"} 20',
      );
    } finally {
      await holder.end();
    }
  });

  it.for([
    {
      case: 'an internal error',
      body: "RAISE EXCEPTION 'not initialized' USING ERRCODE = 'XX000'",
      reason: 'failed',
    },
    {
      case: 'a missing type',
      body: "RAISE EXCEPTION 'no type' USING ERRCODE = '42704'",
      reason: 'failed',
    },
    {
      case: 'a library that was not preloaded',
      body: "RAISE EXCEPTION 'preload me' USING ERRCODE = '55000'",
      reason: 'failed',
    },
    { case: 'no JSON', body: "RETURN 'not available'", reason: 'malformed' },
    { case: 'nothing', body: 'RETURN NULL', reason: 'malformed' },
  ])('a function that answers with $case costs itself', async ({ body, reason }) => {
    const replace = (text: string) =>
      `CREATE OR REPLACE FUNCTION neurondb_onnx_info() RETURNS text LANGUAGE plpgsql AS $$ BEGIN ${text}; END $$`;
    await server.run(replace(body), 'appdb');
    try {
      const { reading, series } = await look();
      expect(skips(reading)).toContain(`onnx: ${reason}`);
      expect(series).toContain('neurondb_gpu_devices{compute="main"} 0');
    } finally {
      await server.run(replace(`RETURN '{"available": false, "version": ""}'`), 'appdb');
    }
  });

  it('does not call what somebody else made under the name of a function', async () => {
    await server.run(
      `CREATE SCHEMA neurondb; CREATE TABLE public.called (at timestamptz);
       CREATE FUNCTION neurondb.version() RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called'; END $$;
       CREATE TABLE neurondb.job_queue (status text)`,
      'plain',
    );
    const before = server.log().length;
    const { reading } = await look({ database: 'plain' });
    expect(reading.databases[0]?.extension).toBeUndefined();
    expect(server.log().slice(before)).not.toMatch(/neurondb\.version\(\)|FROM neurondb\./);
    await server.run('DROP SCHEMA neurondb CASCADE', 'plain');
  });
});

describe('workers', () => {
  const waitFor = (condition: string) =>
    server.run(`DO $$ BEGIN
      WHILE NOT (${condition}) LOOP PERFORM pg_sleep(0.02); PERFORM pg_stat_clear_snapshot(); END LOOP;
    END $$`);
  const ofQueue = "SELECT backend_start FROM pg_stat_activity WHERE backend_type = 'neurondb_queue'";

  it('are seen with their database, and one that may not run is missing by its setting', async () => {
    await waitFor("NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'neurondb_tuner')");
    const { series } = await look({ databases: ['postgres'] });
    expect(series).toEqual(
      expect.arrayContaining([
        'neurondb_workers{compute="main",worker="queue"} 1',
        'neurondb_workers{compute="main",worker="tuner"} 0',
        'neurondb_worker_enabled{compute="main",worker="tuner"} 0',
        'neurondb_queue_database_served{compute="main",datname="appdb"} 0',
        'neurondb_queue_database_served{compute="main",datname="postgres"} 1',
      ]),
    );
  });

  it('that come back are counted, and the return of the whole server is not', async () => {
    const first = await look();
    const [before] = await server.run(ofQueue);
    await server.run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'neurondb_queue'",
    );
    await waitFor(`EXISTS (${ofQueue} AND backend_start <> '${before?.['backend_start']}')`);
    const second = await look({ previous: first.reading });
    const restarts = 'neurondb_worker_restarts_total{compute="main",worker="queue"}';
    expect(second.series).toContain(`${restarts} 1`);
    expect(second.series).toContain('neurondb_worker_restarts_total{compute="main",worker="llm"} 0');

    await server.restart();
    await waitFor(`EXISTS (${ofQueue})`);
    const third = await look({ previous: second.reading });
    expect(third.series).toContain(`${restarts} 1`);
  });
});

describe('secrets', () => {
  it('planted in the table and in the setting are asked for by no statement and seen nowhere', async () => {
    const before = server.log().length;
    const { reading, series } = await look({ user: 'postgres', databases: ['*'] });
    // A statement of several lines goes on with a tab.
    const statements = server
      .log()
      .slice(before)
      .replaceAll('\n\t', ' ')
      .split('\n')
      .filter((line) => line.includes('neonwatch'));
    const [visible] = await server.run("SELECT setting FROM pg_settings WHERE name = 'neurondb.llm_api_key'");
    const [config] = await server.run('SELECT * FROM neurondb.get_llm_config()', 'appdb');
    expect([visible?.['setting'], config?.['api_key']]).toEqual([plantedSetting, plantedKey]);

    const everything = JSON.stringify(reading, (_key, value) =>
      typeof value === 'bigint' ? `${value}` : value instanceof Map ? [...value] : value,
    );
    for (const text of [everything, series.join('\n'), statements.join('\n')]) {
      expect(text).not.toContain(plantedKey);
      expect(text).not.toContain(plantedSetting);
      expect(text).not.toContain('api_key');
    }
    expect(statements.length).toBeGreaterThan(10);
  });

  it('are in no error: a function that shouts one is skipped by its reason', async () => {
    const shout = `RAISE EXCEPTION 'key is ${plantedKey}' USING ERRCODE = 'XX000'`;
    const replace = (text: string) =>
      `CREATE OR REPLACE FUNCTION neurondb_onnx_info() RETURNS text LANGUAGE plpgsql AS $$ BEGIN ${text}; END $$`;
    await server.run(replace(shout), 'appdb');
    const { reading } = await look();
    expect(skips(reading)).toContain('onnx: failed');
    expect(neurondbText(reading)).not.toContain(plantedKey);
    await server.run(replace(`RETURN '{"available": false, "version": ""}'`), 'appdb');
  });
});

describe('another major version of Postgres', () => {
  it('gives the same facts where no extension can be laid on the disk', async () => {
    const other = await startEmbeddedPostgres();
    try {
      await other.run('CREATE DATABASE appdb');
      await other.run(neurondbWithoutFiles({ server: 'ndb3', database: 'appdb' }), 'appdb');
      await other.run('CREATE ROLE monitor LOGIN IN ROLE pg_monitor');
      const reading = await withSource(other, { database: 'appdb', user: 'monitor' }, (source) =>
        collectSql(neurondb, source),
      );
      expect(skips(reading)).toEqual([
        'available_version: no_object',
        'compute_mode: no_object',
        ...playbookSkips,
        'ml_models: no_privilege',
      ]);
      expect(sqlSeries(neurondb, reading)).toEqual(
        expect.arrayContaining([
          'neurondb_library_preloaded{compute="main"} 0',
          'neurondb_workers{compute="main",worker="queue"} 0',
          'neurondb_queue_jobs{compute="main",datname="appdb",queue="job_queue",status="pending"} 2',
        ]),
      );
    } finally {
      await other.stop();
    }
  });
});
