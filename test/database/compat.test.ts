import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExporterSide, startExporter } from '../../bench/database-exporter.ts';
import { type NeonwatchSide, openNeonwatchSide } from '../../bench/database-exposition.ts';
import { compare } from '../../bench/database-parity.ts';
import { systemClock } from '../../src/clock.ts';
import { judgeLint } from '../../src/collectors/postgres/lint-excuses.ts';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import { startEmbeddedPostgres } from '../pg/embedded-postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { parseExposition } from '../render/exposition-parser.ts';

const oddName = 'a"|b,c\n';
const secret = 'sk-never-to-be-seen';

let debian: TestPostgres;
let embedded: TestPostgres;
let ours: NeonwatchSide;
let ours17: NeonwatchSide;
let theirs: ExporterSide;

async function prepare(server: TestPostgres): Promise<void> {
  await server.run('CREATE ROLE watcher LOGIN');
  await server.run('GRANT pg_monitor TO watcher');
  await server.run('CREATE ROLE stranger LOGIN');
  await server.run(`CREATE DATABASE ${pgIdentifier(oddName)}`);
  await server.run('CREATE DATABASE shop');
  await server.run('CREATE TABLE t AS SELECT generate_series(1, 1000) AS n', 'shop');
  await server.run("SELECT pg_create_physical_replication_slot('unused')");
  await server.run("SELECT pg_create_physical_replication_slot('used', true)");
  await server.run(`ALTER DATABASE postgres SET neurondb.llm_api_key = '${secret}'`);
}

function pgIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

beforeAll(async () => {
  [debian, embedded] = await Promise.all([startDebianPostgres(), startEmbeddedPostgres()]);
  await Promise.all([prepare(debian), prepare(embedded)]);
  ours = await openNeonwatchSide(debian.dsn('postgres', 'watcher'), systemClock);
  ours17 = await openNeonwatchSide(embedded.dsn('postgres', 'watcher'), systemClock);
  theirs = await startExporter(debian.dsn('postgres', 'watcher'));
}, 120_000);

afterAll(async () => {
  await Promise.all([ours?.close(), ours17?.close(), theirs?.stop()]);
  await Promise.all([debian?.stop(), embedded?.stop()]);
});

function lint(exposition: string): string[] {
  const { stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
    input: exposition,
    encoding: 'utf8',
  });
  if (status !== 0 && status !== 3) throw new Error(`promtool ended with ${status}: ${stderr}`);
  return stderr.split('\n').filter((line) => line !== '');
}

describe('beside postgres_exporter 0.11.1 at one server', () => {
  it('has its names, types, labels and values', async () => {
    const before = await theirs.metrics();
    const { text, reading } = await ours.collect();
    const after = await theirs.metrics();
    const parity = compare(before, text('text'), after);
    expect(parity.differences).toEqual([]);
    expect(parity.families).toBeGreaterThan(300);
    expect(parity.comparedValues).toBeGreaterThan(400);
    expect(reading.skippedParts).toEqual([]);
  });

  it('shows settings as other sessions find them, not as our own has set them', async () => {
    const { reading } = await ours.collect();
    expect(reading.settings?.get('pg_settings_default_transaction_read_only')?.value).toBe(0);
    expect(reading.settings?.get('pg_settings_transaction_read_only')?.value).toBe(0);
    expect(reading.settings?.get('pg_settings_statement_timeout_seconds')?.value).toBe(0);
    expect(reading.settings?.get('pg_settings_lock_timeout_seconds')?.value).toBe(0);
  });

  it('leaves out databases that were dropped halfway, which the other lists', async () => {
    await debian.run('CREATE DATABASE halfway');
    await debian.run("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'halfway'");
    try {
      const { text } = await openOnce(debian, 'watcher');
      expect(text).toContain('shop');
      expect(text).not.toContain('halfway');
    } finally {
      await debian.run("UPDATE pg_database SET datconnlimit = -1 WHERE datname = 'halfway'");
      await debian.run('DROP DATABASE halfway');
    }
  });
});

