import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { Replay } from './replay-server.ts';

export interface Received {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Asked {
  readonly method?: string;
  readonly authorization?: string | undefined;
  /** Hangs up once this many bytes have come. */
  readonly atMostBytes?: number;
}

/** One request on a connection of its own, without redirects; rejects when the connection breaks. */
export function ask(
  origin: string,
  path: string,
  { method = 'GET', authorization, atMostBytes }: Asked = {},
) {
  return new Promise<Received>((resolve, reject) => {
    const sent = authorization === undefined ? {} : { authorization };
    const request = httpRequest(`${origin}${path}`, { method, headers: sent, agent: false }, (response) => {
      const { statusCode: status, headers } = response;
      const chunks: Buffer[] = [];
      let bytes = 0;
      const done = (): void => resolve({ status, headers, body: Buffer.concat(chunks) });
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (atMostBytes === undefined || bytes < atMostBytes) return;
        done();
        request.destroy();
      });
      response.on('end', done);
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

/** Where a service of a replay answers, also when nothing listens there. */
export function originOf({ world, controllerUrl, addresses }: Replay, service: string): string {
  if (service === 'storcon') return controllerUrl;
  const pageserver = [...world.pageservers.values()].find((candidate) => candidate.service === service);
  return `http://${addresses[pageserver?.announced ?? '']}`;
}
