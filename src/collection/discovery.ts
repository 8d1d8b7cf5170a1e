import type { Target } from '../collectors/target.ts';
import type { NodeFact } from '../neon/node.ts';

export interface DiscoverySettings {
  /** Watch every server that the controller announces. */
  readonly discover: boolean;
  /** Servers to watch besides, by origin. */
  readonly urls: readonly string[];
  /** Which announced port is dialled. */
  readonly scheme: 'http' | 'https';
  /** Announced `host:port` → `host:port` that can be dialled from here. */
  readonly addresses: Readonly<Record<string, string>>;
}

export interface Discovered {
  readonly targets: readonly Target[];
  /** Addresses that the controller announces for more than one server; only the first of them is watched. */
  readonly sharedAddresses: readonly string[];
  /** Announced addresses that no URL can be made of; those servers are not watched. */
  readonly unusableAddresses: readonly string[];
}

/** A server as the controller announces it. */
interface Announced {
  readonly httpAddress: string;
  readonly httpsAddress?: string | undefined;
  readonly id: Pick<Target, 'nodeId' | 'safekeeperId'>;
}

/** The pageservers to watch: announced ones first, then listed ones that are not among them. */
export function pageserverTargets(nodes: readonly NodeFact[], settings: DiscoverySettings): Discovered {
  const announced = nodes.map((node) => ({ ...node, id: { nodeId: node.nodeId } }));
  return discovered('pageserver', announced, settings);
}

/** The safekeepers to watch, in the same way. */
export function safekeeperTargets(
  safekeepers: readonly (Omit<Announced, 'id'> & { readonly safekeeperId: number })[],
  settings: DiscoverySettings,
): Discovered {
  const announced = safekeepers.map((one) => ({ ...one, id: { safekeeperId: one.safekeeperId } }));
  return discovered('safekeeper', announced, settings);
}

/** A target is named by its announced address, also where another one is dialled. */
function discovered(
  kind: 'pageserver' | 'safekeeper',
  announced: readonly Announced[],
  settings: DiscoverySettings,
): Discovered {
  const targets = new Map<string, Target>();
  const sharedAddresses: string[] = [];
  const unusableAddresses: string[] = [];
  const dialled = new Set<string>();
  for (const { httpAddress, httpsAddress, id } of settings.discover ? announced : []) {
    const secure = settings.scheme === 'https' ? httpsAddress : undefined;
    const name = secure ?? httpAddress;
    const url = `${settings.scheme}://${settings.addresses[name] ?? name}`;
    const parsed = URL.parse(url);
    if (targets.has(name)) sharedAddresses.push(name);
    // Announced is what somebody wrote into a server's metadata: one slip must not cost the others.
    else if (parsed === null || !isBareOrigin(parsed)) unusableAddresses.push(name);
    else {
      dialled.add(parsed.host);
      targets.set(name, { kind, name, url, ...id });
    }
  }
  for (const url of settings.urls) {
    const { host, pathname } = new URL(url);
    // Behind one gateway servers differ by their path alone.
    const name = pathname === '/' ? host : `${host}${pathname}`;
    if (!targets.has(name) && !dialled.has(name)) targets.set(name, { kind, name, url });
  }
  return { targets: [...targets.values()], sharedAddresses, unusableAddresses };
}

/** Whether an announced address gave a host and port alone: with more in it the request would go elsewhere. */
function isBareOrigin({ username, password, pathname, search, hash }: URL): boolean {
  return username + password + search + hash === '' && pathname === '/';
}
