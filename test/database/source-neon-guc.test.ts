import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNeonGuc, type NeonGuc } from '../pg/build-neon-guc.ts';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';

describe('a Postgres with the settings of Neon', () => {
  let guc: NeonGuc;
  let postgres: TestPostgres;
  beforeAll(async () => {
    guc = await buildNeonGuc();
    postgres = await startDebianPostgres({
      preload: [guc.libraryPath],
      settings: {
        'neon.pageserver_connstring': 'host=pageserver1 port=6400',
        'neon.compute_mode': 'replica',
      },
    });
    await postgres.run(
      `CREATE FUNCTION neon_guc_effective_stripe() RETURNS int LANGUAGE c AS '${guc.libraryPath}'`,
    );
  });
  afterAll(async () => {
    await postgres?.stop();
    await guc?.remove();
  });

  /** A new connection, a second after the reload as reference/neon-contract.md 4.3 advises; here by looking. */
  const reload = async (isDone: () => Promise<boolean>) => {
    await postgres.run('SELECT pg_reload_conf()');
    await expect.poll(isDone, { timeout: 5_000 }).toBe(true);
  };
  const stripes = async () => {
    const [row] = await postgres.run(
      `SELECT neon_guc_effective_stripe() AS effective, setting AS shown FROM pg_settings WHERE name = 'neon.stripe_size'`,
    );
    return row;
  };

  it.for([
    { name: 'neon.stripe_size', row: ['2048', '8kB', 'sighup', 'integer'], printed: '16MB' },
    { name: 'neon.pageserver_connstring', row: ['host=pageserver1 port=6400', null, 'sighup', 'string'] },
    { name: 'neon.compute_mode', row: ['replica', null, 'postmaster', 'enum'] },
    { name: 'neon.tenant_id', row: ['', null, 'postmaster', 'string'] },
    { name: 'neon.max_cluster_size', row: ['-1', 'MB', 'sighup', 'integer'], printed: '-1' },
    { name: 'neon.file_cache_size_limit', row: ['0', 'MB', 'sighup', 'integer'] },
    {
      name: 'neon.pageserver_response_log_timeout',
      row: ['10000', 'ms', 'superuser', 'integer'],
      printed: '10s',
    },
  ])('shows $name as a compute does', async ({ name, row, printed }) => {
    const [setting] = await postgres.run(
      `SELECT setting, unit, context, vartype, current_setting(name) AS printed FROM pg_settings WHERE name = '${name}'`,
    );
    const { printed: actual, ...rest } = setting ?? {};
    expect(Object.values(rest)).toEqual(row);
    if (printed !== undefined) expect(actual).toBe(printed);
  });

  it('keeps the old stripe size when the connection string stands before the new one, until the next reload', async () => {
    expect(await stripes()).toEqual({ effective: '2048', shown: '2048' });
    await postgres.run(`ALTER SYSTEM SET neon.pageserver_connstring = 'host=a port=1,host=b port=2'`);
    await postgres.run('ALTER SYSTEM SET neon.stripe_size = 32768');
    await reload(async () => (await stripes())?.['shown'] === '32768');
    expect(await stripes()).toEqual({ effective: '2048', shown: '32768' });
    const order = await postgres.run(
      `SELECT name FROM pg_file_settings WHERE applied AND name IN ('neon.pageserver_connstring', 'neon.stripe_size') ORDER BY seqno`,
    );
    expect(order.map(({ name }) => name)).toEqual(['neon.pageserver_connstring', 'neon.stripe_size']);
    await reload(async () => (await stripes())?.['effective'] === '32768');
  });

  it('has the right stripe size at once when it stands before the connection string', async () => {
    await postgres.run('ALTER SYSTEM RESET ALL');
    await postgres.run('ALTER SYSTEM SET neon.stripe_size = 4096');
    await postgres.run(`ALTER SYSTEM SET neon.pageserver_connstring = 'host=a port=1,host=c port=2'`);
    await reload(async () => (await stripes())?.['shown'] === '4096');
    expect(await stripes()).toEqual({ effective: '4096', shown: '4096' });
  });

  it('has the right stripe size after a restart, in whatever order', async () => {
    await postgres.run('ALTER SYSTEM RESET ALL');
    await postgres.run(`ALTER SYSTEM SET neon.pageserver_connstring = 'host=a port=1,host=d port=2'`);
    await postgres.run('ALTER SYSTEM SET neon.stripe_size = 8192');
    await postgres.restart();
    expect(await stripes()).toEqual({ effective: '8192', shown: '8192' });
  });
});
