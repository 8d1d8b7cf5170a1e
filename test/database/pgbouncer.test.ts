import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import { type PgBouncer, startPgBouncer } from '../pg/pgbouncer.ts';
import { ask, failureOf, reader } from '../pg/reading.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';

const never = new AbortController().signal;
const settings = `SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS statement,
  current_setting('lock_timeout') AS lock, current_setting('transaction_read_only') AS readonly`;
const ours = { path: 'pg_catalog, pg_temp', statement: '5s', lock: '500ms', readonly: 'on' };
const servers = { path: '"$user", public', statement: '0', lock: '0', readonly: 'off' };

describe('behind PgBouncer', () => {
  let postgres: TestPostgres;
  let bouncer: PgBouncer;
  beforeAll(async () => {
    postgres = await startDebianPostgres();
    // Before the first pool: whoever waits for the only server connection is told so early.
    bouncer = await startPgBouncer({ port: postgres.port, settings: { query_wait_timeout: 5 } });
  });
  afterAll(async () => {
    await bouncer?.stop();
    await postgres?.stop();
  });

  /** Another client of the same pool, which has one server connection. */
  const neighbour = async () => {
    const client = new pg.Client({ connectionString: bouncer.dsn() });
    await client.connect();
    onTestFinished(() => client.end());
    return client;
  };

  it('a session knows that it is pooled, and every statement has our settings', async () => {
    const session = await reader(bouncer.dsn()).session({}, never, async (sql) => ({
      isPooled: sql.isPooled,
      version: Math.trunc(sql.serverVersion / 10_000),
      rows: [
        await sql.rows(settings, z.unknown()),
        await sql.rows(`${settings} -- said last`, z.unknown()),
      ].flat(),
    }));
    expect(session).toEqual({ isPooled: true, version: 15, rows: [ours, ours] });
  });

  it('nothing of ours stays on the connection that the next client gets, not even after an error', async () => {
    const server = reader(bouncer.dsn());
    const client = await neighbour();
    for (const sql of ['SELECT 1 AS one', 'SELECT 1/0', 'SELECT * FROM nowhere', 'SELECT (']) {
      await ask(server, sql).catch(() => {});
      const { rows } = await client.query(settings);
      expect(rows).toEqual([servers]);
    }
    expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: '1' }]);
    expect(server.stats()).toEqual({ connected: 1, waiting: 0 });
  });

  it.for([
    { sql: 'SELECT * FROM nowhere', reason: 'unsupported', sqlState: '42P01' },
    { sql: 'SELECT pg_sleep(9)', reason: 'timeout', sqlState: '57014' },
    { sql: 'CREATE TABLE public.t ()', reason: 'unexpected', sqlState: '25006' },
  ])('$sql fails as it does without', async ({ sql, reason, sqlState }) => {
    const server = reader(bouncer.dsn(), { statementTimeoutMs: 200 });
    expect(await failureOf(ask(server, sql))).toMatchObject({ reason, sqlState });
    expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: '1' }]);
  });

  it('a deadline stops the statement on the server', async () => {
    const server = reader(bouncer.dsn(), { statementTimeoutMs: 60_000 });
    const error = await failureOf(ask(server, 'SELECT pg_sleep(50)', { signal: AbortSignal.timeout(200) }));
    expect(error).toMatchObject({ reason: 'timeout' });
    const sleeping = `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(50)%' AND pid <> pg_backend_pid()`;
    await vi.waitFor(async () => expect(await postgres.run(sleeping)).toEqual([]));
    expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: '1' }]);
  });

  it('a deadline while others hold the only server connection is a timeout', async () => {
    const client = await neighbour();
    await client.query('BEGIN');
    const server = reader(bouncer.dsn());
    const error = await failureOf(ask(server, 'SELECT 1', { signal: AbortSignal.timeout(200) }));
    expect(error).toMatchObject({ reason: 'timeout' });
    await client.query('COMMIT');
    expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: '1' }]);
  });

  it('a database that is not there is told', async () => {
    const error = await failureOf(ask(reader(bouncer.dsn('nowhere')), 'SELECT 1'));
    expect(error).toMatchObject({ reason: 'unsupported', sqlState: '08P01' });
  });

  it('so is a wrong password, a full pooler, and a server that is down', async () => {
    const guarded = await startPgBouncer({
      port: 1,
      settings: { auth_type: 'scram-sha-256', max_client_conn: 1, query_wait_timeout: 1 },
      users: { me: 'correct horse' },
    });
    onTestFinished(() => guarded.stop());
    const wrong = await failureOf(ask(reader(guarded.dsn('app', 'me', 'wrong-password')), 'SELECT 1'));
    expect(wrong).toMatchObject({ reason: 'denied', sqlState: '08P01' });
    expect(wrong.message).not.toContain('wrong-password');
    const holder = reader(guarded.dsn('app', 'me', 'correct horse'));
    const down = failureOf(ask(holder, 'SELECT 1'));
    await vi.waitFor(() => expect(holder.stats().connected).toBe(1));
    await vi.waitFor(async () => {
      const full = await failureOf(ask(reader(guarded.dsn('app', 'me', 'correct horse')), 'SELECT 1'));
      expect(full).toMatchObject({ reason: 'refused', sqlState: '08P01' });
      expect(full.message).toContain('max_client_conn');
    });
    expect(await down).toMatchObject({ reason: 'refused', sqlState: '08P01' });
  });

  it('in session mode is taken for pooled too: the server connection may be an old one', async () => {
    const session = await startPgBouncer({ port: postgres.port, settings: { pool_mode: 'session' } });
    onTestFinished(() => session.stop());
    const isPooled = await reader(session.dsn()).session({}, never, async (sql) => sql.isPooled);
    expect(isPooled).toBe(true);
  });
});
