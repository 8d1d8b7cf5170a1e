import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Listening, type ListenOptions, listen } from '../../src/http/listen.ts';
import { manualClock } from '../support/manual-clock.ts';

const opened: Listening[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(opened.splice(0).map((listening) => listening.close(0)));
});

async function start(app: RequestListener, overrides: Partial<ListenOptions> = {}) {
  const clock = manualClock();
  const listening = await listen(app, {
    host: '127.0.0.1',
    port: 0,
    clock,
    onError: (error) => {
      throw error;
    },
    ...overrides,
  });
  // Closing twice is harmless; a test that fails half way leaves nothing behind.
  opened.push({ url: listening.url, close: () => listening.close(0).finally(() => clock.advance(1)) });
  return { ...listening, clock, port: Number(new URL(listening.url).port) };
}

/** A client that sends `request` and gathers what comes until the socket is closed. */
async function client(port: number, request: string) {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(received)));
  if (request !== '') socket.write(request);
  return { socket, ended };
}

/** An app whose answers wait until they are released. */
function slowApp() {
  const { promise: arrival, resolve: announce } = Promise.withResolvers<ServerResponse>();
  const app: RequestListener = (_request, response) => announce(response);
  return { app, arrival, release: async () => (await arrival).end('done') };
}

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('listen', () => {
  it('says which port it got', async () => {
    const { url } = await start((_request, response) => response.end('hello'));
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(url)).text()).toBe('hello');
  });

  it('names the setting and the remedy when the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    await expect(start(() => undefined, { port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: the port is taken: stop what listens there, or set http.listen to a free port`,
    );
    taken.close();
  });

  it('names the setting and the remedy when this machine lacks the address', async () => {
    await expect(start(() => undefined, { host: '192.0.2.1' })).rejects.toThrow(
      /cannot listen on 192\.0\.2\.1:0: this machine has no such address: set http\.listen/,
    );
  });

  it('drops a reader that takes nothing', async () => {
    const aborted = new Promise<void>((resolve) => {
      void start(
        (_request, response) => {
          response.once('close', resolve);
          // More than any socket buffer holds.
          response.end(Buffer.alloc(64 * 1024 * 1024));
        },
        { stallMs: 50 },
      ).then(async ({ port }) => {
        const { socket } = await client(port, get);
        socket.pause();
      });
    });
    await aborted;
  });

  it('closes connections over the most it takes', async () => {
    const { port } = await start(() => undefined, { maxConnections: 1 });
    await client(port, get);
    const second = await client(port, get);
    expect(await second.ended).toBe('');
  });
});

describe('close', () => {
  it('lets an answer under way finish, then closes its connection', async () => {
    const slow = slowApp();
    const server = await start(slow.app);
    const { ended } = await client(server.port, get);
    await slow.arrival;
    const closed = server.close(5_000);
    await slow.release();
    expect(await ended).toMatch(/^HTTP\/1\.1 200 OK.*done/s);
    await closed;
    expect(server.clock.pending()).toBe(0);
  });

  it('accepts nothing more', async () => {
    const slow = slowApp();
    const server = await start(slow.app);
    const { ended } = await client(server.port, get);
    await slow.arrival;
    const closed = server.close(5_000);
    await expect(fetch(server.url)).rejects.toThrow();
    await slow.release();
    await Promise.all([ended, closed]);
  });

  it.for([
    { case: 'that never asked anything', request: '' },
    { case: 'that is half way through its request', request: 'GET / HTTP/1.1\r\nHost:' },
  ])('drops a connection at once $case', async ({ request }) => {
    const server = await start((_request, response) => response.end('hello'));
    const { ended } = await client(server.port, request);
    // Answered after the connection above was accepted.
    await (await fetch(server.url)).text();
    await server.close(5_000);
    expect(await ended).toBe('');
  });

  it('drops a kept connection at once', async () => {
    const server = await start((_request, response) => response.end('hello'));
    const { socket, ended } = await client(server.port, get);
    await once(socket, 'data');
    await server.close(5_000);
    expect(await ended).toMatch(/hello/);
  });

  it('drops what is left when the grace is over', async () => {
    const slow = slowApp();
    const server = await start(slow.app);
    const { ended } = await client(server.port, get);
    await slow.arrival;
    let isClosed = false;
    const closed = server.close(5_000).then(() => {
      isClosed = true;
    });
    await server.clock.advance(4_999);
    expect(isClosed).toBe(false);
    await server.clock.advance(1);
    await closed;
    expect(await ended).toBe('');
  });
});
