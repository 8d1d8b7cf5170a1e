import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeSettings } from '../../src/collectors/compute/compute-settings.ts';
import { collectSql, skips, sqlSeries } from '../collectors/compute/compute-collect.ts';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import { startEmbeddedPostgres } from '../pg/embedded-postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { withSource } from './compute-server.ts';

const neonPlaceholders = {
  'neon.pageserver_connstring': 'postgres://cloud_admin:hunter2@pageserver1:6400,host=pageserver2 port=6400',
  'neon.stripe_size': '16MB',
  'neon.tenant_id': '10000000000000000000000000000001',
  'neon.timeline_id': '20000000000000000000000000000002',
  'neon.safekeepers': 'g#4:safekeeper1:5454,safekeeper2:5454,safekeeper3:5454',
  'neon.compute_mode': 'primary',
};

/** One run as `user`, read through the real source. */
async function look(server: TestPostgres, user = 'postgres') {
  const reading = await withSource(server, { user }, (source) => collectSql(computeSettings, source));
  return { reading, series: sqlSeries(computeSettings, reading), skips: skips(reading) };
}

/** ALTER SYSTEM runs in no transaction, so each statement goes alone. */
async function alter(server: TestPostgres, ...statements: string[]): Promise<void> {
  for (const statement of statements) await server.run(statement);
}

/** Waits until the postmaster has taken up the newest files: a connection made then has them. */
async function reload(server: TestPostgres): Promise<void> {
  const loaded = async () => (await server.run('SELECT pg_conf_load_time()::text AS at'))[0]?.['at'];
  const before = await loaded();
  await server.run('SELECT pg_reload_conf()');
  await expect.poll(loaded, { timeout: 5000 }).not.toBe(before);
}

describe.for([
  { name: 'Debian', start: startDebianPostgres },
  { name: 'embedded', start: startEmbeddedPostgres },
])('compute_settings on the $name server without the neon library', ({ start }) => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await start({ settings: neonPlaceholders });
    await server.run('CREATE ROLE plain LOGIN; CREATE ROLE monitor LOGIN; GRANT pg_monitor TO monitor');
  });
  afterAll(() => server.stop());

  it('reads placeholders, with the unit taken off, and no password', async () => {
    const { reading, series, skips } = await look(server);
    expect(series).toEqual(
      expect.arrayContaining([
        'neon_compute_settings_info{compute="main",tenant_id="10000000000000000000000000000001",timeline_id="20000000000000000000000000000002",compute_mode="primary",read_via="current_setting"} 1',
        'neon_compute_pageserver_info{compute="main",shard_number="0",address="pageserver1:6400"} 1',
        'neon_compute_pageserver_info{compute="main",shard_number="1",address="pageserver2:6400"} 1',
        'neon_compute_shards{compute="main"} 2',
        'neon_compute_stripe_size_blocks{compute="main"} 2048',
        'neon_compute_stripe_order_hazard{compute="main"} 1',
        'neon_compute_connstring_shadowed{compute="main"} 0',
        'neon_compute_safekeepers{compute="main"} 3',
        'neon_compute_safekeepers_generation{compute="main"} 4',
      ]),
    );
    expect(JSON.stringify(reading)).not.toMatch(/hunter2|cloud_admin/);
    expect(skips).toEqual([]);
    expect(reading.live?.confLoadedAtMs).toBeGreaterThan(Date.UTC(2020, 0));
  });

  it.for(['plain', 'monitor'])('says what %s may not see, and reads the rest', async (user) => {
    const { series, skips } = await look(server, user);
    expect(skips).toEqual(['file_settings: no_privilege']);
    expect(series).toContain('neon_compute_shards{compute="main"} 2');
    expect(series.join('\n')).not.toMatch(/hazard|shadowed|pending_reload/);
  });

  it('asks nothing of the server that it refuses', async () => {
    await look(server, 'plain');
    expect(server.log()).not.toMatch(/ERROR:.*(denied|exist)/);
  });
});

describe('compute_settings where the order of files counts', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    const { 'neon.stripe_size': stripe, ...rest } = neonPlaceholders;
    server = await startDebianPostgres({ settings: { 'neon.stripe_size': stripe, ...rest } });
  });
  afterAll(() => server.stop());

  const flags = async () => {
    const { series } = await look(server);
    return series
      .filter((line) => /hazard|shadowed/.test(line))
      .map((line) => line.replace(/^neon_compute_(\w+)\S* /, '$1 '));
  };

  it('is content with the stripe size before the connection string', async () => {
    expect(await flags()).toEqual(['stripe_order_hazard 0', 'connstring_shadowed 0']);
  });

  it('sees a connection string that ALTER SYSTEM put over the one of postgresql.conf', async () => {
    await alter(server, "ALTER SYSTEM SET neon.pageserver_connstring = 'host=pageserver3'");
    await reload(server);
    expect(await flags()).toEqual(['stripe_order_hazard 0', 'connstring_shadowed 1']);
    const { series } = await look(server);
    expect(series).toContain(
      'neon_compute_pageserver_info{compute="main",shard_number="0",address="pageserver3:5432"} 1',
    );
  });

  it('sees the stripe size that ALTER SYSTEM appended after it', async () => {
    await alter(server, "ALTER SYSTEM SET neon.stripe_size = '4096'");
    await reload(server);
    expect(await flags()).toEqual(['stripe_order_hazard 1', 'connstring_shadowed 1']);
    const { series } = await look(server);
    expect(series).toContain('neon_compute_stripe_size_blocks{compute="main"} 4096');
  });

  it('finds nothing hidden when both files lead to the same place', async () => {
    const same = 'host=pageserver1 port=6400,postgres://other@pageserver2:6400';
    await alter(server, 'ALTER SYSTEM RESET ALL', `ALTER SYSTEM SET neon.pageserver_connstring = '${same}'`);
    await reload(server);
    expect(await flags()).toEqual(['stripe_order_hazard 0', 'connstring_shadowed 0']);
  });
});

it('compute_settings says of a Postgres without any neon setting that it is no Neon compute', async () => {
  const server = await startDebianPostgres();
  try {
    const { reading, series, skips } = await look(server);
    expect(reading.live).toBeUndefined();
    expect(series).toEqual([]);
    expect(skips).toEqual(['settings: not_neon']);
  } finally {
    await server.stop();
  }
});
