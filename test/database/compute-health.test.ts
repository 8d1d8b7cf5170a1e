import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeHealth } from '../../src/collectors/compute/compute-health.ts';
import type { ComputeHealthReading } from '../../src/collectors/compute/compute-health-reading.ts';
import { collectSql, skips, sqlSeries } from '../collectors/compute/compute-collect.ts';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import { startEmbeddedPostgres } from '../pg/embedded-postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { neonExtensionSql } from './compute-neon-sql.ts';
import { withSource } from './compute-server.ts';

/** One run, read through the real source. */
async function look(server: TestPostgres, options: { database?: string; user?: string } = {}) {
  const reading: ComputeHealthReading = await withSource(server, options, (source) =>
    collectSql(computeHealth, source),
  );
  return { reading, series: sqlSeries(computeHealth, reading), skips: skips(reading) };
}

const neonSettings = { 'neon.tenant_id': '10000000000000000000000000000001' };

describe.for([
  { name: 'Debian', start: startDebianPostgres, isNew: false },
  { name: 'embedded', start: startEmbeddedPostgres, isNew: true },
])('compute_health on the $name server with extension neon', ({ start, isNew }) => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await start({ settings: neonSettings });
    await server.run('CREATE ROLE plain LOGIN; CREATE ROLE monitor LOGIN; GRANT pg_monitor TO monitor');
    await server.run('CREATE DATABASE app');
    await server.run(neonExtensionSql());
  });
  afterAll(() => server.stop());

  it('reads the server', async () => {
    const { reading, series } = await look(server);
    expect(series).toEqual(
      expect.arrayContaining([
        'neon_compute_up{compute="main"} 1',
        'neon_compute_in_recovery{compute="main"} 0',
        'neon_compute_max_connections{compute="main"} 100',
        'neon_compute_superuser_reserved_connections{compute="main"} 3',
        'neon_compute_connections{compute="main",state="active",usename="postgres",datname="postgres"} 1',
        'neon_compute_databases{compute="main"} 4',
        'neon_compute_invalid_databases{compute="main"} 0',
      ]),
    );
    expect(reading.reservedConnections).toBe(isNew ? 0 : undefined);
    expect(Date.now() - reading.postmasterStartedAtMs).toBeLessThan(600_000);
    const sizes = series.filter((line) => line.startsWith('neon_compute_database_size_bytes'));
    expect(sizes).toHaveLength(4);
    expect(sizes.at(-1)).toContain('datname="other"');
    const total = await server.run('SELECT sum(pg_database_size(oid))::text AS bytes FROM pg_database');
    const exported = sizes.reduce((sum, line) => sum + BigInt(line.split(' ')[1] ?? ''), 0n);
    expect(Number(exported) / Number(total[0]?.['bytes'])).toBeCloseTo(1, 1);
  });

  it('reads what extension neon counts', async () => {
    const { series, skips } = await look(server);
    expect(series).toEqual(
      expect.arrayContaining([
        'neon_compute_extension_info{compute="main",version="1.6"} 1',
        'neon_compute_lfc_hits_total{compute="main"} 9007199254740993',
        'neon_compute_lfc_used_pages{compute="main"} 200',
        'neon_compute_lfc_used_bytes{compute="main"} 2097152',
        'neon_compute_lfc_limit_bytes{compute="main"} 4194304',
        'neon_compute_lfc_chunk_size_bytes{compute="main"} 1048576',
        'neon_compute_working_set_bytes{compute="main",window="5m"} 2457600',
        'neon_compute_backpressure_throttled_seconds_total{compute="main"} 2.5',
        'neon_compute_backpressure_lag_bytes{compute="main",position="received"} 16',
        'neon_compute_backpressure_lag_bytes{compute="main",position="disk_consistent"} 4096',
        'neon_compute_lfc_prewarm_pages{compute="main",state="prewarmed"} 60',
        'neon_compute_cluster_size_bytes{compute="main"} 123456789012',
        'neon_compute_getpage_sync_requests_total{compute="main"} 12',
        'neon_compute_getpage_max_stuck_seconds{compute="main"} 2.5',
        'neon_compute_getpage_wait_seconds_bucket{compute="main",le="2e-06"} 1',
        'neon_compute_getpage_wait_seconds_bucket{compute="main",le="1.0"} 3',
        'neon_compute_query_time_seconds_bucket{compute="main",le="+Inf"} 3',
        'neon_compute_query_time_seconds_sum{compute="main",le=""} 0.000007',
        'neon_compute_query_time_seconds_count{compute="main",le=""} 3',
      ]),
    );
    // Null, a window too long for the estimate, and no report from any pageserver: unknown, so absent.
    expect(series.join('\n')).not.toMatch(/pinned|window="1h"|remote_consistent/);
    expect(skips).toEqual(isNew ? [] : ['neon_waits: unsupported_version']);
    const waits = series.filter((line) => line.startsWith('neon_compute_backends_waiting'));
    expect(waits).toHaveLength(isNew ? 10 : 0);
  });

  it('finds the extension in database postgres when told to read another one', async () => {
    const { series } = await look(server, { database: 'app' });
    expect(series).toContain('neon_compute_lfc_used_pages{compute="main"} 200');
    expect(series).toContain(
      'neon_compute_connections{compute="main",state="active",usename="postgres",datname="app"} 1',
    );
  });

  it.for([
    {
      user: 'monitor',
      lost: ['neon_perf_counters: no_privilege', ...(isNew ? [] : ['neon_waits: unsupported_version'])],
    },
    {
      user: 'plain',
      lost: ['activity: no_privilege', 'neon_lfc_stats: no_privilege', 'neon_perf_counters: no_privilege'],
    },
  ])('says what $user does not get', async ({ user, lost }) => {
    const idle = await server.connect('app');
    try {
      const { reading, series, skips } = await look(server, { user });
      expect([...skips].sort()).toEqual([...lost].sort());
      expect(series).toContain('neon_compute_cluster_size_bytes{compute="main"} 123456789012');
      if (user === 'plain') {
        expect(reading.activity.oldestTransactionAtMs).toBeUndefined();
        expect(series.join('\n')).toContain('state="unknown"');
      }
    } finally {
      await idle.end();
    }
  });

  it.for([
    { grant: 'EXECUTE ON FUNCTION neon.pg_cluster_size()', lost: 'pg_cluster_size: no_privilege' },
    { grant: 'EXECUTE ON FUNCTION neon.backpressure_lsns()', lost: 'backpressure_lsns: no_privilege' },
    {
      grant: 'EXECUTE ON FUNCTION neon.backpressure_throttling_time()',
      lost: 'backpressure_throttling_time: no_privilege',
    },
    {
      grant: 'EXECUTE ON FUNCTION neon.approximate_working_set_size_seconds(int)',
      lost: 'approximate_working_set_size_seconds: no_privilege',
    },
    { grant: 'EXECUTE ON FUNCTION neon.get_prewarm_info()', lost: 'get_prewarm_info: no_privilege' },
    // The view may be read, the function in it may not: only asking tells.
    { grant: 'EXECUTE ON FUNCTION neon.neon_get_lfc_stats()', lost: 'neon_lfc_stats: no_privilege' },
  ])('loses one part without $grant', async ({ grant, lost }) => {
    await server.run(`REVOKE ${grant} FROM PUBLIC`);
    try {
      const { series, skips } = await look(server, { user: 'monitor' });
      expect(skips).toContain(lost);
      expect(series).toContain('neon_compute_up{compute="main"} 1');
      expect(series).toContain('neon_compute_extension_info{compute="main",version="1.6"} 1');
    } finally {
      await server.run(`GRANT ${grant} TO PUBLIC`);
    }
  });

  it('sees a transaction that is left open, and since when it is idle', async () => {
    const client = await server.connect('app');
    try {
      await client.query('BEGIN');
      const row = (await client.query('SELECT extract(epoch FROM now()) AS began')).rows[0];
      const { reading } = await look(server);
      expect(reading.activity.oldestTransactionAtMs).toBeCloseTo(Number(row?.began) * 1000, 0);
      expect(reading.activity.oldestIdleInTransactionAtMs).toBeGreaterThanOrEqual(Number(row?.began) * 1000);
    } finally {
      await client.end();
    }
  });

  it('sets a database aside that is invalid or may not be connected to', async () => {
    await server.run('CREATE DATABASE "a""|b,c\n"');
    await server.run("UPDATE pg_database SET datconnlimit = -2 WHERE datname LIKE 'a\"%'");
    await server.run('REVOKE CONNECT ON DATABASE app FROM PUBLIC');
    try {
      const { reading, skips } = await look(server, { user: 'plain' });
      expect(reading.databases).toMatchObject({ databases: 4, invalid: 1, isComplete: false });
      expect(reading.databases?.sizes.map(({ datname }) => datname)).not.toContain('app');
      expect(skips).toContain('database_sizes: no_privilege');
      const monitor = await look(server, { user: 'monitor' });
      expect(monitor.reading.databases).toMatchObject({ invalid: 1, isComplete: true });
    } finally {
      await server.run('GRANT CONNECT ON DATABASE app TO PUBLIC');
      await server.run("UPDATE pg_database SET datconnlimit = -1 WHERE datname LIKE 'a\"%'");
      await server.run('DROP DATABASE "a""|b,c\n"');
    }
  });
});

