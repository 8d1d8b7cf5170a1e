import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../clock.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port; the answer says which. */
  readonly port: number;
  readonly clock: Clock;
  /** An error of the listening socket itself, such as too many open files; it keeps listening. */
  readonly onError: (error: Error) => void;
  /** Connections at one time; further ones are closed at once. Default 256. */
  readonly maxConnections?: number;
  /** A reader that takes no byte in this long is dropped. Default 30 s. */
  readonly stallMs?: number;
}

/** A server that accepts requests. */
export interface Listening {
  /** Where it listens: `http://127.0.0.1:9090`. */
  readonly url: string;
  /**
   * Accepts nothing more, lets answers under way finish, drops everything else at once.
   * After `graceMs` what is left is dropped too. Resolves when no connection is left.
   */
  close(graceMs: number): Promise<void>;
}

/** A whole request must be here in this time; it has no body to speak of. */
const requestMs = 10_000;
const requestCheckMs = 5_000;
/** Longer than the usual scrape interval of a minute, so that a scraper keeps its connection. */
const keepAliveMs = 75_000;

/**
 * Binds and starts to serve.
 *
 * @throws an `Error` that names the setting `http.listen` and the remedy, when the address cannot be bound
 */
export async function listen(app: RequestListener, options: ListenOptions): Promise<Listening> {
  const { host, port, clock, onError, maxConnections = 256, stallMs = 30_000 } = options;
  const server = createServer(
    { requestTimeout: requestMs, headersTimeout: requestMs, connectionsCheckingInterval: requestCheckMs },
    app,
  );
  server.maxConnections = maxConnections;
  server.keepAliveTimeout = keepAliveMs;
  // Node counts bytes taken from the socket's queue as progress, and destroys the socket otherwise.
  server.timeout = stallMs;
  const connections = trackConnections(server);
  await bind(server, host, port);
  server.on('error', onError);
  return {
    url: urlOf(server.address() as AddressInfo),
    close: (graceMs) => closeServer(server, connections, clock, graceMs),
  };
}

interface Connections {
  /** Ends idle connections now and the others when their answer is out. */
  drain(): void;
  destroyAll(): void;
}

function trackConnections(server: Server): Connections {
  const answering = new Map<Socket, number>();
  let isDraining = false;

  server.on('connection', (socket: Socket) => {
    answering.set(socket, 0);
    socket.once('close', () => answering.delete(socket));
  });
  // Ahead of the app, which may answer at once.
  server.prependListener('request', (request, response) => {
    const { socket } = request;
    answering.set(socket, (answering.get(socket) ?? 0) + 1);
    if (isDraining) response.shouldKeepAlive = false;
    response.once('close', () => {
      const left = (answering.get(socket) ?? 1) - 1;
      if (answering.has(socket)) answering.set(socket, left);
      if (isDraining && left === 0) socket.destroySoon();
    });
  });

  return {
    drain() {
      isDraining = true;
      for (const [socket, answers] of answering) if (answers === 0) socket.destroy();
    },
    destroyAll() {
      for (const socket of answering.keys()) socket.destroy();
    },
  };
}

async function closeServer(
  server: Server,
  connections: Connections,
  clock: Clock,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  connections.drain();
  const cancel = clock.after(graceMs, () => connections.destroyAll());
  await closed;
  cancel();
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => reject(bindError(error, host, port));
    server.once('error', refuse);
    server.listen({ host, port }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken: stop what listens there, or set http.listen to a free port',
  EACCES: 'not permitted: set http.listen to a port above 1023, or run with CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine has no such address: set http.listen to one it has, such as 127.0.0.1',
  ENOTFOUND: 'the host name does not resolve: set http.listen to an address such as 127.0.0.1',
};

function bindError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const remedy = remedies[error.code ?? ''] ?? `${error.message}: check http.listen`;
  return new Error(`cannot listen on ${hostText(host)}:${port}: ${remedy}`, { cause: error });
}

function urlOf({ address, port }: AddressInfo): string {
  return `http://${hostText(address)}:${port}`;
}

function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
