import type { Clock } from '../../../src/clock.ts';
import { SourceError } from '../../../src/errors.ts';
import type { HttpTarget } from '../../../src/sources/http.ts';
import type { Answer } from '../../../src/sources/http-exchange.ts';
import { statusFailure } from '../../../src/sources/http-status.ts';
import { readJson, readJsonList } from '../../../src/sources/json-answer.ts';
import { readMetricsPage } from '../../../src/sources/metrics-page.ts';

/** An answer as it stands on the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  /** Before it is sent. */
  readonly delayMs?: number;
}

/** `refused`: nothing listens, or the connection is closed; `silent`: it is taken, and nothing comes. */
export type WireOutcome = 'refused' | 'silent' | WireAnswer;

/** What listens where, without sockets. */
export interface Wire {
  /** @param host `host:port` */
  get(host: string, path: string, authorization: string | undefined): WireOutcome | Promise<WireOutcome>;
}

export interface WireReaderOptions {
  readonly wire: Wire;
  readonly url: string;
  readonly token: string | undefined;
  /** As `limits.headersTimeout`. */
  readonly headersTimeoutMs: number;
  readonly clock: Clock;
  /** How long one way takes: each request is answered at an instant of its own. */
  readonly latencyMs: () => number;
}

const maxBodyBytes = 64 * 1024 * 1024;

function refused(): SourceError {
  return new SourceError('refused', 'connection refused');
}

interface Passing {
  readonly over: Promise<void>;
  readonly cancel: () => void;
}

/** Over after `ms`; fails when the run's deadline passes before. */
function passing(clock: Clock, ms: number, signal: AbortSignal): Passing {
  let cancel = (): void => undefined;
  const over = new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancelWait = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    cancel = () => {
      cancelWait();
      signal.removeEventListener('abort', onAbort);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  return { over, cancel };
}

/** Lets `ms` pass, or less when the run's deadline passes before, with which it then rejects. */
export function pass(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return passing(clock, ms, signal).over;
}

function answerOf({ status, contentType, body }: WireAnswer): Answer {
  const bytes = Buffer.from(body as string);
  return {
    status,
    header: (name) => (name === 'content-type' && contentType !== '' ? contentType : undefined),
    async *chunks(maxBytes) {
      if (bytes.length > maxBytes) throw new SourceError('too_large', 'the answer is too large', { status });
      yield bytes;
    },
  };
}

/** Reads through the parsing and checking of src/sources what a wire says; only the sockets are left out. */
export function wireReader(options: WireReaderOptions): HttpTarget {
  const { wire, token, headersTimeoutMs, clock, latencyMs } = options;
  const base = new URL(options.url);
  const rules = { maxBodyBytes, setting: 'the test', clock };

  async function heard(path: string, signal: AbortSignal): Promise<Exclude<WireOutcome, 'silent'>> {
    const given = wire.get(base.host, path, token === undefined ? undefined : `Bearer ${token}`);
    if (typeof given === 'object' && !('then' in given)) return given;
    if (given === 'refused') return given;
    const patience = passing(clock, headersTimeoutMs, signal);
    const tooLate = patience.over.then((): never => {
      throw new SourceError('timeout', `no answer after ${headersTimeoutMs} ms`);
    });
    try {
      const outcome = given === 'silent' ? await tooLate : await Promise.race([given, tooLate]);
      return outcome === 'silent' ? await tooLate : outcome;
    } finally {
      patience.cancel();
    }
  }

  async function ask(path: string, signal: AbortSignal): Promise<Answer> {
    await pass(clock, latencyMs(), signal);
    const outcome = await heard(path, signal);
    if (outcome === 'refused') throw refused();
    await pass(clock, (outcome.delayMs ?? 0) + latencyMs(), signal);
    return answerOf(outcome);
  }

  async function successful(path: string, signal: AbortSignal): Promise<Answer> {
    const answer = await ask(path, signal);
    if (answer.status >= 200 && answer.status <= 299) return answer;
    let body = '';
    for await (const chunk of answer.chunks(maxBodyBytes)) body += Buffer.from(chunk).toString();
    throw statusFailure(
      { answer, body, base },
      { setting: 'the test', deniedHint: undefined, secret: undefined },
    );
  }

  return {
    getJson: async (path, shape, signal) => readJson(await successful(path, signal), shape, rules),
    getJsonList: async (path, element, signal, list) =>
      readJsonList(await successful(path, signal), element, rules, list),
    getStatus: async (path, signal) => (await ask(path, signal)).status,
    getMetrics: async (path, wanted, signal) =>
      readMetricsPage((await successful(path, signal)).chunks(maxBodyBytes), wanted, clock),
    close: async () => undefined,
    stats: () => ({ connected: 0, running: 0, pending: 0 }),
  };
}
