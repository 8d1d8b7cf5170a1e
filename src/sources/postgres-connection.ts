import type { Socket } from 'node:net';
import pg from 'pg';
import { z } from 'zod';
import { SourceError } from '../errors.ts';
import type { Dsn } from './dsn.ts';
import { bool, int4 } from './pg-values.ts';
import { type DialPlan, endpointOf, openSocket, peerOf, type Sockets, sendCancel } from './postgres-dial.ts';
import { TextQuery } from './postgres-query.ts';
import { checkRows, type PgRow } from './postgres-rows.ts';
import { PostgresStream } from './postgres-stream.ts';

/** What one statement may cost, here and on the server. */
export interface StatementLimits {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** Notices, parameter values and the first answer. */
const maxLoginBytes = 1024 * 1024;
/** Where statements look for what they do not qualify: nowhere that a user of the server could put something. */
const searchPath = 'pg_catalog, pg_temp';

const Greeting = z.object({ pid: int4, version: int4, is_direct: bool });

/**
 * pg's client without its look at the PG* variables: PGOPTIONS alone would make PgBouncer refuse us.
 * `getStartupConf` is not in pg's documentation; a test sees what is sent.
 */
class PlainClient extends pg.Client {
  readonly #dsn: Dsn;

  constructor(dsn: Dsn, stream: PostgresStream) {
    super({
      host: dsn.host,
      port: dsn.port,
      user: dsn.user,
      database: dsn.database,
      password: () => {
        if (dsn.password !== undefined) return dsn.password;
        throw new SourceError('denied', 'the server asks for a password, and the connection string has none');
      },
      ssl: false,
      sslnegotiation: 'postgres',
      stream: () => stream,
    });
    this.#dsn = dsn;
  }

  getStartupConf(): Record<string, string> {
    const { user, database, options } = this.#dsn;
    const own = { user, database, application_name: 'neonwatch' };
    return options === undefined ? own : { ...own, options };
  }
}

/** One login to one database, from its socket to its end. */
export class PostgresConnection {
  readonly database: string;
  readonly #plan: DialPlan;
  readonly #sockets: Sockets;
  readonly #socket: Socket;
  readonly #stream: PostgresStream;
  readonly #client: PlainClient;
  readonly #limits: StatementLimits;
  readonly #closed: Promise<void>;
  #failure: unknown;
  #isOpen = true;
  #greeting: z.infer<typeof Greeting> | undefined;
  #running: Promise<void> | undefined;

