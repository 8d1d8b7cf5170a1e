import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relationSizes } from '../../src/collectors/compute/relation-sizes.ts';
import { relations } from '../../src/collectors/compute/relations.ts';
import { lookOnce, totalOf } from '../collectors/compute/statements-look.ts';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import { startEmbeddedPostgres } from '../pg/embedded-postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { withSource } from './compute-server.ts';

const oddName = 'a"|b,c\n';

describe.for([
  { name: 'Debian', start: startDebianPostgres, isCrowded: true },
  { name: 'embedded', start: startEmbeddedPostgres, isCrowded: false },
])('tables and indexes on the $name server', ({ start, isCrowded }) => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await start({ settings: { autovacuum: 'off' } });
    await server.run('CREATE ROLE plain LOGIN');
    await server.run('CREATE DATABASE app');
    await server.run(`CREATE DATABASE "${oddName.replaceAll('"', '""')}"`);
    await server.run('CREATE DATABASE closed');
    await server.run('REVOKE CONNECT ON DATABASE closed FROM PUBLIC');
    await server.run(
      `CREATE TABLE big AS SELECT n, repeat('x', 500) AS filler FROM generate_series(1, 5000) n;
      CREATE INDEX big_n ON big (n); CREATE TABLE small AS SELECT 1 AS n; CREATE TABLE never (n int);
      CREATE TABLE parent (n int) PARTITION BY RANGE (n);
      CREATE TABLE child PARTITION OF parent FOR VALUES FROM (0) TO (9)`,
      'app',
    );
    await server.run('ANALYZE big, small', 'app');
    await server.run('SELECT count(*) FROM big; SELECT count(*) FROM big', 'app');
    await server.run('SET enable_seqscan = off; SELECT filler FROM big WHERE n = 7', 'app');
    await server.run('CREATE TABLE odd AS SELECT 1 AS n', oddName);
  });
  afterAll(() => server.stop());

  const look = (options: { database: string; user?: string }, databases: readonly string[] = [], top = 2) =>
    withSource(server, options, (source) => lookOnce(relations, source, { settings: { databases, top } }));

  it('names the largest tables and indexes and adds up the rest', async () => {
    const { series, skips } = await look({ database: 'app' }, [], 1);
    const [size] = await server.run(
      "SELECT (relpages * 8192)::text AS heap, (SELECT relpages * 8192 FROM pg_class WHERE relname = 'big_n')::text AS index FROM pg_class WHERE relname = 'big'",
      'app',
    );
    const [scans] = await server.run(
      "SELECT seq_scan, seq_tup_read FROM pg_stat_user_tables WHERE relname = 'big'",
      'app',
    );
    expect(Number(scans?.['seq_scan'])).toBeGreaterThanOrEqual(2);
    const big = 'compute="main",datname="app",schemaname="public",relname="big"';
    const other = 'compute="main",datname="app",relname="other"';
    const since = 'since="2026-11-22T00:00:00.000Z"';
    expect(skips).toEqual([]);
    expect(series).toEqual(
      expect.arrayContaining([
        `neon_compute_table_sequential_scans_total{${big}} ${scans?.['seq_scan']}`,
        `neon_compute_table_sequential_rows_read_total{${big}} ${scans?.['seq_tup_read']}`,
        `neon_compute_table_index_scans_total{${big}} 1`,
        `neon_compute_table_index_rows_fetched_total{${big}} 1`,
        `neon_compute_table_rows_inserted_total{${other},${since}} 1`,
        `neon_compute_table_live_rows{${big}} 5000`,
        `neon_compute_table_live_rows{${other}} 1`,
        `neon_compute_table_size_bytes{${big}} ${size?.['heap']}`,
        `neon_compute_table_size_bytes{${other}} 8192`,
        'neon_compute_tables{compute="main",datname="app"} 4',
        'neon_compute_tables_of_unknown_size{compute="main",datname="app"} 2',
        `neon_compute_index_scans_total{${big},indexrelname="big_n"} 1`,
        `neon_compute_index_entries_read_total{${big},indexrelname="big_n"} 1`,
        `neon_compute_index_size_bytes{${big},indexrelname="big_n"} ${size?.['index']}`,
        'neon_compute_indexes{compute="main",datname="app"} 1',
        'neon_compute_invalid_indexes{compute="main",datname="app"} 0',
      ]),
    );
    expect(
      series.filter((line) => line.startsWith('neon_compute_table_last_analyze_timestamp_seconds')),
    ).toHaveLength(1);
    expect(series.join('\n')).not.toContain('last_autovacuum');
    expect(
      totalOf(series, 'neon_compute_table_blocks_read_total') +
        totalOf(series, 'neon_compute_table_blocks_hit_total'),
    ).toBeGreaterThan(0);
  });

  it('reads several databases, with any name, and says which it may not', async () => {
    const { series, skips } = await look({ database: 'postgres', user: 'plain' }, [
      'a*',
      'closed',
      'template*',
    ]);
    expect(skips).toEqual(['database: no_privilege']);
    const counts = series.filter((line) => line.startsWith('neon_compute_tables{'));
    expect(counts).toEqual([
      'neon_compute_tables{compute="main",datname="postgres"} 0',
      `neon_compute_tables{compute="main",datname="${oddName}"} 1`,
      'neon_compute_tables{compute="main",datname="app"} 4',
    ]);
  });

  it('starts again when the statistics of a database are reset', async () => {
    await server.run('CREATE DATABASE fresh');
    await server.run('CREATE TABLE t AS SELECT 1 AS n', 'fresh');
    await server.run('SELECT * FROM t; SELECT * FROM t; SELECT * FROM t', 'fresh');
    await withSource(server, { database: 'fresh' }, async (source) => {
      const first = await lookOnce(relations, source);
      await server.run('SELECT pg_stat_reset()', 'fresh');
      await server.run('SELECT * FROM t', 'fresh');
      const second = await lookOnce(relations, source, { previous: first.reading });
      const scans = [first, second].map(({ series }) =>
        totalOf(series, 'neon_compute_table_sequential_scans_total'),
      );
      expect(scans).toEqual([3, 1]);
      expect(second.reading.databases.get('fresh')?.tables.top.forgotten.every((value) => value === 0n)).toBe(
        true,
      );
    });
  });

  it.runIf(isCrowded)('reads 5,000 tables', async () => {
    await server.run('CREATE DATABASE many');
    for (let from = 0; from < 5_000; from += 500) {
      await server.run(
        `DO $$ BEGIN FOR n IN ${from}..${from + 499} LOOP EXECUTE 'CREATE TABLE t' || n || ' (n int PRIMARY KEY)'; END LOOP; END $$`,
        'many',
      );
    }
    const { series } = await look({ database: 'many' });
    expect(series).toContain('neon_compute_tables{compute="main",datname="many"} 5000');
    expect(series).toContain('neon_compute_indexes{compute="main",datname="many"} 5000');
    expect(series.length).toBeLessThan(200);
  });

  it('waits for no lock: neither held by ALTER TABLE nor by REINDEX', async () => {
    const client = await server.connect('app');
    await client.query('BEGIN; LOCK TABLE big IN ACCESS EXCLUSIVE MODE; REINDEX INDEX big_n');
    try {
      const { series } = await look({ database: 'app' });
      expect(
        series.some((line) => line.startsWith('neon_compute_table_size_bytes') && line.includes('"big"')),
      ).toBe(true);
    } finally {
      await client.query('ROLLBACK');
      await client.end();
    }
  });

  const sizes = () =>
    withSource(server, { database: 'app' }, (source) =>
      lookOnce(relationSizes, source, { settings: { top: 10 } }),
    );

  it('asks for exact sizes, of which the estimate knows nothing', async () => {
    const { series } = await sizes();
    const [exact] = await server.run(
      "SELECT pg_table_size('big')::text AS big, pg_table_size('never')::text AS never, pg_relation_size('big_n')::text AS index",
      'app',
    );
    const labels = 'compute="main",datname="app",schemaname="public"';
    expect(series).toEqual(
      expect.arrayContaining([
        `neon_compute_relation_size_bytes{${labels},relname="big",kind="table"} ${exact?.['big']}`,
        `neon_compute_relation_size_bytes{${labels},relname="never",kind="table"} ${exact?.['never']}`,
        `neon_compute_relation_size_bytes{${labels},relname="big_n",kind="index"} ${exact?.['index']}`,
        'neon_compute_relation_sizes_skipped{compute="main",datname="app",reason="locked"} 0',
      ]),
    );
  });

  it('passes over what is being reindexed, without a lock of its own', async () => {
    const client = await server.connect('app');
    await client.query('BEGIN');
    await client.query('REINDEX INDEX big_n');
    try {
      const startedMs = performance.now();
      const { series } = await sizes();
      // The table is only share-locked by REINDEX, so it has its size.
      expect(series.filter((line) => line.includes('"big"'))).toHaveLength(1);
      expect(series.join('\n')).not.toContain('big_n');
      expect(series).toContain(
        'neon_compute_relation_sizes_skipped{compute="main",datname="app",reason="locked"} 1',
      );
      expect(performance.now() - startedMs).toBeLessThan(5_000);
    } finally {
      await client.query('ROLLBACK');
      await client.end();
    }
  });

  it('does not queue behind an ALTER TABLE that itself only waits', async () => {
    const reader = await server.connect('app');
    await reader.query('BEGIN; SELECT 1 FROM big LIMIT 1');
    const writer = await server.connect('app');
    const [me] = (await writer.query<{ pid: string }>('SELECT pg_backend_pid() AS pid')).rows;
    const alter = writer.query('ALTER TABLE big ADD COLUMN later int');
    try {
      const waits = `SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND pid = ${me?.pid}`;
      while ((await server.run(waits))[0]?.['n'] !== '1')
        await new Promise((resolve) => setTimeout(resolve, 10));
      const { series } = await sizes();
      expect(series).toContain(
        'neon_compute_relation_sizes_skipped{compute="main",datname="app",reason="locked"} 1',
      );
      expect(series.some((line) => line.includes('relname="small"'))).toBe(true);
    } finally {
      await reader.query('ROLLBACK');
      await reader.end();
      await alter;
      await writer.end();
    }
  });
});
