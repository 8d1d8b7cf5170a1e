import type { ServerResponse } from 'node:http';
import type { Answer, Reply } from '../world/wire.ts';

/**
 * A JSON list that may be longer than memory: it is written in parts while the world moves on, so a list that a slow
 * reader takes in parts is not of one instant; a list below `bufferedBytes` is.
 */
export interface JsonRows {
  /** What stands before the first row: `[` or `{"tenant_shards":[`. */
  readonly before: string;
  readonly after: string;
  /** Rows in order of key, those after `startAfter` only; each row is JSON. */
  rows(startAfter: string | undefined): Iterable<readonly [key: string, row: string]>;
}

export interface HttpAnswer {
  /** 0 closes the connection without an answer. */
  readonly status: number;
  /** Absent: no such header, as the broker's. */
  readonly contentType?: string;
  readonly body: string | JsonRows;
}

const json = 'application/json';

/** What the controller and safekeepers say to a route or method they do not have. */
export const notFound: HttpAnswer = { status: 404, contentType: 'text/plain', body: 'Not Found' };

export function jsonAnswer(status: number, value: unknown): HttpAnswer {
  return { status, contentType: json, body: JSON.stringify(value) };
}

export function rowsAnswer(rows: JsonRows): HttpAnswer {
  return { status: 200, contentType: json, body: rows };
}

export function errorAnswer(status: number, message: string): HttpAnswer {
  return jsonAnswer(status, { msg: message });
}

/** Neon puts the reason of a 400 into quotes of its own: `{"msg":"\"failed to parse node_id\""}`. */
export function badRequest(reason: string): HttpAnswer {
  return errorAnswer(400, JSON.stringify(reason));
}

export function answerOf(answer: Answer<unknown>): HttpAnswer {
  return jsonAnswer(answer.status, answer.body);
}

/** Waits until the world has moved on far enough. */
export function answerLater(reply: Reply<unknown>): HttpAnswer | Promise<HttpAnswer> {
  if (reply.answer !== undefined) return answerOf(reply.answer);
  return new Promise((resolve) => reply.whenAnswered((answer) => resolve(answerOf(answer))));
}

/** Text is gathered up to this before it is handed on. */
const partChars = 64 * 1024;
/** What may wait for the reader before the list is interrupted. */
const bufferedBytes = 4 * 1024 * 1024;

/** Resolves to false when the reader is gone. */
function drained(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const onDrain = (): void => {
      response.off('close', onClose);
      resolve(true);
    };
    const onClose = (): void => {
      response.off('drain', onDrain);
      resolve(false);
    };
    response.once('drain', onDrain);
    response.once('close', onClose);
  });
}

async function sendRows(response: ServerResponse, list: JsonRows): Promise<void> {
  let part = list.before;
  let last: string | undefined;
  for (;;) {
    let mustWait = false;
    for (const [key, row] of list.rows(last)) {
      part += last === undefined ? row : `,${row}`;
      last = key;
      if (part.length < partChars) continue;
      response.write(part);
      part = '';
      if (response.writableLength < bufferedBytes) continue;
      mustWait = true;
      break;
    }
    if (!mustWait) break;
    if (!(await drained(response))) return;
  }
  response.end(part + list.after);
}

/** Writes an answer with Neon's headers; long lists in parts, each when the reader has taken the one before. */
export async function sendAnswer(
  response: ServerResponse,
  answer: HttpAnswer,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  if (response.destroyed) return;
  if (answer.status === 0) {
    response.destroy();
    return;
  }
  // Neon's services send no `connection` header.
  response.removeHeader('connection');
  const contentType = answer.contentType === undefined ? {} : { 'content-type': answer.contentType };
  for (const [name, value] of Object.entries({ ...contentType, ...headers })) response.setHeader(name, value);
  response.statusCode = answer.status;
  if (typeof answer.body === 'string') response.end(answer.body);
  else await sendRows(response, answer.body);
}
