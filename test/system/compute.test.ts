import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeLint } from '../../src/collectors/postgres/lint-excuses.ts';
import { buildNeonGuc } from '../pg/build-neon-guc.ts';
import { startEmbeddedPostgres } from '../pg/embedded-postgres.ts';
import { startNeurondbServer } from '../pg/neurondb-server.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { parseExposition } from '../render/exposition-parser.ts';
import { type Neonwatch, startNeonwatch, startPrometheus, until } from './programs.ts';

/** How long the ALTER TABLE waits; a minute and more when asked for. */
const queuedMs = Number(process.env['QUEUED_MS'] ?? 12_000);
const every = (interval: string) => ({ interval, timeout: interval });

let guc: Awaited<ReturnType<typeof buildNeonGuc>>;
let main: TestPostgres;
let other: TestPostgres;
let neonwatch: Neonwatch;

beforeAll(async () => {
  guc = await buildNeonGuc();
  main = await startNeurondbServer({
    versions: { '3.0': { server: 'ndb3', database: 'appdb' } },
    defaultVersion: '3.0',
    preload: ['pg_stat_statements', guc.libraryPath],
    settings: {
      'neon.tenant_id': '20000000000000000000000000000002',
      'neon.pageserver_connstring': 'postgres://no_user@pageserver1:6400,postgres://no_user@pageserver2:6400',
      'neon.stripe_size': 2048,
    },
  });
  await main.run('CREATE DATABASE appdb');
  await main.run('CREATE DATABASE plain');
  await main.run('CREATE EXTENSION neurondb; CREATE EXTENSION pg_stat_statements', 'appdb');
  await main.run('CREATE TABLE documents (id int PRIMARY KEY, body text)', 'appdb');
  other = await startEmbeddedPostgres({ preload: ['pg_stat_statements'] });
  await other.run('CREATE EXTENSION pg_stat_statements');
  neonwatch = await startNeonwatch({
    computes: [
      { name: 'main', dsn: main.dsn('appdb'), databases: ['plain'], hostMemory: '16GiB' },
      { name: 'other', dsn: other.dsn() },
    ],
    collection: every('1s'),
    collectors: Object.fromEntries(
      ['statements', 'relations', 'vector_indexes', 'neurondb']
        .map((name): [string, object] => [name, every('1s')])
        .concat([['relation_sizes', { enabled: true, ...every('1s') }]]),
    ),
    limits: { connectTimeout: '900ms' },
    sql: { statementTimeout: '900ms', lockTimeout: '300ms' },
  });
});
afterAll(async () => {
  await neonwatch?.end();
  await other?.stop();
  await main?.stop();
  guc?.remove();
});

async function families() {
  const response = await fetch(`${neonwatch.url}/metrics`, { headers: { accept: 'text/plain' } });
  const body = Buffer.from(await response.arrayBuffer());
  return { text: body.toString(), families: parseExposition(body, 'text') };
}

/** When all collectors of both servers have succeeded. */
function whenAllUp() {
  return until('every collector being up', async () => {
    const seen = await families();
    const ups = seen.families.find(({ name }) => name === 'neonwatch_collector_up')?.samples ?? [];
    return ups.length >= 16 && ups.every(({ value }) => value === 1) ? seen : undefined;
  });
}

