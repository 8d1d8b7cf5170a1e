import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RecordedAnswer } from './world.ts';

/** An answer of the test's own; what is left out is as recorded. `body`: an object is sent as JSON. */
interface PlainAnswer {
  readonly status?: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | readonly unknown[] | Readonly<Record<string, unknown>>;
}

/** Ways to answer badly. Those with a body send the recorded one. */
type Fault =
  /** Accepts the request and never answers. */
  | { readonly fault: 'silent' }
  /** Sends the body `bytes` (1) at a time, one piece every `everyMs` (1000). */
  | { readonly fault: 'drip'; readonly everyMs?: number; readonly bytes?: number }
  /** Announces the whole body, sends half and closes. */
  | { readonly fault: 'truncate' }
  /** Sends `start`, then `repeat` for ever, as fast as it is read. */
  | { readonly fault: 'endless'; readonly start?: string; readonly repeat: string }
  /** Closes with RST before any answer. */
  | { readonly fault: 'reset' }
  | { readonly fault: 'redirect'; readonly to: string; readonly status?: number };

export type Answer = PlainAnswer | Fault;

function sendPlain(response: ServerResponse, answer: PlainAnswer, recorded: RecordedAnswer): void {
  const { body = recorded.body } = answer;
  const isObject = typeof body === 'object' && !Buffer.isBuffer(body);
  const bytes = Buffer.from(isObject ? JSON.stringify(body) : (body as string | Buffer));
  response.writeHead(answer.status ?? recorded.status, {
    'content-type': answer.contentType ?? (isObject ? 'application/json' : recorded.contentType),
    'content-length': bytes.length,
    ...answer.headers,
  });
  response.end(bytes);
}

function drip(response: ServerResponse, body: Buffer, everyMs: number, bytes: number): void {
  let position = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(position, position + bytes));
    position += bytes;
    if (position >= body.length) response.end();
  }, everyMs);
  // `close` comes both at the end and when the reader has gone.
  response.once('close', () => clearInterval(timer));
}

function sendForEver(response: ServerResponse, repeat: string): void {
  const pieces = repeat.repeat(Math.ceil(16_384 / repeat.length));
  const pour = (): void => {
    // A reader that never pauses must not keep this server from its other requests.
    if (response.destroyed) return;
    if (response.write(pieces)) setImmediate(pour);
    else response.once('drain', pour);
  };
  pour();
}

/** Sends `answer`, filled up with what was recorded, to one request. */
export function send(
  response: ServerResponse,
  socket: Socket,
  answer: Answer,
  recorded: RecordedAnswer,
): void {
  if (!('fault' in answer)) {
    sendPlain(response, answer, recorded);
    return;
  }
  const { status, contentType, body } = recorded;
  switch (answer.fault) {
    case 'silent':
      return;
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'redirect':
      response.writeHead(answer.status ?? 302, { location: answer.to, 'content-length': 0 });
      response.end();
      return;
    case 'truncate':
      response.writeHead(status, { 'content-type': contentType, 'content-length': body.length });
      response.write(body.subarray(0, Math.floor(body.length / 2)), () => socket.destroy());
      return;
    case 'drip':
      response.writeHead(status, { 'content-type': contentType, 'content-length': body.length });
      response.flushHeaders();
      drip(response, body, answer.everyMs ?? 1000, answer.bytes ?? 1);
      return;
    case 'endless':
      response.writeHead(status, { 'content-type': contentType });
      response.write(answer.start ?? '');
      sendForEver(response, answer.repeat);
  }
}
