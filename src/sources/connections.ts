import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import { SourceError } from '../errors.ts';

/** What a connection tells the request that is waiting for it. */
export interface DialObserver {
  /** A socket is being opened; not called when an open one is used again. */
  dialling(): void;
  /** TCP is up and the TLS handshake begins. */
  handshaking(): void;
  /** The request can be written. */
  connected(): void;
}

/** Sockets (those being opened included), requests that hold a connection, requests that wait for one. */
export interface ConnectionStats {
  readonly connected: number;
  readonly running: number;
  readonly pending: number;
}

interface Waiter {
  readonly admit: (connection: Connection) => void;
  readonly refuse: (error: SourceError) => void;
}

/**
 * The few connections to one target. Each is an undici `Client` with one socket and one request at a time.
 *
 * Not undici's `Pool`: that one notices an abort only when the request has been given an open socket (8.12, lib/api/api-request.js),
 * so a deadline would free neither a place in its queue nor a socket still being opened.
 */
export class Connections {
  readonly #origin: string;
  readonly #all: Connection[];
  readonly #idle: Connection[];
  readonly #waiting = new Set<Waiter>();
  #closed = false;

  constructor(origin: string, count: number) {
    this.#origin = origin;
    this.#all = Array.from({ length: count }, () => new Connection(this.#origin));
    this.#idle = [...this.#all];
  }

  /** A connection for this request alone, in order of asking. Give it back with `release`, whatever happens. */
  async acquire(signal: AbortSignal): Promise<Connection> {
    if (this.#closed) throw closedError();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiting.delete(waiter);
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        admit: (connection) => {
          settle();
          resolve(connection);
        },
        refuse: (error) => {
          settle();
          reject(error);
        },
      };
      const onAbort = () => {
        const waited = `the deadline passed while waiting for one of ${this.#all.length} connections`;
        waiter.refuse(new SourceError('timeout', waited));
      };
      this.#waiting.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  release(connection: Connection): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#idle.push(connection);
    else next.admit(connection);
  }

  stats(): ConnectionStats {
    return {
      connected: this.#all.reduce((sum, connection) => sum + connection.openSockets, 0),
      running: this.#all.length - this.#idle.length,
      pending: this.#waiting.size,
    };
  }

  /** Ends all sockets and refuses all requests, those under way included. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of [...this.#waiting]) waiter.refuse(closedError());
    await Promise.all(this.#all.map((connection) => connection.reset(closedError())));
  }
}

/** One undici client with its socket, made anew after every fault. */
export class Connection {
  readonly #origin: string;
  #client: Client | undefined;
  #authorities: string | undefined;
  #sockets = new Set<Socket>();
  #observer: DialObserver | undefined;

  constructor(origin: string) {
    this.#origin = origin;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Sends one GET. `authorities`: PEM of the only CAs to trust; a change of it opens a new socket. */
  async get(
    path: string,
    headers: Record<string, string>,
    authorities: string | undefined,
    observer: DialObserver,
  ): Promise<Dispatcher.ResponseData> {
    if (authorities !== this.#authorities) void this.reset(new Error('the CA file has changed'));
    this.#authorities = authorities;
    this.#client ??= this.#open();
    this.#observer = observer;
    return this.#client.request({ method: 'GET', path, headers });
  }

  /** Destroys the socket at once, in whatever state it is, and fails the request under way with `reason`. */
  async reset(reason: Error): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    const destroyed = client?.destroy(reason);
    // A socket still being opened is unknown to the client; nobody else would close it before the system gives up.
    for (const socket of this.#sockets) socket.destroy();
    await destroyed;
  }

  #open(): Client {
    const dial = buildConnector({
      allowH2: false,
      timeout: 0,
      ...(this.#authorities === undefined ? {} : { ca: this.#authorities }),
    });
    return new Client(this.#origin, {
      allowH2: false,
      pipelining: 1,
      // Limits are kept by the exchange: undici's are coarse, and its body limit is only about silence.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, callback) => {
        const observer = this.#observer;
        observer?.dialling();
        const isTls = options.protocol === 'https:';
        // The declared result is void, yet undici's own connector returns the socket.
        const socket: unknown = dial(options, (...result) => {
          if (result[0] === null) observer?.connected();
          callback(...result);
        });
        if (!isSocket(socket)) return;
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
        if (isTls) socket.once('connect', () => observer?.handshaking());
      },
    });
  }
}

function isSocket(value: unknown): value is Socket {
  return typeof value === 'object' && value !== null && 'destroy' in value && 'once' in value;
}

function closedError(): SourceError {
  return new SourceError('unexpected', 'the target has been closed');
}
