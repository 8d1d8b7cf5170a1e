import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, send } from './faults.ts';
import { answerOf, unknownRoute } from './rules.ts';
import { refusal } from './scopes.ts';
import { loadWorld, type RecordedAnswer, type World } from './world.ts';

interface LoggedRequest {
  readonly service: string;
  readonly method: string;
  /** As sent, with the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** An answer instead of the recorded one, or how to make it; undefined: the recorded one after all. */
type AnswerSource =
  | Answer
  | ((request: LoggedRequest, recorded: RecordedAnswer) => Answer | undefined | Promise<Answer | undefined>);

export interface ReplayOptions {
  readonly world: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** `scopes`: bearer tokens `scope:<name>` are judged as Neon judges tokens of that scope; absent: nobody is asked. */
  readonly auth?: { readonly mode: 'scopes' };
}

export interface Replay {
  readonly world: World;
  readonly controllerUrl: string;
  /**
   * The `addresses` setting: what the node list announces (`127.0.0.1:9898`) to the port that answers here.
   * A pageserver that is down in this world is mapped to a port on which nothing listens.
   */
  readonly addresses: Readonly<Record<string, string>>;
  /** Every request so far, in order of arrival. */
  readonly requests: readonly LoggedRequest[];
  /** Answers `path` (with its query, or without for any query; `*` for all paths) of `service` differently. */
  set(service: string, path: string, answer: AnswerSource): void;
  /** Takes back what `set` did. */
  clear(): void;
  /** The service stops listening and drops its connections, as a process that died. */
  refuse(service: string): Promise<void>;
  /** The service listens again, on the port it had. */
  restore(service: string): Promise<void>;
  stop(): Promise<void>;
}

interface Listener {
  readonly server: Server;
  readonly port: number;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** The services that listen in this world: the controller and every pageserver of its node list that is not down. */
function openServices(world: World): string[] {
  const pageservers = [...world.pageservers.values()].map(({ service }) => service);
  return ['storcon', ...pageservers].filter((service) => !world.closed.has(service));
}

/**
 * Serves one world on loopback, one port a service, with recorded status, content type and bytes.
 *
 * @throws {Error} when there is no such world.
 */
export async function startReplay({ world: name, host = '127.0.0.1', auth }: ReplayOptions): Promise<Replay> {
  const world = loadWorld(name);
  const requests: LoggedRequest[] = [];
  const overrides = new Map<string, AnswerSource>();
  const listeners = new Map<string, Listener>();

  function recordedFor({ service, method, path, headers }: LoggedRequest): RecordedAnswer {
    if (auth !== undefined) {
      const refused = refusal(service, new URL(path, 'http://replay').pathname, headers.authorization);
      if (refused !== undefined) return refused;
    }
    return method === 'GET' ? answerOf(world, service, path) : unknownRoute(service);
  }

  async function answer(service: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '/', headers, socket } = request;
    const logged = { service, method, path, headers };
    requests.push(logged);
    const recorded = recordedFor(logged);
    const [pathname] = path.split('?');
    const source = [path, pathname, '*']
      .map((key) => overrides.get(`${service} ${key}`))
      .find((override) => override !== undefined);
    const chosen = typeof source === 'function' ? await source(logged, recorded) : source;
    send(response, socket, chosen ?? {}, recorded);
  }

  for (const service of openServices(world)) {
    const server = createServer((request, response) => {
      answer(service, request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    listeners.set(service, { server, port: await listen(server, 0, host) });
  }

  const dialled = (service: string): Listener => {
    const listener = listeners.get(service);
    if (listener === undefined) throw new Error(`nothing listens as ${service} in world ${name}`);
    return listener;
  };
  return {
    world,
    controllerUrl: `http://${host}:${dialled('storcon').port}`,
    addresses: Object.fromEntries(
      // Ports 1, 2, 3 … are never given out for port 0, so no other test's server can turn up there.
      [...world.pageservers].map(([nodeId, { service, announced }]) => [
        announced,
        `${host}:${listeners.get(service)?.port ?? nodeId}`,
      ]),
    ),
    requests,
    set: (service, path, source) => void overrides.set(`${service} ${path}`, source),
    clear: () => overrides.clear(),
    refuse: (service) => close(dialled(service).server),
    async restore(service) {
      const { server, port } = dialled(service);
      if (!server.listening) await listen(server, port, host);
    },
    async stop() {
      await Promise.all([...listeners.values()].map(({ server }) => close(server)));
    },
  };
}
