import type { Clock } from '../../clock.ts';
import type { Safekeeper, World } from '../world/api.ts';
import type { Compute, ProcessState } from '../world/hook-api.ts';
import type { HttpAnswer } from './answer.ts';
import { computeKeys, computeRoutes } from './compute-ctl.ts';
import { controllerCommands } from './controller-commands.ts';
import { controllerExposition, RequestCounts } from './controller-metrics.ts';
import { controllerReads } from './controller-reads.ts';
import { openDesk } from './desk.ts';
import { expositionAnswer } from './exposition.ts';
import { hookRoutes } from './hook-requests.ts';
import { pageNotFound, pageserverRoutes } from './pageserver-routes.ts';
import type { Ports } from './ports.ts';
import type { RequestLog } from './request-log.ts';
import type { Route } from './router.ts';
import type { Service } from './service.ts';
import { simRoutes } from './sim-routes.ts';
import { brokerNotFound, brokerRoutes, safekeeperRoutes } from './small-services.ts';
import type { TokenKeys } from './tokens.ts';

interface ClusterOptions {
  readonly world: World;
  readonly ports: Ports;
  readonly clock: Clock;
  readonly tokens: TokenKeys | undefined;
  readonly log: RequestLog;
  readonly catchUp: () => void;
}

/** The processes of the cluster, each behind its socket. */
export interface Cluster {
  /** Makes every socket what its process is. */
  sync(): Promise<void>;
}

/** Hyper's services number their requests; ours by counting, so that runs are alike. */
function requestIds(): () => Readonly<Record<string, string>> {
  let count = 0;
  return () => {
    count += 1;
    return { 'x-request-id': `00000000-0000-4000-8000-${count.toString(16).padStart(12, '0')}` };
  };
}

/** The controller's routes with its own metrics. */
export function controllerRoutes(world: World, counts: RequestCounts): readonly Route[] {
  const metrics: Route = {
    method: 'GET',
    path: '/metrics',
    name: 'metrics',
    allowed: 'no token',
    answer: () => expositionAnswer(controllerExposition(world.controller.metrics(), counts.samples()), '\n'),
  };
  return [metrics, ...controllerReads(world), ...controllerCommands(world)];
}

function must<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}

function safekeeperOf(world: World, id: number): Safekeeper | undefined {
  return world.safekeepers().find((safekeeper) => safekeeper.id === id);
}

function computeOf(world: World, tenantId: string): Compute | undefined {
  return world.computes().find((compute) => compute.tenantId === tenantId);
}

interface Process {
  readonly name: string;
  readonly service: Service;
  readonly routes: readonly Route[];
  readonly state: () => ProcessState;
  readonly keys?: TokenKeys | undefined;
  readonly isOpen?: () => boolean;
  readonly unknown?: HttpAnswer;
  readonly admit?: World['controller']['admit'];
  readonly counts?: RequestCounts;
  readonly delayMs?: () => number;
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** Attaches the world to the sockets. */
export function clusterServices({ world, ports, clock, tokens, log, catchUp }: ClusterOptions): Cluster {
  const states: { readonly service: Service; readonly state: () => ProcessState }[] = [];
  const ids = requestIds();
  const counts = new RequestCounts();
  const launched = `${new Date(world.config.startMs).toISOString().replace('T', ' ').replace('Z', '000000')} UTC`;

  async function sync(): Promise<void> {
    await Promise.all(states.map(({ service, state }) => service.become(state())));
  }

  function run({ service, state, delayMs = () => 0, headers = ids, ...desk }: Process): void {
    const handle = openDesk({ world, log, before: catchUp, after: () => void sync(), ...desk });
    service.serve({ clock, headers, delayMs, handle });
    states.push({ service, state });
  }

  run({
    name: 'storage_controller',
    service: ports.controller,
    routes: controllerRoutes(world, counts),
    keys: tokens,
    isOpen: () => world.controller.isOpen(),
    counts,
    admit: (method, path) => world.controller.admit(method, path),
    state: () => {
      const admitted = world.controller.admit('GET', '/status');
      if (admitted === 'refused') return 'down';
      return admitted === 'hang' ? 'hung' : 'up';
    },
  });
  for (const [id, service] of ports.pageservers) {
    run({
      name: `pageserver ${id}`,
      service,
      routes: pageserverRoutes(world, id),
      keys: tokens,
      unknown: pageNotFound,
      headers: () => ({ ...ids(), pageserver_launch_timestamp: launched }),
      delayMs: () => world.pageserver(id)?.delayMs ?? 0,
      state: () => world.pageserver(id)?.state ?? 'down',
    });
  }
  for (const [id, service] of ports.safekeepers) {
    run({
      name: `safekeeper ${id}`,
      service,
      routes: safekeeperRoutes(world, () => must(safekeeperOf(world, id), `safekeeper ${id}`)),
      keys: tokens,
      state: () => safekeeperOf(world, id)?.state ?? 'down',
    });
  }
  for (const [tenantId, service] of ports.computes) {
    run({
      name: `compute ${tenantId}`,
      service,
      routes: computeRoutes(world, () => must(computeOf(world, tenantId), `compute of ${tenantId}`)),
      keys: tokens === undefined ? undefined : computeKeys(tokens, tenantId),
      unknown: brokerNotFound,
      state: () => computeOf(world, tenantId)?.state ?? 'down',
    });
  }
  run({
    name: 'broker',
    service: ports.broker,
    routes: brokerRoutes(world),
    unknown: brokerNotFound,
    headers: () => ({}),
    state: () => world.broker(),
  });
  run({
    name: 'hook',
    service: ports.hook,
    routes: hookRoutes(world),
    // A dead hook has no socket; one that is only slow or wrong has.
    state: () => (world.hook.behaviour === 'dead' ? 'down' : 'up'),
  });
  run({
    name: '_sim',
    service: ports.sim,
    routes: simRoutes(world, log, () => void sync()),
    state: () => 'up',
  });
  return { sync };
}
