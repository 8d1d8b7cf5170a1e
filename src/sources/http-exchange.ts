import type { Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import { SourceError } from '../errors.ts';
import type { Connection, Connections, DialObserver } from './connections.ts';
import { DialError, type Phase, phaseWords, transportFailure } from './http-failure.ts';

/** What one request may cost. */
export interface HttpLimits {
  /** From the first packet to a connection that can be written to, TLS included. */
  readonly connectTimeoutMs: number;
  /** From the request to the end of the answer's headers. */
  readonly headersTimeoutMs: number;
  /** For the whole body, however steadily it drips. */
  readonly bodyTimeoutMs: number;
  readonly maxBodyBytes: number;
}

/** An answer whose body has not been read yet. */
export interface Answer {
  readonly status: number;
  /** One header, by its name in lower case. */
  header(name: string): string | undefined;
  /** The body as it arrives. Throws `SourceError`: `too_large` beyond `maxBytes`, `timeout`, `malformed` when cut off. */
  chunks(maxBytes: number): AsyncGenerator<Uint8Array, void, undefined>;
}

/** One GET, ready to be sent. */
interface ExchangeRequest {
  /** Path and query as they stand on the wire. */
  readonly path: string;
  readonly headers: Record<string, string>;
  /** PEM of the only certificate authorities to trust; the system's when absent. */
  readonly authorities: string | undefined;
  readonly caSetting: string;
}

/**
 * Sends one request and hands its answer to `read`. Whatever happens, the place is given back, and a connection
 * whose answer was not read to its end is destroyed. Throws `SourceError` with a bare sentence for a message.
 */
export async function exchange<Result>(
  connections: Connections,
  request: ExchangeRequest,
  limits: HttpLimits,
  clock: Clock,
  signal: AbortSignal,
  read: (answer: Answer) => Promise<Result>,
): Promise<Result> {
  const tooLate = new SourceError('timeout', 'the deadline passed before the request was sent');
  if (signal.aborted) throw tooLate;
  const connection = await connections.acquire(signal);
  if (signal.aborted) {
    // It passed between being given the connection and hearing of it.
    connections.release(connection);
    throw tooLate;
  }
  const watch = new Watch(limits, clock, connection);
  const onAbort = () => watch.giveUp(`the deadline passed while ${phaseWords[watch.phase]}`);
  signal.addEventListener('abort', onAbort, { once: true });
  let body: Readable | undefined;
  try {
    watch.enter('headers');
    const response = await connection
      .get(request.path, request.headers, request.authorities, watch)
      .catch((error: unknown) => {
        throw watch.gaveUp ?? transportFailure(error, watch.phase, request.caSetting);
      });
    body = response.body;
    // A body that is given up before anyone reads it must not end the process.
    body.on('error', () => {});
    watch.enter('body');
    return await read(
      answerOf(response.statusCode, response.headers, response.body, watch, request.caSetting, limits),
    );
  } finally {
    watch.stop();
    signal.removeEventListener('abort', onAbort);
    if (!body?.readableEnded) void connection.reset(new Error('the answer was not read to its end'));
    connections.release(connection);
  }
}

function answerOf(
  status: number,
  headers: Record<string, string | string[] | undefined>,
  body: Readable,
  watch: Watch,
  caSetting: string,
  limits: HttpLimits,
): Answer {
  const header = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return {
    status,
    header,
    async *chunks(maxBytes) {
      const remedy = maxBytes === limits.maxBodyBytes ? '; limits.maxBodyBytes sets it' : '';
      const what = `the answer is over the limit of ${maxBytes} bytes${remedy}`;
      const tooLarge = new SourceError('too_large', what, { status });
      if (Number(header('content-length')) > maxBytes) throw tooLarge;
      let receivedBytes = 0;
      try {
        for await (const chunk of body as AsyncIterable<Uint8Array>) {
          if (watch.gaveUp !== undefined) throw watch.gaveUp;
          receivedBytes += chunk.length;
          if (receivedBytes > maxBytes) throw tooLarge;
          yield chunk;
        }
      } catch (error) {
        throw watch.gaveUp ?? transportFailure(error, 'body', caSetting);
      }
    },
  };
}

/** Times the phases of one request, and ends the request when one of them takes too long. */
class Watch implements DialObserver {
  phase: Phase = 'headers';
  /** Why the request was ended from this side; takes precedence over the broken connection that follows. */
  gaveUp: SourceError | undefined;
  readonly #limits: HttpLimits;
  readonly #clock: Clock;
  readonly #connection: Connection;
  #cancelTimer = () => {};

  constructor(limits: HttpLimits, clock: Clock, connection: Connection) {
    this.#limits = limits;
    this.#clock = clock;
    this.#connection = connection;
  }

  enter(phase: 'dial' | 'headers' | 'body'): void {
    if (this.gaveUp !== undefined) return;
    this.phase = phase;
    this.#cancelTimer();
    const { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs } = this.#limits;
    const limitMs = { dial: connectTimeoutMs, headers: headersTimeoutMs, body: bodyTimeoutMs }[phase];
    this.#cancelTimer = this.#clock.after(limitMs, () => {
      this.giveUp(`no success after ${limitMs} ms of ${phaseWords[this.phase]}`);
    });
  }

  dialling(): void {
    this.enter('dial');
  }

  /** The connect limit goes on: it is for both. */
  handshaking(): void {
    this.phase = 'handshake';
  }

  connected(): void {
    this.enter('headers');
  }

  giveUp(what: string): void {
    this.#cancelTimer();
    this.gaveUp ??= new (this.phase === 'dial' ? DialError : SourceError)('timeout', what);
    void this.#connection.reset(this.gaveUp);
  }

  /** The request is over: no timer may end the connection's next one. */
  stop(): void {
    this.#cancelTimer();
  }
}