/** One look with a connection of its own. */
async function openOnce(server: TestPostgres, user: string) {
  const side = await openNeonwatchSide(server.dsn('postgres', user), systemClock);
  try {
    const { reading, text } = await side.collect();
    return { reading, text: text('text') };
  } finally {
    await side.close();
  }
}

describe('the exposition of the postgres collector', () => {
  it('is valid in both formats on both servers', async () => {
    for (const side of [ours, ours17]) {
      const { text } = await side.collect();
      for (const format of ['text', 'openmetrics'] as const) {
        expect(parseExposition(Buffer.from(text(format)), format).length).toBeGreaterThan(300);
      }
    }
  });

  it('is clean to promtool but for the declared excuses, each of which is needed', async () => {
    const complaints = new Set<string>();
    for (const side of [ours, ours17]) {
      const { text } = await side.collect();
      for (const complaint of lint(text('text'))) complaints.add(complaint);
    }
    expect(judgeLint([...complaints])).toEqual({ notExcused: [], notNeeded: [] });
  });

  it('never holds the text of a setting', async () => {
    const { text } = await openOnce(debian, 'postgres');
    expect(text).not.toContain(secret);
  });

  it('keeps a database with an odd name apart', async () => {
    const { text } = await ours.collect();
    const families = parseExposition(Buffer.from(text('text')), 'text');
    const sizes = families.find(({ name }) => name === 'pg_database_size_bytes')?.samples ?? [];
    expect(sizes.map(({ labels }) => labels['datname'])).toContain(oddName);
  });
});

describe('on Postgres 17', () => {
  it('finds checkpoints in their own view and gives them under both names', async () => {
    const { text } = await ours17.collect();
    const names = parseExposition(Buffer.from(text('text')), 'text').map(({ name }) => name);
    expect(names).toContain('pg_stat_checkpointer_num_timed_total');
    expect(names).toContain('pg_stat_bgwriter_checkpoints_timed_total');
    expect(names).toContain('pg_stat_database_conflicts_confl_active_logicalslot');
    expect(names).not.toContain('pg_stat_bgwriter_buffers_backend_total');
  });
});

describe('a role without grants', () => {
  it('is told what it loses, and gets the rest', async () => {
    await debian.run('REVOKE CONNECT ON DATABASE shop FROM PUBLIC');
    await debian.run('REVOKE SELECT ON pg_stat_archiver FROM PUBLIC');
    try {
      const { reading, text } = await openOnce(debian, 'stranger');
      expect(reading.skippedParts).toEqual([
        { part: 'activity', reason: 'no_privilege' },
        { part: 'archiver', reason: 'no_privilege' },
        { part: 'wal', reason: 'no_privilege' },
        { part: 'replication', reason: 'no_privilege' },
        { part: 'vacuum', reason: 'no_privilege' },
        { part: 'database_size', reason: 'no_privilege' },
      ]);
      expect(text).toMatch(/^pg_stat_bgwriter_buffers_alloc_total/m);
      expect(text).toMatch(/^pg_database_size_bytes\{datname="postgres"/m);
      expect(text).not.toMatch(/^pg_database_size_bytes\{datname="shop"/m);
      expect(text).not.toMatch(/^pg_stat_activity_count/m);
    } finally {
      await debian.run('GRANT SELECT ON pg_stat_archiver TO PUBLIC');
      await debian.run('GRANT CONNECT ON DATABASE shop TO PUBLIC');
    }
    expect(debian.log()).not.toMatch(/permission denied/);
  });
});

describe('a server in recovery', () => {
  it('is read like any other', async () => {
    const standby = await startDebianPostgres();
    try {
      await standby.run("SELECT pg_create_physical_replication_slot('used', true)");
      await standby.restart({ standby: true });
      const { reading, text } = await openOnce(standby, 'postgres');
      expect(reading.skippedParts).toEqual([]);
      expect(reading.server.isInRecovery).toBe(true);
      expect(reading.settings?.get('pg_settings_transaction_read_only')?.value).toBe(1);
      expect(text).toMatch(/^pg_replication_is_replica\{server="[^"]+"\} 1$/m);
      expect(standby.log()).not.toMatch(/ERROR/);
    } finally {
      await standby.stop();
    }
  });
});
