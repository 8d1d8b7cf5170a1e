import type { HttpAnswer } from '../../../src/simulator/http/answer.ts';
import { clusterServices } from '../../../src/simulator/http/cluster.ts';
import type { Ports } from '../../../src/simulator/http/ports.ts';
import { type RequestLog, requestLog } from '../../../src/simulator/http/request-log.ts';
import type { Service, ServiceOptions } from '../../../src/simulator/http/service.ts';
import { type TokenKeys, tokenKeys } from '../../../src/simulator/http/tokens.ts';
import type { World, WorldConfig } from '../../../src/simulator/world/api.ts';
import type { ProcessState } from '../../../src/simulator/world/hook-api.ts';
import { createWorld } from '../../../src/simulator/world/world.ts';
import { manualClock } from '../../support/manual-clock.ts';

/** What a request got. Status 0: nothing listened, or the connection was closed. */
export interface Got {
  readonly status: number;
  readonly contentType: string;
  readonly headers: readonly string[];
  readonly text: string;
  /** How long it took in the world. */
  readonly tookMs: number;
}

export interface Sent {
  readonly method?: string;
  readonly text?: string;
  readonly authorization?: string | undefined;
}

/** A simulated cluster without sockets: requests are handed to the services, and the world moves until they are answered. */
export interface Lab {
  readonly world: World;
  readonly keys: TokenKeys | undefined;
  readonly log: RequestLog;
  send(service: string, target: string, sent?: Sent): Promise<Got>;
}

interface FakeService extends Service {
  options(): ServiceOptions;
  state(): ProcessState;
}

function fakeService(port: number): FakeService {
  let options: ServiceOptions | undefined;
  let state: ProcessState = 'up';
  return {
    port,
    serve: (given) => {
      options = given;
    },
    become: async (given) => {
      state = given;
    },
    held: () => 0,
    close: async () => undefined,
    state: () => state,
    options: () => {
      if (options === undefined) throw new Error(`nothing serves port ${port}`);
      return options;
    },
  };
}

/** The recording's ports. */
function fakePorts(pageservers: number, safekeepers: number) {
  const numbered = (count: number, first: number) =>
    new Map(Array.from({ length: count }, (_, at) => [at + 1, fakeService(first + at)]));
  const [controller, sim, hook, broker] = [
    fakeService(1234),
    fakeService(1),
    fakeService(9997),
    fakeService(50051),
  ];
  const nodes = numbered(pageservers, 9898);
  const keepers = numbered(safekeepers, 7676);
  const address: WorldConfig['address'] = (kind, id) =>
    kind === 'pageserver'
      ? { host: '127.0.0.1', httpPort: 9897 + id, pgPort: 63_999 + id }
      : { host: '127.0.0.1', httpPort: 7675 + id, pgPort: 5453 + id };
  const computes = new Map<string, FakeService>();
  const ports: Ports = {
    host: '127.0.0.1',
    controller,
    sim,
    hook,
    broker,
    pageservers: nodes,
    safekeepers: keepers,
    computes,
    address,
    openComputes: async () => undefined,
    close: async () => undefined,
  };
  const named = new Map<string, FakeService>([
    ['storcon', controller],
    ['_sim', sim],
    ['hook', hook],
    ['broker', broker],
    ...[...nodes].map(([id, service]) => [`ps${id}`, service] as const),
    ...[...keepers].map(([id, service]) => [`sk${id}`, service] as const),
  ]);
  return { ports, named, computes };
}

function textOf({ body }: HttpAnswer): string {
  if (typeof body === 'string') return body;
  return `${body.before}${[...body.rows(undefined)].map(([, row]) => row).join(',')}${body.after}`;
}

const stepMs = 50;
const patienceMs = 120_000;
const nothing = { status: 0, contentType: '', headers: [], text: '' };

/** Waits for the answer, the world moving on meanwhile. */
async function awaited(world: World, answer: HttpAnswer | Promise<HttpAnswer>): Promise<HttpAnswer> {
  let settled: HttpAnswer | undefined;
  let failure: unknown;
  Promise.resolve(answer).then(
    (value) => {
      settled = value;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += stepMs) {
    // Answers come through a chain of promises.
    await new Promise((resolve) => setImmediate(resolve));
    if (failure !== undefined) throw failure;
    if (settled !== undefined) return settled;
    world.advance(stepMs);
  }
  throw new Error('no answer');
}

export interface LabOptions extends Partial<WorldConfig> {
  readonly wantsTokens?: boolean;
}

/** The recording's cluster (heartbeat 2 s, offline 10 s, warming up 30 s) unless `options` say otherwise. */
export async function openLab({ wantsTokens = false, ...config }: LabOptions = {}): Promise<Lab> {
  const { pageservers = 3, safekeepers = 3 } = config;
  const { ports, named, computes } = fakePorts(pageservers + 1, safekeepers);
  const world = createWorld({
    seed: 7,
    pageservers,
    safekeepers,
    azs: 3,
    tenants: 0,
    heartbeatMs: 2_000,
    offlineMs: 10_000,
    warmingUpMs: 30_000,
    address: ports.address,
    ...config,
  });
  // `compute1` is the first, and so on.
  for (const [at, { tenantId }] of world.computes().entries()) {
    const service = fakeService(3_080 + at);
    computes.set(tenantId, service);
    named.set(`compute${at + 1}`, service);
  }
  const keys = wantsTokens ? tokenKeys(Buffer.alloc(32, 7)) : undefined;
  const log = requestLog();
  const clock = manualClock();
  const cluster = clusterServices({ world, ports, clock, tokens: keys, log, catchUp: () => undefined });
  return {
    world,
    keys,
    log,
    async send(service, target, { method = 'GET', text = '', authorization } = {}) {
      await cluster.sync();
      const found = named.get(service);
      if (found === undefined) throw new Error(`no service ${service}`);
      const { options, state } = found;
      const startMs = world.nowMs();
      if (state() === 'down') return { ...nothing, tookMs: 0 };
      const [path = '', query = ''] = target.split('?');
      const request = { method, path, query: new URLSearchParams(query), authorization, text };
      const outcome = options().handle(request);
      if (outcome === 'drop' || outcome === 'hold') return { ...nothing, tookMs: 0 };
      const answer = await awaited(world, outcome);
      const { status, contentType } = answer;
      return {
        status,
        contentType: contentType ?? '',
        headers: [
          ...(contentType === undefined ? [] : ['content-type']),
          ...Object.keys(options().headers()),
          'content-length',
          'date',
        ],
        text: textOf(answer),
        tookMs: world.nowMs() - startMs,
      };
    },
  };
}
