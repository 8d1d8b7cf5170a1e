import type { ZodType } from 'zod';
import type { Clock } from '../clock.ts';
import { SourceError } from '../errors.ts';
import { type Dsn, parseDsn, shownDsn } from './dsn.ts';
import { DsnError } from './dsn-syntax.ts';
import { readCertificates } from './postgres-certificates.ts';
import { PostgresConnection, type StatementLimits } from './postgres-connection.ts';
import { Sockets } from './postgres-dial.ts';
import { type FailureContext, postgresFailure } from './postgres-failure.ts';
import { checkManyRows } from './postgres-rows.ts';
import { StuckBackends } from './postgres-stuck.ts';
import { Turns } from './postgres-turns.ts';
import { lateness, type Visit } from './postgres-visit.ts';
import type { SessionOptions, SqlReader, SqlSession } from './sql-reader.ts';

/** How long a cancelled statement and a closed connection may take to end on the server before the next one is opened. */
const goodbyeMs = 500;

export interface PostgresOptions {
  /** The connection string; asked anew for every connection, so that a changed file counts. */
  readonly dsn: () => Promise<string>;
  /** The setting that holds it, for remedies: `computes[0].dsnFile`. */
  readonly setting: string;
  /** What messages call the server: `compute main`. They add its address, never its user or password. */
  readonly name: string;
  readonly statementTimeoutMs: number;
  /** Default 500: whoever waits longer for a lock is in the way of others. */
  readonly lockTimeoutMs?: number;
  /** For a new connection, from the name lookup to the login. */
  readonly connectTimeoutMs: number;
  /** Default 200,000. */
  readonly maxRows?: number;
  /** Of one answer as it comes over the wire. Default 64 MiB. */
  readonly maxBytes?: number;
  readonly clock: Clock;
}

export interface PostgresServer extends SqlReader {
  /** Ends the connection and refuses what is under way. */
  close(): Promise<void>;
  /** Sockets that are open or being opened, that of a cancel included, and sessions that wait for their turn. */
  stats(): { readonly connected: number; readonly waiting: number };
}

/**
 * Opens nothing yet. There is at most one connection at a time, opening and closing included; only a cancel has a second
 * socket for its moment. The connection is kept between sessions. A session inside the `work` of another would wait for ever.
 */
export function openPostgres(options: PostgresOptions): PostgresServer {
  return new OneConnection(options);
}

class OneConnection implements PostgresServer {
  readonly #options: PostgresOptions;
  readonly #limits: StatementLimits;
  readonly #turns = new Turns();
  readonly #sockets = new Sockets();
  readonly #stuck = new StuckBackends();
  readonly #visits = new Set<Visit>();
  #isClosed = false;
  #kept: PostgresConnection | undefined;
  /** Of the newest connection; before the first, only the settings know where the server is. */
  #dsn: Dsn | undefined;

  constructor(options: PostgresOptions) {
    this.#options = options;
    const {
      lockTimeoutMs = 500,
      maxRows = 200_000,
      maxBytes = 64 * 1024 * 1024,
      statementTimeoutMs,
    } = options;
    this.#limits = { lockTimeoutMs, maxRows, maxBytes, statementTimeoutMs };
  }

