import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import { statements } from '../../src/collectors/compute/statements.ts';
import type { StatementsReading } from '../../src/collectors/compute/statements-families.ts';
import { lookOnce, totalOf as total } from '../collectors/compute/statements-look.ts';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import { startEmbeddedPostgres } from '../pg/embedded-postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { manualClock } from '../support/manual-clock.ts';
import { withSource } from './compute-server.ts';

interface Look {
  readonly database?: string;
  readonly user?: string;
  readonly previous?: StatementsReading;
  readonly statementText?: boolean;
  readonly clock?: Clock;
  readonly top?: number;
}

/** One run, read through the real source. */
async function look(
  server: TestPostgres,
  { database, user, previous, clock = manualClock(), ...settings }: Look = {},
) {
  const options = {
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { user }),
  };
  return withSource(server, options, (source) => lookOnce(statements, source, { settings, previous, clock }));
}

const preload = {
  preload: ['pg_stat_statements'],
  settings: {
    'pg_stat_statements.track_planning': 'on',
    track_io_timing: 'on',
    'pg_stat_statements.max': 100_000,
  },
};

describe.for([
  { name: 'Debian', start: startDebianPostgres, isCrowded: false },
  { name: 'embedded', start: startEmbeddedPostgres, isCrowded: true },
])('statements on the $name server', ({ start, isCrowded }) => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await start(preload);
    await server.run('CREATE EXTENSION pg_stat_statements');
    await server.run('CREATE DATABASE app');
    await server.run('CREATE ROLE plain LOGIN; CREATE ROLE monitor LOGIN; GRANT pg_monitor TO monitor');
    await server.run('CREATE TABLE p (at point, n int); CREATE SCHEMA neurondb', 'app');
    await server.run(
      'CREATE FUNCTION neurondb.embed(text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
      'app',
    );
  });
  afterAll(() => server.stop());

  it('adds up to what pg_stat_statements says, by name and other, and by class', async () => {
    await server.run('SELECT pg_stat_statements_reset()');
    for (let n = 0; n < 5; n += 1) await server.run(`SELECT ${'1,'.repeat(n)} 1`, 'app');
    const { reading, series } = await look(server);
    const parts = [...(reading.top?.memory.parts.values() ?? [])];
    const calls = Number(parts.reduce((sum, { counters }) => sum + (counters[0] ?? 0n), 0n));
    expect(total(series, 'neon_compute_statement_calls_total')).toBe(calls);
    expect(total(series, 'neon_compute_statement_class_calls_total')).toBe(calls);
    // By hand we can only compare a database in which nobody works, not even we.
    const [byHand] = await server.run(
      `SELECT sum(calls)::text AS calls, sum(total_exec_time)::text AS ms, sum(rows)::text AS rows
        FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = 'app'`,
    );
    const all = await look(server, { top: 500 });
    const inApp = all.series.filter((line) => line.includes('datname="app"'));
    expect(byHand?.['calls']).toBe('5');
    expect(total(inApp, 'neon_compute_statement_calls_total')).toBe(5);
    expect(total(inApp, 'neon_compute_statement_rows_total')).toBe(Number(byHand?.['rows']));
    expect(total(inApp, 'neon_compute_statement_exec_seconds_total') * 1000).toBeCloseTo(
      Number(byHand?.['ms']),
      4,
    );
    for (const name of [
      'calls',
      'exec_seconds',
      'plan_seconds',
      'rows',
      'shared_blocks_hit',
      'wal_bytes',
      'block_read_seconds',
    ]) {
      expect(series.filter((line) => line.startsWith(`neon_compute_statement_${name}_total{`))).toHaveLength(
        4,
      );
    }
  });

  it('judges what statements are about, without text in any label', async () => {
    await server.run('SELECT pg_stat_statements_reset()');
    await server.run("SELECT * FROM p ORDER BY at <-> point '(0,0)' LIMIT 1", 'app');
    await server.run("SELECT /* far from the end */ neurondb.embed('secret')", 'app');
    await server
      .run(`SELECT ${'n,'.repeat(4_000)} n FROM p ORDER BY at <-> point '(1,1)'`, 'app')
      .catch(() => {});
    await server.run(`SELECT ${'n + '.repeat(4_000)} n FROM p ORDER BY at <-> point '(1,1)'`, 'app');
    const { reading, series, skips: missing } = await look(server);
    expect(missing).toEqual([]);
    const group = (name: string) => reading.top?.groups.get(name)?.[0];
    expect([group('vector'), group('neurondb'), group('unknown')]).toEqual([2n, 1n, undefined]);
    expect(series.join('\n')).not.toMatch(/secret|ORDER BY/);
    expect(series).toContain('neon_compute_statement_class_calls_total{compute="main",class="vector"} 2');
  });

  it('shows texts when asked, without literals, cut and on one line', async () => {
    await server.run("CREATE ROLE owner PASSWORD 'hunter2'");
    await server.run('SELECT pg_sleep(0.05)   AS\n\tslow', 'app');
    const { series } = await look(server, { statementText: true, top: 500 });
    const texts = series.filter((line) => line.startsWith('neon_compute_statement_text_info'));
    expect(texts.length).toBeGreaterThan(5);
    expect(texts.join('\n')).toContain('SELECT pg_sleep($1) AS slow');
    expect(texts.join('\n')).toContain('CREATE ROLE owner PASSWORD ?');
    expect(Math.max(...texts.map((line) => line.length))).toBeLessThan(400);
    expect(texts.join('\n')).not.toContain('hunter2');
  });

  it('starts again after a reset of all, and goes on after one of a single statement', async () => {
    const first = await look(server);
    await server.run('SELECT pg_stat_statements_reset()');
    await server.run('SELECT pg_sleep(0.01)', 'app');
    const second = await look(server, { previous: first.reading });
    expect(total(second.series, 'neon_compute_statement_calls_total')).toBeLessThan(30);
    expect(second.reading.top?.forgotten[0]).toBe(0n);
    await server.run(
      'SELECT pg_stat_statements_reset(0, 0, queryid) FROM pg_stat_statements WHERE query ~ $q$^SELECT pg_sleep$q$',
    );
    const third = await look(server, { previous: second.reading });
    expect(third.reading.top?.forgotten[0]).toBe(1n);
    expect(third.series).toContain('neon_compute_statement_forgotten_calls_total{compute="main"} 1');
  });

  it('says that a plain role may not see what others run, and counts it all the same', async () => {
    const all = await look(server, { user: 'monitor' });
    const { reading, series, skips: missing } = await look(server, { user: 'plain' });
    expect(all.skips).toEqual([]);
    expect(missing).toEqual(['statements_of_others: no_privilege']);
    expect(total(series, 'neon_compute_statement_calls_total')).toBeGreaterThan(
      total(all.series, 'neon_compute_statement_calls_total') - 5,
    );
    expect(reading.top?.groups.has('unknown')).toBe(true);
    expect(series.filter((line) => line.includes('class="vector"') && line.includes('class_calls'))).toEqual(
      [],
    );
  });

  it('says that the extension is missing, and finds it in another schema', async () => {
    expect((await look(server, { database: 'app' })).skips).toEqual(['statements: no_extension']);
    await server.run('CREATE DATABASE elsewhere');
    await server.run('CREATE SCHEMA "my ""own"" ext"', 'elsewhere');
    await server.run('CREATE EXTENSION pg_stat_statements SCHEMA "my ""own"" ext"', 'elsewhere');
    const { series, skips: missing } = await look(server, { database: 'elsewhere' });
    expect(missing).toEqual([]);
    expect(total(series, 'neon_compute_statement_calls_total')).toBeGreaterThan(0);
  });

  it.for([
    { version: '1.4', missing: ['statements_info: unsupported_version'] },
    { version: '1.8', missing: ['statements_info: unsupported_version'] },
    { version: '1.9', missing: [] },
  ])('reads extension $version, older than the library', async ({ version, missing }) => {
    const database = `old_${version.replace('.', '_')}`;
    await server.run(`CREATE DATABASE ${database}`);
    await server.run(`CREATE EXTENSION pg_stat_statements VERSION '${version}'`, database);
    const found = await look(server, { database });
    expect(found.skips).toEqual(missing);
    expect(total(found.series, 'neon_compute_statement_exec_seconds_total')).toBeGreaterThan(0);
  });

  it.runIf(isCrowded)('reads 50,000 statements with texts of 10 kB', async () => {
    const client = await server.connect('app');
    await client.query('SELECT pg_catalog.set_config($1, $2, false)', ['pg_stat_statements.track', 'all']);
    await client.query(`DO $do$ DECLARE filler text := repeat('x', 10000); BEGIN
      FOR n IN 1..50000 LOOP
        -- Constants do not tell statements apart; operators do.
        EXECUTE 'SELECT 1' || regexp_replace(translate(n::bit(16)::text, '01', '+*'), '(.)', '\\1 1 ', 'g') || ' /* ' || filler || ' */';
      END LOOP; END $do$`);
    await client.end();
    const first = await look(server, { clock: systemClock });
    const second = await look(server, { previous: first.reading, clock: systemClock });
    // No text is read again so soon, whether the first reading of them was in time or not.
    expect(second.reading.texts?.nextMs).toBe(first.reading.texts?.nextMs);
    expect(second.reading.entries).toBeGreaterThan(50_000);
    expect(second.series.length).toBeLessThan(100);
  });
});

describe('statements on a server without the library', () => {
  it('says that it is not loaded', async () => {
    const server = await startDebianPostgres();
    try {
      await server.run('CREATE EXTENSION pg_stat_statements');
      expect((await look(server)).skips).toEqual(['statements: disabled']);
    } finally {
      await server.stop();
    }
  });
});
