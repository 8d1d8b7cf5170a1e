import { describe, expect, it, vi } from 'vitest';
import {
  answerOf,
  dataRow,
  describe as description,
  errorMessage,
  type FakeScript,
  int32,
  loggedIn,
  message,
  ready,
  startFakeBackend,
} from '../pg/fake-backend.ts';
import { ask, failureOf, reader } from '../pg/reading.ts';

/** A real deadline, short: nothing here waits for it but the fault itself. */
const soon = () => AbortSignal.timeout(150);

describe('a server that', () => {
  it.for<{ case: string; script: FakeScript }>([
    { case: 'hangs after accept', script: { onStartup: () => {} } },
    {
      case: 'hangs in the login',
      script: {
        onStartup: (socket) => socket.write(message('R', Buffer.concat([int32(5), Buffer.alloc(4)]))),
      },
    },
    { case: 'drips its login', script: { onStartup: (socket) => drip(socket, loggedIn) } },
  ])('$case costs its deadline and one socket, which is gone soon after', async ({ script }) => {
    const backend = await startFakeBackend(script);
    const server = reader(backend.dsn());
    const error = await failureOf(ask(server, 'SELECT 1', { signal: soon() }));
    expect(error).toMatchObject({ reason: 'timeout', isConnected: true });
    expect(error.message).toMatch(/^compute main \(.*\): the deadline passed after \d+ ms, logging in$/);
    expect(backend.accepted()).toBe(1);
    await vi.waitFor(() => expect([backend.openSockets(), server.stats().connected]).toEqual([0, 0]));
  });

  it('hangs after accept is given up at the connect limit, before the deadline', async () => {
    const backend = await startFakeBackend({ onStartup: () => {} });
    const error = await failureOf(ask(reader(backend.dsn(), { connectTimeoutMs: 100 }), 'SELECT 1'));
    expect(error).toMatchObject({ reason: 'timeout', isConnected: true });
    expect(error.message).toContain('no success after 100 ms, logging in');
  });

  it('stops at a cancel is cancelled over a socket of its own, and reached again after that', async () => {
    const backend = await startFakeBackend({
      onStatement: (socket, sql, cancelled) => {
        const stopped = Buffer.concat([errorMessage('57014', 'stopped'), ready]);
        if (sql === 'SELECT 1') socket.write(answerOf(['one'], ['1']));
        else void cancelled.then(() => socket.write(stopped));
      },
    });
    const server = reader(backend.dsn());
    expect(await failureOf(ask(server, 'SELECT slow', { signal: soon() }))).toMatchObject({
      reason: 'timeout',
    });
    expect(await ask(server, 'SELECT 1')).toEqual([{ one: '1' }]);
    expect([backend.cancels(), backend.accepted(), backend.openSockets()]).toEqual([1, 2, 1]);
  });

  it('ignores a cancel is not asked the same again while that backend lives, but other things', async () => {
    let alive: string[][] = [['4711']];
    const backend = await startFakeBackend({
      onStatement: (socket, sql) => {
        if (sql.includes('pg_stat_activity')) socket.write(answerOf(['pid'], ...alive));
        if (sql === 'SELECT 1') socket.write(answerOf(['one'], ['1']));
      },
    });
    const server = reader(backend.dsn());
    await failureOf(ask(server, 'SELECT spin', { signal: soon() }));
    await vi.waitFor(() => expect(backend.openSockets()).toBe(0));
    const again = await failureOf(ask(server, 'SELECT spin'));
    expect(again.reason).toBe('timeout');
    expect(again.message).toContain('backend 4711 still runs this statement although it was cancelled');
    expect(await ask(server, 'SELECT 1')).toEqual([{ one: '1' }]);
    alive = [];
    const late = await failureOf(ask(server, 'SELECT spin', { signal: soon() }));
    expect(late.message).toContain('the deadline passed');
  });

  it('leaves three of our statements running is asked nothing more', async () => {
    const backend = await startFakeBackend({
      onStatement: (socket, sql) => {
        if (sql.includes('pg_stat_activity')) socket.write(answerOf(['pid'], ['4711']));
      },
    });
    const server = reader(backend.dsn());
    for (const sql of ['SELECT a', 'SELECT b', 'SELECT c']) {
      await failureOf(ask(server, sql, { signal: soon() }));
      await vi.waitFor(() => expect(server.stats().connected).toBe(0));
    }
    const error = await failureOf(ask(server, 'SELECT d'));
    expect(error.message).toContain('backends 4711, 4711, 4711 still run statements of ours');
  });

  it('does not answer our goodbye still gets no second connection from a session whose deadline passes in it', async () => {
    const connected: number[] = [];
    const backend = await startFakeBackend({
      onStartup: (socket) => {
        connected.push(server.stats().connected);
        socket.write(loggedIn);
      },
      onStatement: (socket) => socket.write(answerOf(['one'], ['1'])),
      neverCloses: true,
    });
    const server = reader(backend.dsn());
    await ask(server, 'SELECT 1');
    const late = failureOf(ask(server, 'SELECT 1', { fresh: true, signal: soon() }));
    const next = ask(server, 'SELECT 1', { fresh: true });
    expect((await late).message).toContain('closing the connection before');
    expect(await next).toEqual([{ one: '1' }]);
    expect(connected).toEqual([1, 1]);
  });

  it('ends a statement as if it were the last is not asked over that connection again', async () => {
    const backend = await startFakeBackend({
      onStatement: (socket, sql) =>
        socket.write(
          sql === 'SELECT 1' ? answerOf(['one'], ['1']) : errorMessage('57P01', 'stopping', 'FATAL'),
        ),
    });
    const server = reader(backend.dsn());
    expect(await failureOf(ask(server, 'SELECT 2'))).toMatchObject({ reason: 'refused', sqlState: '57P01' });
    expect(await ask(server, 'SELECT 1')).toEqual([{ one: '1' }]);
    expect(backend.accepted()).toBe(2);
  });

  it('closes in the middle of a row is refused, and the next session dials anew', async () => {
    let isFirst = true;
    const backend = await startFakeBackend({
      onStatement: (socket) => {
        const cut = Buffer.concat([description(['a']), dataRow(['x'.repeat(100)]).subarray(0, 50)]);
        if (isFirst) socket.end(cut);
        else socket.write(answerOf(['one'], ['1']));
        isFirst = false;
      },
    });
    const server = reader(backend.dsn());
    const error = await failureOf(ask(server, 'SELECT 1'));
    expect(error).toMatchObject({ reason: 'refused' });
    expect(error.message).toContain('the server closed the connection');
    expect(await ask(server, 'SELECT 1')).toEqual([{ one: '1' }]);
  });
});

