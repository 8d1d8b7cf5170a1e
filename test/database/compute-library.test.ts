import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { computeHealth } from '../../src/collectors/compute/compute-health.ts';
import { computeSettings } from '../../src/collectors/compute/compute-settings.ts';
import { openPostgres } from '../../src/sources/postgres.ts';
import { collectSql, skips, sqlSeries } from '../collectors/compute/compute-collect.ts';
import { buildNeonGuc, type NeonGuc } from '../pg/build-neon-guc.ts';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import { startPgBouncer } from '../pg/pgbouncer.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { withSource } from './compute-server.ts';

describe('compute_settings where a library defines the settings as neon does', () => {
  let library: NeonGuc;
  let server: TestPostgres;
  beforeAll(async () => {
    library = await buildNeonGuc();
    server = await startDebianPostgres({
      preload: [library.libraryPath],
      settings: {
        'neon.stripe_size': '2048',
        'neon.pageserver_connstring':
          'postgres://cloud_admin:hunter2@pageserver1:6400,host=pageserver2 port=6400',
        'neon.tenant_id': '1'.repeat(32),
        'neon.timeline_id': '2'.repeat(32),
        'neon.safekeepers': 'g#4:safekeeper1:5454,safekeeper2:5454',
      },
    });
    await server.run(
      `CREATE FUNCTION neon_guc_effective_stripe() RETURNS int LANGUAGE c AS '${library.libraryPath}';
       CREATE ROLE plain LOGIN; CREATE ROLE monitor LOGIN; GRANT pg_monitor TO monitor`,
    );
  });
  afterAll(async () => {
    await server.stop();
    await library.remove();
  });

  async function look(user = 'postgres') {
    const reading = await withSource(server, { user }, (source) => collectSql(computeSettings, source));
    return { reading, series: sqlSeries(computeSettings, reading), skips: skips(reading) };
  }
  const effectiveStripe = async () =>
    (await server.run('SELECT neon_guc_effective_stripe() AS blocks'))[0]?.['blocks'];
  async function reload(): Promise<void> {
    const loaded = async () => (await server.run('SELECT pg_conf_load_time()::text AS at'))[0]?.['at'];
    const before = await loaded();
    await server.run('SELECT pg_reload_conf()');
    await expect.poll(loaded, { timeout: 5000 }).not.toBe(before);
  }

  it('reads pg_settings, in blocks, with where each comes from', async () => {
    const { reading, series, skips } = await look();
    expect(series).toEqual(
      expect.arrayContaining([
        `neon_compute_settings_info{compute="main",tenant_id="${'1'.repeat(32)}",timeline_id="${'2'.repeat(32)}",compute_mode="primary",read_via="pg_settings"} 1`,
        'neon_compute_pageserver_info{compute="main",shard_number="1",address="pageserver2:6400"} 1',
        'neon_compute_stripe_size_blocks{compute="main"} 2048',
        'neon_compute_setting_source_info{compute="main",setting="neon.compute_mode",source="default",file=""} 1',
        'neon_compute_setting_source_info{compute="main",setting="neon.stripe_size",source="configuration file",file="postgresql.conf"} 1',
        'neon_compute_settings_pending_restart{compute="main"} 0',
        'neon_compute_settings_pending_reload{compute="main"} 0',
        'neon_compute_safekeepers_generation{compute="main"} 4',
      ]),
    );
    expect(JSON.stringify([reading, series])).not.toMatch(/hunter2|cloud_admin/);
    expect(skips).toEqual([]);
  });

  it.for([
    { user: 'monitor', lost: ['file_settings: no_privilege'] },
    { user: 'plain', lost: ['source_files: no_privilege', 'file_settings: no_privilege'] },
  ])('says what $user may not see', async ({ user, lost }) => {
    const { series, skips } = await look(user);
    expect(skips).toEqual(lost);
    expect(series).toContain('neon_compute_shards{compute="main"} 2');
  });

  it('sees files that were changed and not loaded, then the hazard that the reload brings', async () => {
    await server.run(`ALTER SYSTEM SET neon.pageserver_connstring = 'host=pageserver3,host=pageserver4'`);
    await server.run(`ALTER SYSTEM SET neon.stripe_size = '32MB'`);
    const before = await look();
    expect(before.series).toContain('neon_compute_settings_pending_reload{compute="main"} 2');
    expect(before.series).toContain('neon_compute_stripe_size_blocks{compute="main"} 2048');
    await reload();
    const after = await look();
    expect(after.series).toEqual(
      expect.arrayContaining([
        'neon_compute_settings_pending_reload{compute="main"} 0',
        'neon_compute_stripe_size_blocks{compute="main"} 4096',
        'neon_compute_stripe_order_hazard{compute="main"} 1',
        'neon_compute_connstring_shadowed{compute="main"} 1',
      ]),
    );
    // What the settings show is not what the postmaster works with: this is what the hazard warns of.
    expect(await effectiveStripe()).toBe('2048');
  });

  it('sees a setting that waits for a restart', async () => {
    await server.run(`ALTER SYSTEM SET neon.tenant_id = '${'3'.repeat(32)}'`);
    await reload();
    const { series } = await look();
    expect(series).toContain('neon_compute_settings_pending_restart{compute="main"} 1');
    expect(series.join('\n')).toContain(`tenant_id="${'1'.repeat(32)}"`);
  });

  it('guesses no setting behind PgBouncer, where health is read all the same', async () => {
    const pooler = await startPgBouncer({ port: server.port });
    const source = openPostgres({
      dsn: async () => pooler.dsn(),
      setting: 'computes[0].dsn',
      name: 'compute main',
      statementTimeoutMs: 5000,
      connectTimeoutMs: 5000,
      clock: systemClock,
    });
    try {
      const settings = await collectSql(computeSettings, source);
      expect([sqlSeries(computeSettings, settings), skips(settings)]).toEqual([[], ['settings: pooled']]);
      const health = sqlSeries(computeHealth, await collectSql(computeHealth, source));
      expect(health).toContain('neon_compute_max_connections{compute="main"} 100');
    } finally {
      await source.close();
      await pooler.stop();
    }
  });
});
