import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../clock.ts';
import type { ProcessState } from '../world/hook-api.ts';
import { type HttpAnswer, sendAnswer } from './answer.ts';

/** One request as it came in, with its whole body. */
export interface Request {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly text: string;
}

/** What a service does with a request: an answer, or it keeps the connection and says nothing until it is asked again. */
export type Handle = (request: Request) => HttpAnswer | Promise<HttpAnswer> | 'hold' | 'drop';

export interface ServiceOptions {
  readonly clock: Clock;
  /** Headers of every answer. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** Added to every answer. */
  readonly delayMs: () => number;
  readonly handle: Handle;
}

/** One listening process of the cluster. */
export interface Service {
  readonly port: number;
  /** Attaches what answers. Until then every request waits. */
  serve(options: ServiceOptions): void;
  /**
   * Makes the socket what the process is: down refuses connections, hung takes them and is silent. Resolves when it
   * is so; a port that another program took in the meantime is tried again at the next call.
   */
  become(state: ProcessState): Promise<void>;
  /** Requests that were taken and are not being answered. */
  held(): number;
  close(): Promise<void>;
}

const maxBodyBytes = 1024 * 1024;
const keepAliveMs = 75_000;

async function readText(message: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBodyBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

async function readRequest(message: IncomingMessage): Promise<Request | undefined> {
  const text = await readText(message);
  if (text === undefined) return undefined;
  const [path = '/', query = ''] = (message.url ?? '/').split('?');
  const { authorization } = message.headers;
  return { method: message.method ?? '', path, query: new URLSearchParams(query), authorization, text };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Waiting {
  readonly request: Request;
  readonly response: ServerResponse;
}

/** Runs requests through `options.handle`, and keeps those that a hung process has taken. */
function conversation() {
  let options: ServiceOptions | undefined;
  let waiting: Waiting[] = [];
  let isHung = false;

  async function talk(one: Waiting): Promise<void> {
    if (one.response.destroyed) return;
    const outcome = isHung || options === undefined ? 'hold' : options.handle(one.request);
    if (outcome === 'drop') one.response.destroy();
    else if (outcome === 'hold') waiting.push(one);
    else {
      const answer = await outcome;
      const delayMs = options?.delayMs() ?? 0;
      if (delayMs > 0) await new Promise<void>((resolve) => options?.clock.after(delayMs, resolve));
      await sendAnswer(one.response, answer, options?.headers() ?? {});
    }
  }

  function talkOrBreak(one: Waiting): void {
    talk(one).catch((error: unknown) => one.response.destroy(error as Error));
  }

  return {
    take: talkOrBreak,
    serve(given: ServiceOptions) {
      options = given;
    },
    held: () => waiting.length,
    /** Asks again for everything that waits. */
    resume(hung: boolean) {
      isHung = hung;
      const again = waiting.filter(({ response }) => !response.destroyed);
      waiting = [];
      for (const one of again) talkOrBreak(one);
    },
  };
}

/** @throws an `Error` that names the port when it is taken; 0 takes any. */
export async function openService(host: string, wantedPort: number): Promise<Service> {
  const { take, serve, resume, held } = conversation();
  const server = createServer((message, response) => {
    // The reader may hang up at any time.
    response.on('error', () => undefined);
    readRequest(message).then(
      (request) => {
        if (request === undefined) response.destroy();
        else take({ request, response });
      },
      () => response.destroy(),
    );
  });
  server.keepAliveTimeout = keepAliveMs;
  const port = await listen(server, host, wantedPort).catch((error: unknown) => {
    throw new Error(`the simulator cannot listen on ${host}:${wantedPort}`, { cause: error });
  });
  let settled: Promise<void> = Promise.resolve();

  async function settle(state: ProcessState): Promise<void> {
    if (state === 'down') {
      if (server.listening) await stopListening(server);
      return;
    }
    if (!server.listening) await listen(server, host, port).catch(() => undefined);
    resume(state === 'hung');
  }

  return {
    port,
    serve,
    held,
    become(state) {
      settled = settled.then(() => settle(state));
      return settled;
    },
    async close() {
      await settled;
      if (server.listening) await stopListening(server);
    },
  };
}
