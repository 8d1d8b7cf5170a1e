import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { SourceError } from '../../src/errors.ts';
import { type HttpTarget, type HttpTargetOptions, openHttpTarget } from '../../src/sources/http.ts';

/** A server on loopback that ends with the test. */
export interface TestServer {
  readonly port: number;
  readonly url: string;
  /** Sockets that clients hold open now, as this side sees it. */
  openSockets(): number;
  /** Sockets ever accepted. */
  acceptedSockets(): number;
  close(): Promise<void>;
}

export function startHttp(answer: RequestListener): Promise<TestServer> {
  return listen(createHttpServer(answer), 'http');
}

export function startHttps(key: Buffer, cert: Buffer, answer: RequestListener): Promise<TestServer> {
  return listen(createHttpsServer({ key, cert }, answer), 'https');
}

/** Bytes as they stand: for answers that no honest server sends. `scheme` is only what the URL says. */
export function startTcp(serve: (socket: Socket) => void, scheme = 'http'): Promise<TestServer> {
  const read = (socket: Socket) => {
    serve(socket);
    // Who does not read does not see that the other side has gone.
    socket.resume();
  };
  return listen(createTcpServer(read), scheme);
}

/** Sends `text` as soon as the client has sent something. */
export function startRaw(text: string | Buffer, end = true): Promise<TestServer> {
  return startTcp((socket) => socket.once('data', () => (end ? socket.end(text) : socket.write(text))));
}

/** Sends `head` at once and then one more byte of `rest` every 10 ms until the other side has gone. */
export function startDrip(head: string, rest: string): Promise<TestServer> {
  return startTcp((socket) => {
    socket.once('data', () => {
      socket.write(head);
      let sent = 0;
      const timer = setInterval(() => socket.write(rest[sent++ % rest.length] ?? ''), 10);
      socket.once('close', () => clearInterval(timer));
    });
  });
}

async function listen(server: Server, scheme: string): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  onTestFinished(close);
  return {
    port: address.port,
    url: `${scheme}://127.0.0.1:${address.port}`,
    openSockets: () => sockets.size,
    acceptedSockets: () => accepted,
    close,
  };
}

/** Long enough for a busy machine; a test about a limit sets that one limit short. */
export const patientLimits = {
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  maxBodyBytes: 1024 * 1024,
};

/** A target that ends with the test. */
export function openTarget(
  url: string,
  {
    limits,
    ...options
  }: Partial<Omit<HttpTargetOptions, 'limits'>> & { limits?: Partial<typeof patientLimits> } = {},
): HttpTarget {
  const target = openHttpTarget({
    url,
    setting: 'storageController.url',
    limits: { ...patientLimits, ...limits },
    ...options,
  });
  onTestFinished(() => target.close());
  return target;
}

/** Serves one fixed answer and records what it was asked. */
export async function startAnswer(
  status: number,
  contentType: string | undefined,
  body: string | Buffer,
  more: Record<string, string> = {},
) {
  const requests: { url: string | undefined; headers: Record<string, unknown> }[] = [];
  const server = await startHttp((request, response) => {
    requests.push({ url: request.url, headers: request.headers });
    const type = contentType === undefined ? {} : { 'content-type': contentType };
    response.writeHead(status, { ...type, ...more }).end(body);
  });
  return { ...server, requests };
}

/** The `SourceError` that a read ends with; anything else fails the test. */
export async function failureOf(read: Promise<unknown>): Promise<SourceError> {
  const error: unknown = await read.then(
    (value) => new Error(`no failure but ${JSON.stringify(value)}`),
    (thrown) => thrown,
  );
  if (error instanceof SourceError) return error;
  throw error;
}

/** Both ends have let go of everything. */
export async function expectFreed(target: HttpTarget, server?: TestServer): Promise<void> {
  await expect.poll(() => target.stats()).toEqual({ connected: 0, running: 0, pending: 0 });
  if (server !== undefined) await expect.poll(() => server.openSockets()).toBe(0);
}
