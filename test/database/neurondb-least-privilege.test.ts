import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeHealth } from '../../src/collectors/compute/compute-health.ts';
import { computeSettings } from '../../src/collectors/compute/compute-settings.ts';
import { neurondb } from '../../src/collectors/compute/neurondb.ts';
import { relations } from '../../src/collectors/compute/relations.ts';
import { statements } from '../../src/collectors/compute/statements.ts';
import { vectorIndexes } from '../../src/collectors/compute/vector-indexes.ts';
import { controllerDatabase } from '../../src/collectors/controller-database/controller-database.ts';
import { collectSql, skips, sqlSeries } from '../collectors/compute/compute-collect.ts';
import { leastPrivilegeSql } from '../pg/least-privilege-sql.ts';
import { startNeurondbServer } from '../pg/neurondb-server.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { neonExtensionSql } from './compute-neon-sql.ts';
import { withSource } from './compute-server.ts';
import { controllerSql } from './controller-sql.ts';

/** docs/least-privilege.md on a server whose owner trusts nobody: the page's grants must be enough by themselves. */
const closeToPublic = `
REVOKE ALL ON ALL TABLES IN SCHEMA neurondb FROM PUBLIC;
REVOKE ALL ON SCHEMA neurondb, public FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA neurondb, public FROM PUBLIC;`;

const closeNeon = `
REVOKE ALL ON SCHEMA neon FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA neon FROM PUBLIC, pg_monitor;`;

let server: TestPostgres;

beforeAll(async () => {
  server = await startNeurondbServer({
    versions: { '3.0': { server: 'ndb3', database: 'appdb' } },
    defaultVersion: '3.0',
    preload: ['pg_stat_statements'],
  });
  for (const name of ['app', 'as_installed', 'storage_controller'])
    await server.run(`CREATE DATABASE ${name}`);
  for (const name of ['app', 'as_installed']) await server.run('CREATE EXTENSION neurondb', name);
  await server.run('CREATE EXTENSION pg_stat_statements');
  await server.run(neonExtensionSql());
  await server.run(closeNeon);
  await server.run(closeToPublic, 'app');
  await server.run(controllerSql(), 'storage_controller');
  await server.run(leastPrivilegeSql('Role'));
  await server.run(leastPrivilegeSql('Configuration files'));
  await server.run(leastPrivilegeSql('Extension neon'));
  await server.run(leastPrivilegeSql('NeuronDB'), 'app');
  await server.run(leastPrivilegeSql('NeuronDB'), 'as_installed');
  await server.run(leastPrivilegeSql('Controller database'), 'storage_controller');
});
afterAll(() => server.stop());

describe('the role of docs/least-privilege.md', () => {
  it('reads all of NeuronDB, which no longer shows its key to everybody', async () => {
    const reading = await withSource(server, { database: 'app', user: 'neonwatch' }, (source) =>
      collectSql(neurondb, source, { settings: { databases: ['as_installed'] } }),
    );
    expect(skips(reading)).toEqual(['gpu_enabled: no_object', 'gpu_device_count: no_object']);
    expect(sqlSeries(neurondb, reading)).toEqual(
      expect.arrayContaining([
        'neurondb_llm_config_public_readable{compute="main",datname="app"} 0',
        'neurondb_llm_config_public_readable{compute="main",datname="as_installed"} 0',
        'neurondb_queue_jobs_out_of_retries{compute="main",datname="app",queue="job_queue"} 0',
        'neurondb_table_rows{compute="main",datname="app",table="ml_models"} 0',
        'neurondb_workers{compute="main",worker="queue"} 1',
      ]),
    );
  });

  const ofCompute = { database: 'postgres', user: 'neonwatch' };
  const ofController = { database: 'storage_controller', user: 'neonwatch_controller' };
  it.for([
    { name: 'compute_settings', login: ofCompute, collector: computeSettings },
    { name: 'compute_health', login: ofCompute, collector: computeHealth },
    { name: 'statements', login: ofCompute, collector: statements },
    { name: 'relations', login: ofCompute, collector: relations },
    { name: 'vector_indexes', login: ofCompute, collector: vectorIndexes },
    { name: 'controller_database', login: ofController, collector: controllerDatabase },
  ])('is denied nothing in $name', async ({ login, collector }) => {
    const reading = await withSource(server, login, (source) => collectSql(collector as never, source));
    expect(skips(reading).filter((text) => text.endsWith('no_privilege'))).toEqual([]);
  });

  it.for([
    { may: 'read the key', sql: 'SELECT api_key FROM neurondb.llm_config', code: '42501' },
    { may: 'call what returns the key', sql: 'SELECT * FROM neurondb.get_llm_config()', code: '42501' },
    { may: 'read what is in a job', sql: 'SELECT payload FROM neurondb.job_queue', code: '42501' },
    { may: 'write, as it is set up', sql: 'CREATE TABLE mine (id int)', code: '25006' },
    {
      may: 'write when it unsets that',
      sql: 'BEGIN READ WRITE; DELETE FROM neurondb.job_queue',
      code: '42501',
    },
  ])('may not $may', async ({ sql, code }) => {
    const client = await server.connect('app', 'neonwatch');
    try {
      await expect(client.query(sql)).rejects.toMatchObject({ code });
    } finally {
      await client.end();
    }
  });

  it('may write nowhere in the controller database', async () => {
    const client = await server.connect('storage_controller', 'neonwatch_controller');
    try {
      await client.query('SET default_transaction_read_only = off');
      const update = client.query('UPDATE tenant_shards SET generation = 0');
      await expect(update).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.end();
    }
  });
});
