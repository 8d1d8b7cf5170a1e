import type { Clock } from '../../../src/clock.ts';
import type { HttpAnswer } from '../../../src/simulator/http/answer.ts';
import { clusterServices } from '../../../src/simulator/http/cluster.ts';
import type { Ports } from '../../../src/simulator/http/ports.ts';
import { requestLog } from '../../../src/simulator/http/request-log.ts';
import type { Service, ServiceOptions } from '../../../src/simulator/http/service.ts';
import type { Claims, TokenKeys } from '../../../src/simulator/http/tokens.ts';
import type { World, WorldConfig } from '../../../src/simulator/world/api.ts';
import type { ProcessState } from '../../../src/simulator/world/hook-api.ts';
import type { Wire, WireOutcome } from './wire-reader.ts';

const host = '127.0.0.1';
export const ports = {
  controller: 1234,
  hook: 9997,
  broker: 50_051,
  sim: 1,
  pageserver: 9897,
  safekeeper: 7675,
  compute: 3080,
} as const;
/** Pageservers that may join. */
const sparePageservers = 4;

/** What the world announces. */
export const worldAddress: WorldConfig['address'] = (kind, id) =>
  kind === 'pageserver'
    ? { host, httpPort: ports.pageserver + id, pgPort: 63_999 + id }
    : { host, httpPort: ports.safekeeper + id, pgPort: 5453 + id };

interface QuietService extends Service {
  state: ProcessState;
  options: ServiceOptions | undefined;
}

function quietService(port: number): QuietService {
  const service: QuietService = {
    port,
    state: 'up',
    options: undefined,
    serve(given) {
      service.options = given;
    },
    async become(state) {
      service.state = state;
    },
    held: () => 0,
    close: async () => undefined,
  };
  return service;
}

/** Tokens that are their claims: who signs them is tested elsewhere, and signing takes most of the time. */
export const plainKeys: TokenKeys = {
  issue: (claims) => JSON.stringify(claims),
  check: (header) =>
    header?.startsWith('Bearer ') === true
      ? (JSON.parse(header.slice('Bearer '.length)) as Claims)
      : { status: 401, contentType: 'application/json', body: '{"msg":"Unauthorized"}' },
};

function textOf({ body }: HttpAnswer): string {
  if (typeof body === 'string') return body;
  return `${body.before}${[...body.rows(undefined)].map(([, row]) => row).join(',')}${body.after}`;
}

async function sent(service: QuietService, path: string, authorization?: string): Promise<WireOutcome> {
  const [route = '', query = ''] = path.split('?');
  const request = { method: 'GET', path: route, query: new URLSearchParams(query), authorization, text: '' };
  const outcome = service.options?.handle(request) ?? 'drop';
  if (outcome === 'drop') return 'refused';
  if (outcome === 'hold') return 'silent';
  const answer = await outcome;
  if (answer.status === 0) return 'refused';
  const delayMs = service.options?.delayMs() ?? 0;
  return { status: answer.status, contentType: answer.contentType ?? '', body: textOf(answer), delayMs };
}

export interface WorldWire extends Wire {
  /** To be called whenever the world has moved: at the next request every process is what the world says that it is. */
  sync(): void;
}

/** The simulator's own HTTP face over a world, without its sockets. */
export function worldWire(world: World, clock: Clock, wantsTokens: boolean): WorldWire {
  const services = new Map<string, QuietService>();
  const open = (port: number): QuietService => {
    const service = quietService(port);
    services.set(`${host}:${port}`, service);
    return service;
  };
  const many = (count: number, base: number): Map<number, QuietService> =>
    new Map(Array.from({ length: count }, (_, at) => [at + 1, open(base + at + 1)]));
  const { pageservers, safekeepers } = world.config;
  const sockets: Ports = {
    host,
    controller: open(ports.controller),
    sim: open(ports.sim),
    hook: open(ports.hook),
    broker: open(ports.broker),
    pageservers: many(pageservers + sparePageservers, ports.pageserver),
    safekeepers: many(safekeepers, ports.safekeeper),
    computes: new Map(world.computes().map(({ tenantId }, at) => [tenantId, open(ports.compute + at)])),
    address: worldAddress,
    openComputes: async () => undefined,
    close: async () => undefined,
  };
  const cluster = clusterServices({
    world,
    ports: sockets,
    clock,
    tokens: wantsTokens ? plainKeys : undefined,
    log: requestLog(),
    catchUp: () => undefined,
  });
  let isBehind = true;
  const catchUp = (): void => {
    if (!isBehind) return;
    isBehind = false;
    void cluster.sync();
  };
  return {
    sync() {
      isBehind = true;
    },
    get(at, path, authorization) {
      catchUp();
      const service = services.get(at);
      if (service === undefined || service.state === 'down') return 'refused';
      return service.state === 'hung' ? 'silent' : sent(service, path, authorization);
    },
  };
}
