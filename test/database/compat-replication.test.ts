import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NeonwatchSide, openNeonwatchSide } from '../../bench/database-exposition.ts';
import { systemClock } from '../../src/clock.ts';
import { debianPostgresBin, startDebianPostgres } from '../pg/debian-postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { removeFolder, type ServerProcess, serverFolder, startServer } from '../pg/unprivileged.ts';
import { type ParsedSample, parseExposition } from '../render/exposition-parser.ts';

let server: TestPostgres;
let ours: NeonwatchSide;
const receivers: ServerProcess[] = [];
const folders: string[] = [];

/** Starts a receiver of WAL as a standby would be; without a slot unless one is named. */
function receive(slot?: string): void {
  const folder = serverFolder('wal');
  folders.push(folder);
  const name = `application_name=${slot === undefined ? 'nameless' : 'with_slot'}`;
  const login = ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'postgres', '-d', name, '-D', folder];
  const program = join(debianPostgresBin() ?? '', 'pg_receivewal');
  receivers.push(startServer(program, [...login, ...(slot === undefined ? [] : ['--slot', slot])], folder));
}

async function until(sql: string): Promise<void> {
  for (;;) {
    const [row] = await server.run(sql);
    if (row?.['done'] === 't') return;
  }
}

async function samplesOf(family: string): Promise<readonly ParsedSample[]> {
  const { text } = await ours.collect();
  const families = parseExposition(Buffer.from(text('text')), 'text');
  return families.find(({ name }) => name === family)?.samples ?? [];
}

beforeAll(async () => {
  server = await startDebianPostgres({ hba: ['host replication all 127.0.0.1/32 trust'] });
  await server.run('CREATE ROLE watcher LOGIN IN ROLE pg_monitor');
  await server.run("SELECT pg_create_physical_replication_slot('used', true)");
  ours = await openNeonwatchSide(server.dsn('postgres', 'watcher'), systemClock);
}, 120_000);

afterAll(async () => {
  await ours?.close();
  await Promise.all(receivers.map((receiver) => receiver.end('SIGINT')));
  await server?.stop();
  await Promise.all(folders.map(removeFolder));
});

describe('receivers of WAL', () => {
  it('are told apart by their slot, and those that nothing tells apart count once', async () => {
    receive('used');
    receive();
    receive();
    await until("SELECT count(*) = 3 AS done FROM pg_stat_replication WHERE state = 'streaming'");
    const samples = await samplesOf('pg_stat_replication_pg_current_wal_lsn_bytes');
    const named = samples.map(({ labels }) => [labels['application_name'], labels['slot_name'] ?? '']);
    expect(named.sort()).toEqual([
      ['nameless', ''],
      ['with_slot', 'used'],
    ]);
    expect((await ours.collect()).reading.setAside).toEqual({ duplicate: 1 });
    const active = await samplesOf('pg_replication_slots_active');
    expect(active.map(({ labels, value }) => [labels['slot_name'], value])).toEqual([['used', 1]]);
  });
});

describe('a vacuum under way', () => {
  it('is named by its table, with the schema unless that is public', async () => {
    await server.run('CREATE SCHEMA "Odd"');
    await server.run('CREATE TABLE "Odd".t AS SELECT generate_series(1, 50000) AS n; DELETE FROM "Odd".t');
    const client = await server.connect();
    await client.query('SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1');
    const vacuum = client.query('VACUUM "Odd".t').catch(() => undefined);
    try {
      await until('SELECT count(*) = 1 AS done FROM pg_stat_progress_vacuum');
      const phases = await samplesOf('pg_stat_progress_vacuum_phase');
      expect(phases).toHaveLength(7);
      expect(phases[0]?.labels).toMatchObject({ datname: 'postgres', relname: '"Odd".t' });
      expect(phases.map(({ value }) => value).sort()).toEqual([0, 0, 0, 0, 0, 0, 1]);
      expect((await samplesOf('pg_stat_progress_vacuum_heap_blks'))[0]?.value).toBeGreaterThan(100);
    } finally {
      await server.run('SELECT pg_cancel_backend(pid) FROM pg_stat_progress_vacuum');
      await vacuum;
      await client.end();
    }
  });
});
