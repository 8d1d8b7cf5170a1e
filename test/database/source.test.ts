import { chmod, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import {
  bool,
  count,
  epochMs,
  float8,
  int4,
  int8,
  numeric,
  text,
  wholeNumeric,
} from '../../src/sources/pg-values.ts';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import { startEmbeddedPostgres } from '../pg/embedded-postgres.ts';
import { ask, failureOf, reader } from '../pg/reading.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { own } from '../pg/unprivileged.ts';

const never = new AbortController().signal;
const ourBackends = `SELECT pid, query, wait_event_type FROM pg_stat_activity WHERE application_name = 'neonwatch'`;

describe.each([
  { server: "Debian's Postgres", start: startDebianPostgres, major: 15 },
  { server: 'Postgres from npm', start: startEmbeddedPostgres, major: 17 },
])('$server', ({ start, major }) => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await start({ settings: { max_connections: 12, superuser_reserved_connections: 3 } });
  });
  afterAll(() => postgres?.stop());

  it('is read as text, and schemas give values that no float has touched', async () => {
    const shape = z.object({
      big: int8,
      small: int4,
      many: count,
      sum: wholeNumeric,
      exact: numeric,
      float: float8,
      nan: float8,
      yes: bool,
      word: text,
      nothing: text.nullable(),
      at: epochMs,
    });
    const server = reader(postgres.dsn());
    const [row] = await server.session({}, never, ({ rows }) =>
      rows(
        `SELECT 9223372036854775807 AS big, -7::int2 AS small, count(*) AS many, sum(9223372036854775807::int8) * 3 AS sum,
  1.50::numeric AS exact, 0.1::float8 AS float, 'NaN'::float8 AS nan, true AS yes, E'a\\tb' AS word, NULL AS nothing,
  extract(epoch FROM timestamptz '2026-01-02 03:04:05.678901+00') AS at`,
        shape,
      ),
    );
    expect(row).toEqual({
      big: 9223372036854775807n,
      small: -7,
      many: 1,
      sum: 27670116110564327421n,
      exact: '1.50',
      float: 0.1,
      nan: Number.NaN,
      yes: true,
      word: 'a\tb',
      nothing: null,
      at: 1_767_323_045_678.901,
    });
  });

  it('gets a session that can harm nobody, and says which version it is', async () => {
    const server = reader(postgres.dsn(), { statementTimeoutMs: 1_234 });
    const names = [
      'application_name',
      'default_transaction_read_only',
      'idle_in_transaction_session_timeout',
      'lock_timeout',
      'search_path',
      'statement_timeout',
    ];
    const columns = names.map((name) => `current_setting('${name}') AS ${name}`).join(', ');
    const session = await server.session({}, never, async (sql) => {
      const [settings] = await sql.rows(`SELECT ${columns}`, z.record(z.string(), z.string()));
      return { settings, version: Math.trunc(sql.serverVersion / 10_000), isPooled: sql.isPooled };
    });
    expect(session).toEqual({
      settings: {
        application_name: 'neonwatch',
        default_transaction_read_only: 'on',
        idle_in_transaction_session_timeout: '1234ms',
        lock_timeout: '500ms',
        search_path: 'pg_catalog, pg_temp',
        statement_timeout: '1234ms',
      },
      version: major,
      isPooled: false,
    });
    const error = await failureOf(ask(server, 'CREATE TABLE public.t ()'));
    expect(error).toMatchObject({ reason: 'unexpected', sqlState: '25006' });
  });

  it('is asked over one kept connection, and over a new one for another database or a fresh look', async () => {
    const server = reader(postgres.dsn());
    const pid = async (options = {}) =>
      (await ask(server, 'SELECT pg_backend_pid() AS pid', options))[0]?.['pid'];
    const first = await pid();
    expect(await pid()).toBe(first);
    const fresh = await pid({ fresh: true });
    expect(fresh).not.toBe(first);
    expect(await pid()).toBe(fresh);
    expect(await ask(server, 'SELECT current_database() AS name', { database: 'template1' })).toEqual([
      { name: 'template1' },
    ]);
    expect(await ask(server, 'SELECT current_database() AS name')).toEqual([{ name: 'postgres' }]);
    expect(await postgres.run(ourBackends)).toHaveLength(1);
  });

  it('may have a database of any name', async () => {
    const name = 'a"|b,c\n';
    await postgres.run(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
    const server = reader(postgres.dsn());
    expect(await ask(server, 'SELECT current_database() AS name', { database: name })).toEqual([{ name }]);
    const error = await failureOf(ask(server, 'SELECT * FROM nowhere', { database: name }));
    expect(error.message).toContain('/a%22%7Cb%2Cc%0A): relation "nowhere" does not exist');
    expect(error.message).not.toContain('\n');
    expect(await ask(reader(postgres.dsn(name)), 'SELECT 1 AS one')).toEqual([{ one: '1' }]);
    const nul = await failureOf(ask(server, 'SELECT 1', { database: 'a\0options\0-c' }));
    expect(nul.message).toContain('NUL in its name');
  });

  it.for([
    {
      sql: 'SELECT * FROM nowhere',
      reason: 'unsupported',
      sqlState: '42P01',
      says: 'in database "postgres"',
    },
    { sql: 'SELECT nothing()', reason: 'unsupported', sqlState: '42883', says: 'nothing() does not exist' },
    { sql: 'SELECT nothing FROM pg_class', reason: 'unsupported', sqlState: '42703', says: '"nothing"' },
    { sql: 'SELECT nowhere.f()', reason: 'unsupported', sqlState: '3F000', says: '"nowhere"' },
    { sql: "SELECT 'nowhere'::regrole", reason: 'unsupported', sqlState: '42704', says: '"nowhere"' },
    { sql: 'SELECT pg_sleep(9)', reason: 'timeout', sqlState: '57014', says: 'statement_timeout is 200 ms' },
    { sql: 'SELECT 1/0', reason: 'unexpected', sqlState: '22012', says: 'division by zero' },
  ])('answers $sql with $sqlState, which is $reason', async ({ sql, reason, sqlState, says }) => {
    const server = reader(postgres.dsn(), { statementTimeoutMs: 200 });
    const error = await failureOf(ask(server, sql));
    expect(error).toMatchObject({ reason, sqlState });
    expect(error.message).toContain(`compute main (postgresql://127.0.0.1:${postgres.port}/postgres): `);
    expect(error.message).toContain(says);
    expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: '1' }]);
  });

  it('answers a row of another shape with the column and the row, and no long value', async () => {
    const sql = `SELECT 1 AS n, 'x' AS s UNION ALL SELECT NULL, repeat('secret', 20)`;
    const shape = z.object({ n: int4, s: z.string().max(5) });
    const error = await failureOf(reader(postgres.dsn()).session({}, never, ({ rows }) => rows(sql, shape)));
    expect(error).toMatchObject({ reason: 'malformed' });
    expect(error.message).toContain('row[1].n: expected string, got null; row[1].s: ');
    expect(error.message).not.toContain('secretsecret');
  });

  it('denies what the role has no grant for, and the message says whom to grant it', async () => {
    await postgres.run(
      'CREATE ROLE plain LOGIN; CREATE TABLE public.closed (); REVOKE CONNECT ON DATABASE template1 FROM PUBLIC',
    );
    const server = reader(postgres.dsn('postgres', 'plain'));
    const table = await failureOf(ask(server, 'SELECT * FROM public.closed'));
    expect(table).toMatchObject({ reason: 'denied', sqlState: '42501' });
    expect(table.message).toContain('permission denied for table closed');
    expect(table.message).toContain('grant it to "plain"');
    const database = await failureOf(ask(server, 'SELECT 1', { database: 'template1' }));
    expect(database).toMatchObject({ reason: 'denied', sqlState: '42501' });
  });

  it('has no such database, no such user', async () => {
    const database = await failureOf(ask(reader(postgres.dsn('nowhere')), 'SELECT 1'));
    expect(database).toMatchObject({ reason: 'unsupported', sqlState: '3D000' });
    expect(database.message).toContain('create it, or name another database in computes[0].dsn');
    const user = await failureOf(ask(reader(postgres.dsn('postgres', 'nobody')), 'SELECT 1'));
    expect(user).toMatchObject({ reason: 'denied', sqlState: '28000' });
  });

  it('is out of connections', async () => {
    await postgres.run('CREATE ROLE many LOGIN');
    const holders = await Promise.all(Array.from({ length: 9 }, () => postgres.connect('postgres', 'many')));
    onTestFinished(async () => {
      await Promise.all(holders.map((holder) => holder.end()));
    });
    const error = await failureOf(ask(reader(postgres.dsn('postgres', 'many')), 'SELECT 1'));
    expect(error).toMatchObject({ reason: 'refused', sqlState: '53300' });
    expect(error.message).toContain('raise max_connections or the limit of "many"');
  });

  it('really stops what was cancelled', async () => {
    const server = reader(postgres.dsn(), { statementTimeoutMs: 60_000 });
    const error = await failureOf(ask(server, 'SELECT pg_sleep(50)', { signal: AbortSignal.timeout(200) }));
    expect(error).toMatchObject({ reason: 'timeout' });
    await vi.waitFor(async () => expect(await postgres.run(ourBackends)).toEqual([]));
    // The backend may be gone a moment before its socket is closed here.
    await vi.waitFor(() => expect(server.stats()).toEqual({ connected: 0, waiting: 0 }));
  });

  it('waits behind a queued ALTER TABLE no longer than lock_timeout', async () => {
    await postgres.run('CREATE TABLE public.busy (a int)');
    const reading = await postgres.connect();
    const altering = await postgres.connect();
    onTestFinished(async () => {
      await Promise.all([reading.end(), altering.end()]);
    });
    await reading.query('BEGIN; SELECT * FROM public.busy');
    const altered = altering.query('ALTER TABLE public.busy ADD COLUMN b int');
    const isQueued = `SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'`;
    await vi.waitFor(async () => expect(await postgres.run(isQueued)).toHaveLength(1));
    const server = reader(postgres.dsn(), { lockTimeoutMs: 100 });
    const error = await failureOf(ask(server, 'SELECT count(*) FROM public.busy'));
    expect(error).toMatchObject({ reason: 'timeout', sqlState: '55P03' });
    expect(error.message).toContain('lock_timeout (100 ms)');
    expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: '1' }]);
    await reading.query('ROLLBACK');
    await altered;
  });

  it('never holds two of our backends, whatever storm of sessions and deadlines there is', async () => {
    const watcher = await postgres.connect();
    const server = reader(postgres.dsn());
    let isOver = false;
    let most = 0;
    const watch = (async () => {
      while (!isOver) {
        const { rows } = await watcher.query(ourBackends);
        most = Math.max(most, rows.length);
      }
    })();
    let seed = 1;
    const chance = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    let finished = 0;
    const storm = Array.from({ length: 120 }, async (_, index) => {
      const sql = chance() < 0.5 ? 'SELECT pg_sleep(0.03)' : 'SELECT 1/(random() > 2)::int';
      const database = chance() < 0.3 ? 'template0x' : chance() < 0.5 ? 'template1' : 'postgres';
      const signal = AbortSignal.timeout(Math.ceil(chance() * 40 * index));
      await ask(server, sql, { database, fresh: chance() < 0.2, signal }).catch(() => {});
      finished += 1;
    });
    await Promise.all(storm);
    isOver = true;
    await watch;
    await watcher.end();
    expect(finished).toBe(120);
    expect(most).toBe(1);
    expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: '1' }]);
    expect(server.stats()).toEqual({ connected: 1, waiting: 0 });
  });

  it('can take 100,000 rows, and is told when there are more than allowed', async () => {
    const server = reader(postgres.dsn(), { maxRows: 100_000 });
    const sql = (rows: number) => `SELECT n, md5(n::text) AS hash FROM generate_series(1, ${rows}) AS n`;
    expect(await ask(server, sql(100_000))).toHaveLength(100_000);
    expect(await failureOf(ask(server, sql(100_001)))).toMatchObject({ reason: 'too_large' });
    const wide = reader(postgres.dsn(), { maxBytes: 1_000_000 });
    expect(await failureOf(ask(wide, sql(100_000)))).toMatchObject({ reason: 'too_large' });
  });

  it('may end our idle connection, and is reached again by the next session', async () => {
    const server = reader(postgres.dsn());
    await ask(server, 'SELECT 1');
    await postgres.run(`SELECT pg_terminate_backend(pid) FROM (${ourBackends}) AS ours`);
    await vi.waitFor(() => expect(server.stats().connected).toBe(0));
    expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: '1' }]);
  });

  it('is closed by us at once, with what is under way', async () => {
    const server = reader(postgres.dsn());
    const outcome = failureOf(ask(server, 'SELECT pg_sleep(4)'));
    const waiting = failureOf(ask(server, 'SELECT 1'));
    await vi.waitFor(async () =>
      expect(await postgres.run(ourBackends)).toMatchObject([{ query: 'SELECT pg_sleep(4)' }]),
    );
    await server.close();
    for (const error of [await outcome, await waiting, await failureOf(ask(server, 'SELECT 1'))]) {
      expect(error.message).toContain('the target has been closed');
    }
    expect(await postgres.run(ourBackends)).toEqual([]);
  });

  it('has a statement under way that nobody waits for: it is stopped with its session', async () => {
    const server = reader(postgres.dsn());
    await server.session({}, never, async ({ rows }) => {
      rows('SELECT pg_sleep(4)', z.unknown()).catch(() => {});
      await vi.waitFor(async () =>
        expect(await postgres.run(ourBackends)).toMatchObject([{ query: 'SELECT pg_sleep(4)' }]),
      );
    });
    expect(await postgres.run(ourBackends)).toEqual([]);
    expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: '1' }]);
  });

  it('asks for a password', async () => {
    const closed = await start({
      hba: ['host all scram 127.0.0.1/32 scram-sha-256', 'host all md5 127.0.0.1/32 md5'],
    });
    onTestFinished(() => closed.stop());
    await closed.run(`CREATE ROLE scram LOGIN PASSWORD 'corr€ct horse'; SET password_encryption = md5;
CREATE ROLE md5 LOGIN PASSWORD 'battery staple'`);
    expect(
      await ask(reader(closed.dsn('postgres', 'scram', 'corr€ct horse')), 'SELECT 1 AS one'),
    ).toHaveLength(1);
    expect(
      await ask(reader(closed.dsn('postgres', 'md5', 'battery staple')), 'SELECT 1 AS one'),
    ).toHaveLength(1);
    for (const user of ['scram', 'md5']) {
      const wrong = await failureOf(ask(reader(closed.dsn('postgres', user, 'wrong-password')), 'SELECT 1'));
      expect(wrong).toMatchObject({ reason: 'denied', sqlState: '28P01' });
      expect(wrong.message).toContain(`check user "${user}" and its password in computes[0].dsn`);
      expect(wrong.message).not.toContain('wrong-password');
      const none = await failureOf(ask(reader(closed.dsn('postgres', user)), 'SELECT 1'));
      expect(none).toMatchObject({ reason: 'denied' });
      expect(none.message).toContain('the connection string has none');
    }
  });
});