describe('bytes that are not the protocol', () => {
  const statement = (bytes: Buffer): FakeScript => ({ onStatement: (socket) => socket.write(bytes) });
  it.for<{ case: string; script: FakeScript; says: string }>([
    {
      case: 'an HTTP answer',
      script: { onStartup: (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') },
      says: 'a message of type "H"',
    },
    {
      case: 'an error message without its end, which would hold up pg for ever',
      script: statement(message('E', 'SERROR\0Mno end')),
      says: 'a damaged message of type E',
    },
    {
      case: 'a row shorter than it says, which would make pg throw where nobody catches',
      script: statement(Buffer.concat([description(['a']), message('D', Buffer.from([0, 2, 0, 0]))])),
      says: 'a damaged message of type D',
    },
    {
      case: 'a row of minus one columns',
      script: statement(Buffer.concat([description(['a']), message('D', Buffer.from([255, 255]))])),
      says: 'a damaged message of type D',
    },
    {
      case: 'a message shorter than its header',
      script: statement(Buffer.from([68, 0, 0, 0, 1, 0, 0])),
      says: 'a message of 2 bytes',
    },
    {
      case: 'the beginning of a COPY',
      script: statement(message('H', Buffer.from([0, 0, 0]))),
      says: 'a message of type "H"',
    },
  ])('$case are malformed', async ({ script, says }) => {
    const backend = await startFakeBackend(script);
    const error = await failureOf(ask(reader(backend.dsn()), 'SELECT 1'));
    expect(error).toMatchObject({ reason: 'malformed' });
    expect(error.message).toContain(`not the Postgres protocol: the server sent ${says}`);
    await vi.waitFor(() => expect(backend.openSockets()).toBe(0));
  });

  it('a way to log in that we do not have is named', async () => {
    const backend = await startFakeBackend({ onStartup: (socket) => socket.write(message('R', int32(7))) });
    const error = await failureOf(ask(reader(backend.dsn()), 'SELECT 1'));
    expect(error).toMatchObject({ reason: 'unsupported' });
    expect(error.message).toContain('log in with GSSAPI');
  });
});

describe('an answer that is too large', () => {
  it.for<{ case: string; bytes: Buffer; says: string }>([
    {
      case: 'by rows',
      bytes: answerOf(['a'], ...Array.from({ length: 11 }, () => ['x'])),
      says: 'the answer has more than 10 rows',
    },
    {
      case: 'by bytes in many rows',
      bytes: answerOf(['a'], ...Array.from({ length: 9 }, () => ['x'.repeat(200)])),
      says: 'the server sends too many bytes',
    },
    { case: 'by bytes in one row', bytes: answerOf(['a'], ['x'.repeat(2_000)]), says: 'the server sends' },
    {
      case: 'by a length that is only announced',
      bytes: Buffer.concat([description(['a']), Buffer.from([68, 127, 255, 255, 255])]),
      says: 'a message of 2147483648 bytes',
    },
  ])('$case ends there', async ({ bytes, says }) => {
    const backend = await startFakeBackend({ onStatement: (socket) => socket.write(bytes) });
    const server = reader(backend.dsn(), { maxRows: 10, maxBytes: 1_000 });
    const error = await failureOf(ask(server, 'SELECT 1'));
    expect(error).toMatchObject({ reason: 'too_large' });
    expect(error.message).toContain(says);
    await vi.waitFor(() => expect(backend.openSockets()).toBe(0));
  });
});

it('nothing of the PG* variables reaches the server, and options only when they are in the connection string', async () => {
  vi.stubEnv('PGOPTIONS', '-c work_mem=1');
  vi.stubEnv('PGAPPNAME', 'somebody');
  vi.stubEnv('PGREPLICATION', 'true');
  vi.stubEnv('PGSSLNEGOTIATION', 'direct');
  vi.stubEnv('PGPASSWORD', 'other');
  const backend = await startFakeBackend({ onStatement: (socket) => socket.write(answerOf(['a'])) });
  await ask(reader(backend.dsn()), 'SELECT');
  vi.unstubAllEnvs();
  const plain = { user: 'me', database: 'app', application_name: 'neonwatch', client_encoding: 'UTF8' };
  expect(backend.startup()).toEqual(plain);
  await ask(reader(backend.dsn('?options=-cx%3D1')), 'SELECT');
  expect(backend.startup()).toEqual({ ...plain, options: '-cx=1' });
});

function drip(
  socket: { write(bytes: Buffer): unknown; once(event: 'close', run: () => void): unknown },
  bytes: Buffer,
): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < bytes.length) socket.write(bytes.subarray(sent, sent + 1));
    sent += 1;
  }, 10);
  socket.once('close', () => clearInterval(timer));
}
