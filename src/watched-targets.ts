import type { Clock } from './clock.ts';
import { type Discovered, pageserverTargets, safekeeperTargets } from './collection/discovery.ts';
import type { OpenTarget } from './collection/schedule.ts';
import type { Store } from './collection/store.ts';
import type { ReadingOf } from './collectors/registry.ts';
import type { Target, TargetKind } from './collectors/target.ts';
import type { Config } from './config/schema.ts';
import { computeCtlTargets, openComputeCtl, openPostgresTarget, postgresTargets } from './open-postgres.ts';
import { openTarget, openWith } from './open-target.ts';

/** Everything to watch now, and the announced addresses that are in the way. */
export interface WatchedTargets extends Discovered {
  readonly targets: readonly Target[];
}

/** The name of a listed server: its host, and its path where it has one, since behind a gateway that alone differs. */
function named(kind: TargetKind, url: string): Target {
  const { host, pathname } = new URL(url);
  return { kind, name: pathname === '/' ? host : `${host}${pathname}`, url };
}

function controllerTargets({ storageController: { url, peers } }: Config): Target[] {
  if (url === undefined) return [];
  // By its host alone, with or without a path: labels have had that name from the first version on.
  const main = { name: new URL(url).host, url };
  const instances = peers.map((peer) => named('controller_instance', peer));
  return [
    { kind: 'storage_controller', ...main },
    { kind: 'controller_instance', ...main },
    ...instances.filter(({ name }) => name !== main.name),
  ];
}

function singleTargets({ broker, computeHook }: Config): Target[] {
  return [
    ...(broker.url === undefined ? [] : [named('broker', broker.url)]),
    ...(computeHook.url === undefined ? [] : [named('compute_hook', computeHook.url)]),
  ];
}

/** The newest list of the controller, however old: while none comes, the last one stays in force. */
function lastList<Name extends 'nodes' | 'safekeepers'>(
  name: Name,
  { storageController: { url } }: Config,
  store: Pick<Store, 'newest'>,
): ReadingOf<Name> | undefined {
  if (url === undefined) return undefined;
  // The registry ties a name to its reading's type, as in the store.
  return store.newest(name, new URL(url).host)?.reading as ReadingOf<Name> | undefined;
}

/** What the configuration names, and what the last lists of the controller announce. */
export function watchedTargets(config: Config, store: Pick<Store, 'newest'>): WatchedTargets {
  const { addresses } = config;
  const nodes = lastList('nodes', config, store)?.nodes ?? [];
  const safekeepers = lastList('safekeepers', config, store)?.safekeepers ?? [];
  const foundNodes = pageserverTargets(nodes, { ...config.pageservers, addresses });
  const foundSafekeepers = safekeeperTargets(safekeepers, { ...config.safekeepers, addresses });
  return {
    targets: [
      ...controllerTargets(config),
      ...foundNodes.targets,
      ...foundSafekeepers.targets,
      ...singleTargets(config),
      ...postgresTargets(config).map(({ target }) => target),
      ...computeCtlTargets(config).map(({ target }) => target),
    ],
    sharedAddresses: [...foundNodes.sharedAddresses, ...foundSafekeepers.sharedAddresses],
    unusableAddresses: [...foundNodes.unusableAddresses, ...foundSafekeepers.unusableAddresses],
  };
}

/** Opens a target of `watchedTargets`, whatever it speaks. */
export function openWatched(
  target: Target,
  config: Config,
  clock: Clock,
  shared: Parameters<typeof openTarget>[3],
): OpenTarget {
  const isIt = (one: { readonly target: Target }): boolean =>
    one.target.kind === target.kind && one.target.name === target.name;
  const postgres = postgresTargets(config).find(isIt);
  if (postgres !== undefined) return openPostgresTarget(postgres, config, clock);
  const computeCtl = computeCtlTargets(config).find(isIt);
  if (computeCtl === undefined) return openTarget(target, config, clock, shared);
  return openWith(openComputeCtl(computeCtl, config), target, config, clock, shared);
}
