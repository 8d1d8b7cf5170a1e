import type { Clock } from '../../clock.ts';
import type { World, WorldConfig } from '../world/api.ts';
import { type Cluster, clusterServices } from './cluster.ts';
import { hookOverHttp } from './hook-requests.ts';
import { keepPace, type Pace } from './pace.ts';
import { openPorts, type Ports } from './ports.ts';
import { requestLog } from './request-log.ts';
import { type TokenKeys, tokenKeys } from './tokens.ts';

export interface SimulatorOptions {
  /** Makes the world; it is told where its pageservers and safekeepers listen. */
  readonly makeWorld: (address: WorldConfig['address']) => World;
  readonly clock: Clock;
  /** How many of them the world has at the start; some ports are kept for pageservers that join. */
  readonly pageservers: number;
  readonly safekeepers: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** The controller's port, from which the others are counted; absent: any free ones. */
  readonly listenBase?: number;
  /** `clock`: the world's time goes with the clock; `stepped`: only as `/_sim/advance` says. Default `clock`. */
  readonly time?: 'clock' | 'stepped';
  /** Where notifications go: to the world's own hook, without a request or with one, or to another's at a URL. */
  readonly hook?: 'inside' | 'http' | { readonly url: string };
  /** 32 bytes that tokens are signed with; absent: nobody is asked for a token. */
  readonly tokenSecret?: Buffer;
}

/** A simulated Neon that answers on loopback. */
export interface RunningSimulator {
  readonly world: World;
  readonly controllerUrl: string;
  readonly brokerUrl: string;
  readonly hookUrl: string;
  /** Where `/_sim` is. */
  readonly simUrl: string;
  readonly pageserverUrls: ReadonlyMap<number, string>;
  readonly safekeeperUrls: ReadonlyMap<number, string>;
  /** compute_ctl, by tenant. */
  readonly computeUrls: ReadonlyMap<string, string>;
  /** Signs tokens that the services accept; undefined when nobody is asked for one. */
  readonly tokens: TokenKeys | undefined;
  /** Closes and opens sockets as processes died and came: for who moves or breaks the world in process. */
  sync(): Promise<void>;
  stop(): Promise<void>;
}

function connectHook(world: World, hookUrl: string, { hook = 'inside', clock }: SimulatorOptions): void {
  if (hook === 'inside') return;
  world.hook.connect(hookOverHttp(hook === 'http' ? hookUrl : hook.url, clock));
}

function runningSimulator(
  world: World,
  ports: Ports,
  cluster: Cluster,
  tokens: TokenKeys | undefined,
  pace: Pace | undefined,
): RunningSimulator {
  const { host } = ports;
  const url = (port: number): string => `http://${host}:${port}`;
  const urls = <Key>(services: ReadonlyMap<Key, { readonly port: number }>): ReadonlyMap<Key, string> =>
    new Map([...services].map(([key, { port }]) => [key, url(port)]));
  return {
    world,
    controllerUrl: url(ports.controller.port),
    brokerUrl: url(ports.broker.port),
    hookUrl: url(ports.hook.port),
    simUrl: url(ports.sim.port),
    get pageserverUrls() {
      const present = new Set(world.pageservers().map(({ id }) => id));
      return urls(new Map([...ports.pageservers].filter(([id]) => present.has(id))));
    },
    safekeeperUrls: urls(ports.safekeepers),
    computeUrls: urls(ports.computes),
    tokens,
    sync: () => cluster.sync(),
    async stop() {
      pace?.stop();
      world.hook.connect(undefined);
      await ports.close();
    },
  };
}

/**
 * Opens the ports, makes the world and serves it.
 *
 * @throws an `Error` that names the port when one of `listenBase` is taken
 */
export async function startSimulator(options: SimulatorOptions): Promise<RunningSimulator> {
  const { makeWorld, clock, time = 'clock', tokenSecret } = options;
  const ports = await openPorts(options);
  try {
    const world = makeWorld(ports.address);
    await ports.openComputes(world.computes().map(({ tenantId }) => tenantId));
    const tokens = tokenSecret === undefined ? undefined : tokenKeys(tokenSecret);
    let pace: Pace | undefined;
    const cluster = clusterServices({
      world,
      ports,
      clock,
      tokens,
      log: requestLog(),
      catchUp: () => pace?.catchUp(),
    });
    const running = (): RunningSimulator => runningSimulator(world, ports, cluster, tokens, pace);
    connectHook(world, `http://${ports.host}:${ports.hook.port}`, options);
    await cluster.sync();
    if (time === 'clock') pace = keepPace(world, clock, () => void cluster.sync());
    return running();
  } catch (error) {
    await ports.close();
    throw error;
  }
}