describe('a server of its own', () => {
  it('restarts in the middle of a statement, is down, recovers as a standby, and is read again', async () => {
    const postgres = await startDebianPostgres();
    onTestFinished(() => postgres.stop());
    const server = reader(postgres.dsn());
    await ask(server, 'SELECT 1');
    const outcome = failureOf(ask(server, 'SELECT pg_sleep(4)'));
    await vi.waitFor(async () =>
      expect(await postgres.run(ourBackends)).toMatchObject([{ query: 'SELECT pg_sleep(4)' }]),
    );
    await postgres.halt();
    expect(await outcome).toMatchObject({ reason: 'refused', sqlState: '57P01' });
    const down = await failureOf(ask(server, 'SELECT 1'));
    expect(down).toMatchObject({ reason: 'refused' });
    expect(down.message).toContain('connection refused');
    await postgres.restart({ standby: true });
    const state = `SELECT pg_is_in_recovery() AS recovering, current_setting('transaction_read_only') AS readonly`;
    expect(await ask(server, state)).toEqual([{ recovering: 't', readonly: 'on' }]);
  });

  it('lets nobody in while a standby without hot_standby recovers', async () => {
    const postgres = await startDebianPostgres({ settings: { hot_standby: 'off' } });
    onTestFinished(() => postgres.stop());
    await postgres.halt();
    const starting = postgres.restart({ standby: true });
    void starting.catch(() => {});
    const server = reader(postgres.dsn());
    await vi.waitFor(
      async () =>
        expect(await failureOf(ask(server, 'SELECT 1'))).toMatchObject({
          reason: 'refused',
          sqlState: '57P03',
        }),
      { timeout: 5_000 },
    );
  });

  it('speaks TLS as sslmode asks', async () => {
    const postgres = await startDebianPostgres({ hba: ['hostnossl all secure 127.0.0.1/32 reject'] });
    onTestFinished(() => postgres.stop());
    await postgres.run('CREATE ROLE secure LOGIN');
    const plain = await failureOf(ask(reader(`${postgres.dsn()}?sslmode=require`), 'SELECT 1'));
    expect(plain).toMatchObject({ reason: 'tls' });
    expect(plain.message).toContain('the server offers no TLS, and sslmode=require asks for it');
    const fixtures = join(import.meta.dirname, '..', 'sources', 'fixtures');
    for (const [from, to] of [
      ['loopback.pem', 'server.crt'],
      ['loopback-key.pem', 'server.key'],
    ] as const) {
      const path = join(postgres.dataFolder, to);
      await copyFile(join(fixtures, from), path);
      await chmod(path, 0o600);
      own(path);
    }
    await postgres.run('ALTER SYSTEM SET ssl = on');
    await postgres.restart();
    const isEncrypted = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    const authority = encodeURIComponent(join(fixtures, 'authority.pem'));
    const secure = postgres.dsn('postgres', 'secure');
    const outcomes = await Promise.all(
      ['', '?sslmode=require', `?sslmode=verify-full&sslrootcert=${authority}`, '?sslmode=disable'].map(
        async (options) =>
          ask(reader(`${secure}${options}`), isEncrypted).then(
            ([row]) => row?.['ssl'],
            (error) => error.reason,
          ),
      ),
    );
    expect(outcomes).toEqual(['t', 't', 't', 'denied']);
    const unknown = await failureOf(ask(reader(`${secure}?sslmode=verify-full`), 'SELECT 1'));
    expect(unknown).toMatchObject({ reason: 'tls' });
    expect(unknown.message).toContain("name the CA's file: sslrootcert in computes[0].dsn");
    const asked = failureOf(
      ask(reader(`${secure}?sslmode=require`), 'SELECT pg_sleep(4)', { signal: AbortSignal.timeout(300) }),
    );
    expect(await asked).toMatchObject({ reason: 'timeout' });
    await vi.waitFor(async () =>
      expect(JSON.stringify(await postgres.run(ourBackends))).not.toContain('pg_sleep'),
    );
  });

  it('is reached over its unix socket', async () => {
    const postgres = await startDebianPostgres();
    onTestFinished(() => postgres.stop());
    const words = `host='${postgres.socketFolder}' port=${postgres.port} user=postgres dbname=postgres`;
    expect(await ask(reader(words), 'SELECT inet_client_addr() AS address')).toEqual([{ address: null }]);
    const error = await failureOf(ask(reader("host='/nowhere' user=postgres"), 'SELECT 1'));
    expect(error).toMatchObject({ reason: 'refused' });
    expect(error.message).toContain('no server has its socket there');
  });
});