describe('two real Postgres servers', () => {
  it('give at least 60 families with values, and NeuronDB at least 15 in the database that has it', async () => {
    const seen = await whenAllUp();
    const withValues = (pattern: RegExp, label: string, value: string) =>
      seen.families.filter(
        ({ name, samples }) => pattern.test(name) && samples.some(({ labels }) => labels[label] === value),
      );
    expect(withValues(/^neon_compute_/, 'compute', 'main').length).toBeGreaterThanOrEqual(30);
    expect(
      withValues(/^pg_(?!settings_)/, 'server', `127.0.0.1:${other.port}`).length,
    ).toBeGreaterThanOrEqual(60);
    expect(withValues(/^neurondb_/, 'datname', 'appdb').length).toBeGreaterThanOrEqual(15);
  });

  it('say why a part is missing where it is', async () => {
    const { text } = await whenAllUp();
    expect(text).toMatch(
      /^neurondb_part_skipped\{.*datname="plain",part="extension",reason="no_extension"\} 1$/m,
    );
    expect(text).toMatch(
      /^neonwatch_collector_part_skipped\{collector="compute_settings",target="other",part="settings",reason="not_neon"\} 1$/m,
    );
  });

  it('show what the compute believes about its pageservers, without the user', async () => {
    const { text } = await whenAllUp();
    expect(text).toMatch(
      /^neon_compute_pageserver_info\{compute="main",shard_number="1",address="pageserver2:6400"\} 1$/m,
    );
    expect(text).toMatch(/^neon_compute_stripe_size_blocks\{compute="main".*\} 2048$/m);
    expect(text).not.toContain('no_user');
    expect(text).toMatch(/^neon_compute_host_memory_bytes\{compute="main"\} 17179869184$/m);
  });

  it('promtool complains of nothing but what other exporters named so, and of all of that', async () => {
    const { text } = await whenAllUp();
    const promtool = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    const complaints = `${promtool.stdout}${promtool.stderr}`.split('\n').filter((line) => line !== '');
    expect(judgeLint(complaints).notExcused).toEqual([]);
  });

  it('are read by a real Prometheus in OpenMetrics, other exporters’ names included', async () => {
    const prometheus = await startPrometheus(neonwatch.url);
    try {
      const results = await until('pg_up', async () => {
        const found = await prometheus.query('pg_up == 1');
        return found.length === 2 ? found : undefined;
      });
      expect(results).toHaveLength(2);
      expect(await prometheus.target()).toMatchObject({ health: 'up', lastError: '' });
      expect(await prometheus.query('pg_stat_database_xact_commit{datname="appdb"} > 0')).toHaveLength(1);
    } finally {
      await prometheus.stop();
    }
  });
});

describe('while an ALTER TABLE is queued behind a long transaction', () => {
  it(
    'has one backend at the most, none of them waiting for long, all collectors up, and says what is locked',
    async () => {
      await whenAllUp();
      const reader = await main.connect('appdb');
      const altering = await main.connect('appdb');
      const watching = await main.connect('postgres');
      await reader.query('BEGIN; SELECT count(*) FROM documents');
      const alter = altering.query('ALTER TABLE documents ADD COLUMN more int');
      const scrapeMs: number[] = [];
      let mostBackends = 0;
      let longestWaitMs = 0;
      const endMs = performance.now() + queuedMs;
      while (performance.now() < endMs) {
        const { rows } = await watching.query(
          `SELECT count(*) AS backends, coalesce(max(1000 * extract(epoch FROM clock_timestamp() - query_start))
             FILTER (WHERE wait_event_type = 'Lock'), 0) AS waited
           FROM pg_stat_activity WHERE application_name = 'neonwatch'`,
        );
        mostBackends = Math.max(mostBackends, Number(rows[0].backends));
        longestWaitMs = Math.max(longestWaitMs, Number(rows[0].waited));
        const startedMs = performance.now();
        expect((await fetch(`${neonwatch.url}/metrics`)).status).toBe(200);
        scrapeMs.push(performance.now() - startedMs);
        await delay(100);
      }
      const { text } = await whenAllUp();
      expect(mostBackends).toBe(1);
      // lock_timeout is 300 ms; the rest is what a busy machine may add before the server looks at its clock.
      expect(longestWaitMs).toBeLessThan(1_000);
      expect(text).toMatch(/^neon_compute_relation_sizes_skipped\{.*reason="locked"\} [1-9]/m);
      expect(scrapeMs.length).toBeGreaterThan(10);
      await reader.query('COMMIT');
      await alter;
      await Promise.all([reader.end(), altering.end(), watching.end()]);
    },
    queuedMs + 60_000,
  );
});