  private constructor(plan: DialPlan, sockets: Sockets, socket: Socket, limits: StatementLimits) {
    this.database = plan.dsn.database;
    this.#plan = plan;
    this.#sockets = sockets;
    this.#socket = socket;
    this.#limits = limits;
    this.#stream = new PostgresStream(socket);
    this.#stream.allow(maxLoginBytes);
    this.#closed = new Promise((resolve) => {
      this.#stream.once('close', () => {
        this.#isOpen = false;
        resolve();
      });
    });
    this.#client = new PlainClient(plan.dsn, this.#stream);
    this.#client.on('error', (error) => this.#fail(error));
  }

  /** Opens the socket; nobody has logged in yet, so that the caller already holds what it must close. */
  static async dial(
    plan: DialPlan,
    sockets: Sockets,
    limits: StatementLimits,
    signal: AbortSignal,
  ): Promise<PostgresConnection> {
    const socket = await openSocket(plan, endpointOf(plan.dsn), sockets, signal);
    return new PostgresConnection(plan, sockets, socket, limits);
  }

  /** `server_version_num`. */
  get serverVersion(): number {
    return this.#greeting?.version ?? 0;
  }

  get isPooled(): boolean {
    return this.#greeting?.is_direct === false;
  }

  /** Process id of the backend; of a pooler's, only the one that happened to answer first. */
  get pid(): number {
    return this.#greeting?.pid ?? 0;
  }

  /** Whether a statement is under way. */
  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Whether a statement can be sent. */
  get isOpen(): boolean {
    return this.#isOpen && this.#failure === undefined;
  }

  /** Logs in, and makes the session safe if it is ours alone. */
  async logIn(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (error) {
      throw this.#failure ?? error;
    }
    const rows = await this.#send(greetingSql(this.#processId(), this.#limits), maxLoginBytes);
    [this.#greeting] = checkRows(rows, Greeting);
    if (this.#greeting === undefined) throw new SourceError('malformed', 'the first statement has no answer');
  }

  /** Runs one read-only statement. One at a time. */
  async rows(sql: string): Promise<PgRow[]> {
    if (!this.isPooled) return this.#send(sql, this.#limits.maxBytes);
    try {
      return await this.#send(alone(sql, this.#limits), this.#limits.maxBytes);
    } catch (error) {
      // The error left our transaction open, and with it the pooler's server connection ours.
      if (this.isOpen) await this.#send('ROLLBACK', maxLoginBytes);
      throw error;
    }
  }

  /** Waits for the server to close, so that its backend is gone; at `signal` the socket is destroyed. */
  async #end(signal: AbortSignal): Promise<void> {
    if (this.#isOpen) {
      if (this.#running === undefined && this.#greeting !== undefined) void this.#client.end();
      else this.#socket.end();
      await Promise.race([this.#closed, aborted(signal)]);
    }
    this.#socket.destroy();
    this.#stream.destroy();
    await this.#closed;
  }

  /**
   * Stops the statement under way and ends. False when the server gave no sign of having stopped before `signal`:
   * its backend may go on for who knows how long.
   */
  async abandon(signal: AbortSignal): Promise<boolean> {
    const isStopped = this.#running === undefined || (await this.#stop(this.#running, signal));
    await this.#end(signal);
    return isStopped;
  }

  /** Destroys the socket at once. */
  destroy(): void {
    this.#socket.destroy();
    this.#stream.destroy();
  }

  async #send(sql: string, maxBytes: number): Promise<PgRow[]> {
    if (!this.isOpen) throw this.#failure ?? new SourceError('refused', 'the server closed the connection');
    this.#stream.allow(maxBytes);
    const query = new TextQuery(sql, this.#limits.maxRows);
    this.#client.query(query);
    this.#running = query.finished;
    void query.finished.then(() => {
      this.#running = undefined;
    });
    try {
      return await query.rows;
    } catch (error) {
      // The rest of too long an answer still comes in; the connection is of no use before it has been stopped.
      if (isFatal(error) || error instanceof SourceError) this.#fail(error);
      // The stream knows why it ended; pg only that it did.
      throw this.#stream.errored ?? error;
    }
  }

  async #stop(running: Promise<void>, signal: AbortSignal): Promise<boolean> {
    const cancelled = this.#cancel(signal).catch(() => {
      // Whether it reached the server shows in the statement's end.
    });
    const isStopped = await Promise.race([running.then(() => true), aborted(signal).then(() => false)]);
    await cancelled;
    return isStopped;
  }

  async #cancel(signal: AbortSignal): Promise<void> {
    const processId = this.#processId();
    if (processId === 0) return;
    const secretKey = numberOf(this.#client, 'secretKey');
    const endpoint = peerOf(this.#socket, this.#plan.dsn);
    await sendCancel(this.#plan, endpoint, { processId, secretKey }, this.#sockets, signal);
  }

  #processId(): number {
    return numberOf(this.#client, 'processID');
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
  }
}

/** Of the server's BackendKeyData, which pg keeps in fields that its types leave out. 0 when it sent none. */
function numberOf(client: pg.Client, field: 'processID' | 'secretKey'): number {
  const value: unknown = Reflect.get(client, field);
  return typeof value === 'number' ? value : 0;
}

/** The server closes the connection after such an error, if not at once. */
function isFatal(error: unknown): boolean {
  if (!(error instanceof Error) || !('severity' in error)) return false;
  return error.severity === 'FATAL' || error.severity === 'PANIC';
}

function settings({ statementTimeoutMs, lockTimeoutMs }: StatementLimits): [name: string, value: string][] {
  return [
    ['search_path', searchPath],
    ['statement_timeout', String(statementTimeoutMs)],
    ['lock_timeout', String(lockTimeoutMs)],
    // Nothing we do leaves a transaction open; this is for the moment after we have died.
    ['idle_in_transaction_session_timeout', String(statementTimeoutMs)],
  ];
}

/**
 * Asks who answers and, if it is the backend that greeted us, sets up the session: one round trip. Behind a pooler
 * such as PgBouncer it is another one, and settings would go with it to its next client.
 */
function greetingSql(processId: number, limits: StatementLimits): string {
  const pairs = [...settings(limits), ['default_transaction_read_only', 'on']];
  const calls = pairs.map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', false)`);
  return `SELECT pg_catalog.pg_backend_pid() AS pid,
  pg_catalog.current_setting('server_version_num') AS version,
  CASE WHEN pg_catalog.pg_backend_pid() = ${processId} THEN pg_catalog.concat(${calls.join(', ')}) <> '' ELSE false END
    AS is_direct`;
}

/** A statement in a transaction of its own that takes its settings with it when it ends. */
function alone(sql: string, limits: StatementLimits): string {
  const locals = settings(limits).map(
    ([name, value]) => `SET LOCAL ${name} = ${name === 'search_path' ? value : `'${value}'`}`,
  );
  // The line break ends a comment that the statement may end with.
  return `BEGIN READ ONLY; ${locals.join('; ')};\n${sql}\n; COMMIT`;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
