import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controllerDatabase } from '../../src/collectors/controller-database/controller-database.ts';
import type { ControllerDatabaseReading } from '../../src/collectors/controller-database/reading.ts';
import { controllerTables } from '../../src/collectors/controller-database/schema.ts';
import { collectSql, skips, sqlSeries } from '../collectors/compute/compute-collect.ts';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import { startEmbeddedPostgres } from '../pg/embedded-postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { withSource } from './compute-server.ts';
import { controllerSql, tenants } from './controller-sql.ts';

/** One run, read through the real source. */
async function look(server: TestPostgres, options: { database?: string; user?: string } = {}) {
  const reading: ControllerDatabaseReading = await withSource(server, options, (source) =>
    collectSql(controllerDatabase, source),
  );
  return { reading, series: sqlSeries(controllerDatabase, reading), skips: skips(reading) };
}

describe.for([
  { name: 'Debian', start: startDebianPostgres },
  { name: 'embedded', start: startEmbeddedPostgres },
])('controller_database on the $name server', ({ start }) => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await start();
    await server.run('CREATE DATABASE storage_controller');
    await server.run(controllerSql(), 'storage_controller');
    await server.run('CREATE ROLE reader LOGIN');
    await server.run('GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader', 'storage_controller');
  });
  afterAll(() => server.stop());

  it('counts what is there', async () => {
    const { reading, series, skips } = await look(server, { database: 'storage_controller' });
    expect(skips).toEqual([]);
    expect(series.filter((line) => !/size_bytes|postmaster_start/.test(line))).toEqual([
      'neon_controller_database_up 1',
      'neon_controller_database_in_recovery 0',
      'neon_controller_database_connections{state="active"} 1',
      'neon_controller_database_max_connections 100',
      'neon_controller_database_table_rows{table="nodes"} 4',
      'neon_controller_database_table_rows{table="tenant_shards"} 7',
      'neon_controller_database_table_rows{table="controllers"} 1',
      'neon_controller_database_table_rows{table="metadata_health"} 2',
      'neon_controller_database_table_rows{table="safekeepers"} 3',
      'neon_controller_database_table_rows{table="timelines"} 3',
      'neon_controller_database_table_rows{table="safekeeper_timeline_pending_ops"} 3',
      'neon_controller_database_table_rows{table="timeline_imports"} 1',
      'neon_controller_database_shards{scheduling_policy="Active",placement_policy="Detached",splitting="false"} 1',
      'neon_controller_database_shards{scheduling_policy="Active",placement_policy="Secondary",splitting="false"} 1',
      'neon_controller_database_shards{scheduling_policy="Active",placement_policy="Attached(1)",splitting="false"} 1',
      'neon_controller_database_shards{scheduling_policy="Pause",placement_policy="Attached(1)",splitting="false"} 1',
      'neon_controller_database_shards{scheduling_policy="Active",placement_policy="Attached(0)",splitting="true"} 3',
      'neon_controller_database_nodes{scheduling_policy="active",lifecycle="active"} 2',
      'neon_controller_database_nodes{scheduling_policy="pause_for_restart",lifecycle="active"} 1',
      'neon_controller_database_deleted_nodes 1',
      'neon_controller_database_safekeepers{scheduling_policy="active"} 2',
      'neon_controller_database_safekeepers{scheduling_policy="decomissioned"} 1',
      'neon_controller_database_pending_safekeeper_operations{op_kind="pull"} 2',
      'neon_controller_database_pending_safekeeper_operations{op_kind="exclude"} 1',
      'neon_controller_database_pending_safekeeper_operations{op_kind="delete"} 0',
      'neon_controller_database_timelines_unnotified 1',
      'neon_controller_database_timelines_migrating 1',
      'neon_controller_database_timelines_safekeepers_unnotified 1',
      'neon_controller_database_timelines_deleted 1',
      'neon_controller_database_unhealthy_shards 1',
      `neon_controller_database_oldest_scrub_timestamp_seconds ${Date.UTC(2026, 10, 1) / 1000}`,
      'neon_controller_database_leaders 1',
      `neon_controller_database_leader_start_timestamp_seconds{address="http://controller:1234"} ${Date.UTC(2026, 10, 3) / 1000}`,
    ]);
    expect(reading.sizeBytes).toBeGreaterThan(1_000_000n);
    expect(reading.setAside).toEqual({ bad_id: 1 });
    expect(
      reading.shards?.map(({ id, generation, generationPageserver }) => [
        id.text,
        generation,
        generationPageserver,
      ]),
    ).toEqual([
      [`${tenants.two}-0002`, 4, 1],
      [`${tenants.two}-0102`, 7, 2],
      [tenants.splitting, 3, 3],
      [`${tenants.splitting}-0002`, 3, 3],
      [`${tenants.splitting}-0102`, undefined, undefined],
      [tenants.detached, undefined, undefined],
    ]);
  });

  it('reads every table as a role that may do no more than that', async () => {
    const { reading, skips } = await look(server, { database: 'storage_controller', user: 'reader' });
    expect(skips).toEqual([]);
    expect(reading.tableRows.size).toBe(controllerTables.length);
  });

  it.for(controllerTables)('loses %s alone when its grant is taken away', async (table) => {
    await server.run(`REVOKE SELECT ON ${table} FROM reader`, 'storage_controller');
    try {
      const { reading, skips } = await look(server, { database: 'storage_controller', user: 'reader' });
      expect(skips).toEqual([`${table}: no_privilege`]);
      expect(reading.tableRows.size).toBe(controllerTables.length - 1);
      expect(reading.sizeBytes).toBeDefined();
    } finally {
      await server.run(`GRANT SELECT ON ${table} TO reader`, 'storage_controller');
    }
  });

  it('says what hides when the schema itself may not be used', async () => {
    await server.run('REVOKE USAGE ON SCHEMA public FROM PUBLIC', 'storage_controller');
    try {
      const { reading, skips } = await look(server, { database: 'storage_controller', user: 'reader' });
      expect(skips).toEqual(controllerTables.map((table) => `${table}: no_privilege`));
      expect(reading.tableRows.size).toBe(0);
      expect(server.log()).not.toMatch(/permission denied/);
    } finally {
      await server.run('GRANT USAGE ON SCHEMA public TO PUBLIC', 'storage_controller');
    }
  });

  it('names every table that is not there', async () => {
    const { series, skips } = await look(server);
    expect(skips).toEqual(controllerTables.map((table) => `${table}: no_object`));
    expect(series).toContain('neon_controller_database_up 1');
    expect(series.join('\n')).not.toMatch(/table_rows|leaders|unhealthy|deleted_nodes/);
  });

  it('reads an older schema by its columns, wherever it is', async () => {
    await server.run('CREATE DATABASE older');
    await server.run(controllerSql('odd "schema'.replaceAll('"', '""')), 'older');
    await server.run(
      `SET search_path = "odd ""schema"; ALTER TABLE nodes DROP lifecycle; ALTER TABLE timelines DROP sk_set_notified_generation;
       ALTER TABLE safekeepers DROP scheduling_policy; ALTER TABLE tenant_shards DROP scheduling_policy; DROP TABLE timeline_imports`,
      'older',
    );
    const { series, skips } = await look(server, { database: 'older' });
    expect(skips).toEqual(['timeline_imports: no_object']);
    expect(series).toContain('neon_controller_database_deleted_nodes 0');
    expect(series).toContain('neon_controller_database_safekeepers{scheduling_policy="unknown"} 3');
    expect(series.join('\n')).not.toContain('safekeepers_unnotified');
  });

  it('reads shards page by page, each once', async () => {
    await server.run('CREATE DATABASE large');
    await server.run(controllerSql(), 'large');
    await server.run(
      `INSERT INTO tenant_shards SELECT lpad(to_hex(t), 32, '0'), s, 4, 2048, 1, 1, '{"Attached":1}', 0, '{}', '"Active"', NULL
       FROM generate_series(1, 1200) AS t, generate_series(0, 3) AS s`,
      'large',
    );
    const { reading } = await look(server, { database: 'large' });
    expect(reading.shards).toHaveLength(4806);
    expect(new Set(reading.shards?.map(({ id }) => id.text)).size).toBe(4806);
  });

  it('gives up one locked table, not the others', async () => {
    const holder = await server.connect('storage_controller');
    try {
      await holder.query('BEGIN; LOCK TABLE timelines IN ACCESS EXCLUSIVE MODE');
      const { reading, skips } = await look(server, { database: 'storage_controller', user: 'reader' });
      expect(skips).toContain('timelines: timeout');
      expect(reading.unhealthyShards).toBe(1);
    } finally {
      await holder.end();
    }
  });
});