describe('compute_health where extension neon is not', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startDebianPostgres({ settings: neonSettings });
    await server.run('CREATE DATABASE app');
  });
  afterAll(() => server.stop());

  it('says so of a compute that lacks it', async () => {
    for (const database of ['postgres', 'app']) {
      const { series, skips } = await look(server, { database });
      expect(skips).toContain('neon: no_extension');
      expect(series).toContain('neon_compute_up{compute="main"} 1');
    }
  });

  it('finds it in a schema with an odd name, and in part only', async () => {
    await server.run(neonExtensionSql('odd "name'.replaceAll('"', '""')));
    await server.run('DROP FUNCTION "odd ""name".pg_cluster_size()');
    const { series, skips } = await look(server);
    expect(series).toContain('neon_compute_lfc_used_pages{compute="main"} 200');
    expect(skips).toContain('pg_cluster_size: unsupported_version');
  });

  it('reads a standby, which has no backpressure of its own', async () => {
    await server.restart({ standby: true });
    const { series, skips } = await look(server);
    expect(series).toContain('neon_compute_in_recovery{compute="main"} 1');
    expect(series).toContain('neon_compute_lfc_used_pages{compute="main"} 200');
    expect(skips).toContain('backpressure_lsns: in_recovery');
  });
});

it('compute_health says of any other Postgres that it is no Neon compute', async () => {
  const server = await startDebianPostgres();
  try {
    const { reading, series, skips } = await look(server);
    expect(reading.neon).toBeUndefined();
    expect(skips).toEqual(['neon: not_neon']);
    expect(series.length).toBeGreaterThan(8);
  } finally {
    await server.stop();
  }
});