  async session<Result>(
    options: SessionOptions,
    signal: AbortSignal,
    work: (session: SqlSession) => Promise<Result>,
  ): Promise<Result> {
    if (this.#isClosed) throw this.#named(closedError(), options);
    const startedMs = this.#options.clock.monotonicMs();
    const visit: Visit = {
      end: new AbortController(),
      options,
      doing: 'waiting for the only connection',
      connection: undefined,
      goodbye: undefined,
      sql: '',
      isOver: false,
    };
    const expire = () => {
      const elapsedMs = Math.round(this.#options.clock.monotonicMs() - startedMs);
      const late = lateness(visit, `the deadline passed after ${elapsedMs} ms`);
      visit.end.abort(this.#named(late, options));
    };
    if (signal.aborted) expire();
    signal.addEventListener('abort', expire, { once: true });
    this.#visits.add(visit);
    try {
      // The caller is told at once; the connection may need a moment more to be left in order.
      return await Promise.race([this.#visit(visit, work), rejection(visit.end.signal)]);
    } finally {
      signal.removeEventListener('abort', expire);
      this.#visits.delete(visit);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const visit of this.#visits) visit.end.abort(this.#named(closedError(), visit.options));
    await this.#turns.enter();
    await this.#sayGoodbye(this.#kept);
    this.#kept = undefined;
    this.#sockets.destroyAll();
    this.#turns.leave();
  }

  stats(): { readonly connected: number; readonly waiting: number } {
    return { connected: this.#sockets.size, waiting: this.#turns.waiting };
  }

  async #visit<Result>(visit: Visit, work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    const { signal } = visit.end;
    await this.#turns.enter(signal);
    try {
      const connection = await Promise.race([this.#connected(visit), rejection(signal)]);
      visit.doing = 'between statements';
      return await Promise.race([work(this.#sessionOn(connection, visit)), rejection(signal)]);
    } finally {
      visit.isOver = true;
      await this.#leaveInOrder(visit);
      this.#turns.leave();
    }
  }

  /** The kept connection if it will do, or a new one. */
  async #connected(visit: Visit): Promise<PostgresConnection> {
    const { database = this.#dsn?.database, fresh = false } = visit.options;
    const kept = this.#kept;
    if (kept?.isOpen === true && kept.database === database && !fresh) {
      visit.connection = kept;
      return kept;
    }
    visit.doing = 'closing the connection before';
    this.#kept = undefined;
    visit.goodbye = this.#sayGoodbye(kept);
    await visit.goodbye;
    try {
      return await this.#opened(visit);
    } catch (error) {
      throw this.#named(error, visit.options);
    }
  }

  async #opened(visit: Visit): Promise<PostgresConnection> {
    const limit = new AbortController();
    const { connectTimeoutMs, clock } = this.#options;
    const stopTimer = clock.after(connectTimeoutMs, () =>
      limit.abort(lateness(visit, `no success after ${connectTimeoutMs} ms`)),
    );
    const follow = () => limit.abort(visit.end.signal.reason);
    if (visit.end.signal.aborted) follow();
    visit.end.signal.addEventListener('abort', follow, { once: true });
    try {
      return await Promise.race([this.#open(visit, limit.signal), rejection(limit.signal)]);
    } finally {
      stopTimer();
      visit.end.signal.removeEventListener('abort', follow);
    }
  }

  async #open(visit: Visit, signal: AbortSignal): Promise<PostgresConnection> {
    visit.doing = 'reading the connection string';
    const dsn = this.#parsed(await this.#options.dsn(), visit.options.database);
    const certificates = await readCertificates(dsn.tls, this.#options.setting);
    signal.throwIfAborted();
    visit.doing = 'connecting';
    const plan = { dsn, certificates, setting: this.#options.setting };
    const connection = await PostgresConnection.dial(plan, this.#sockets, this.#limits, signal);
    if (signal.aborted) {
      connection.destroy();
      signal.throwIfAborted();
    }
    visit.connection = connection;
    visit.doing = 'logging in';
    await connection.logIn();
    return connection;
  }

  #parsed(text: string, database: string | undefined): Dsn {
    const { setting } = this.#options;
    try {
      const dsn = parseDsn(text);
      this.#dsn = dsn;
      if (database?.includes('\0')) throw new DsnError('cannot lead to a database with NUL in its name');
      return database === undefined ? dsn : { ...dsn, database };
    } catch (error) {
      if (!(error instanceof DsnError)) throw error;
      throw new SourceError('unexpected', `the connection string in ${setting} ${error.message}`);
    }
  }

  #sessionOn(connection: PostgresConnection, visit: Visit): SqlSession {
    const { signal } = visit.end;
    let last: Promise<unknown> = Promise.resolve();
    const ask = async <Row>(sql: string, row: ZodType<Row>): Promise<Row[]> => {
      signal.throwIfAborted();
      if (visit.isOver) throw new Error('a statement was sent after its session had ended');
      try {
        await this.#refuseStuck(connection, sql);
        visit.doing = 'running a statement';
        visit.sql = sql;
        const rows = await connection.rows(sql);
        visit.doing = 'between statements';
        return await checkManyRows(rows, row, this.#options.clock);
      } catch (error) {
        throw this.#named(error, visit.options);
      }
    };
    return {
      database: connection.database,
      serverVersion: connection.serverVersion,
      isPooled: connection.isPooled,
      rows: (sql, row) => {
        const answer = last.then(() => ask(sql, row));
        last = answer.catch(() => undefined);
        return answer;
      },
    };
  }

  async #refuseStuck(connection: PostgresConnection, sql: string): Promise<void> {
    await this.#stuck.refuse(sql, (question) => connection.rows(question));
  }

  /** Keeps the connection if nothing is wrong with it; otherwise it is gone, on the server too, or known to be stuck there. */
  async #leaveInOrder({ connection, goodbye, sql }: Visit): Promise<void> {
    await goodbye;
    if (connection === undefined) return;
    const isLoggedIn = connection.serverVersion > 0;
    if (isLoggedIn && connection.isOpen && !connection.isBusy && !this.#isClosed) {
      this.#kept = connection;
      return;
    }
    this.#kept = undefined;
    const isStopped = await this.#sayGoodbye(connection);
    if (!isStopped && isLoggedIn && !connection.isPooled) this.#stuck.add(connection.pid, sql);
  }

  /** False when a statement was under way and the server gave no sign of having stopped it. */
  async #sayGoodbye(connection: PostgresConnection | undefined): Promise<boolean> {
    const patience = new AbortController();
    const stopTimer = this.#options.clock.after(goodbyeMs, () => patience.abort());
    const isStopped = (await connection?.abandon(patience.signal)) ?? true;
    stopTimer();
    return isStopped;
  }

  #named(thrown: unknown, options: SessionOptions): SourceError {
    const { name, setting } = this.#options;
    const dsn = this.#dsn;
    const database = options.database ?? dsn?.database ?? '';
    const context: FailureContext = {
      server: dsn === undefined ? name : `${name} (postgresql://${shownDsn({ ...dsn, database })})`,
      user: dsn?.user ?? '',
      password: dsn?.password,
      database,
      setting,
      statementTimeoutMs: this.#limits.statementTimeoutMs,
      lockTimeoutMs: this.#limits.lockTimeoutMs,
    };
    return postgresFailure(thrown, context);
  }
}

/** Rejects with the signal's reason when it is aborted. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function closedError(): SourceError {
  return new SourceError('unexpected', 'the target has been closed');
}
