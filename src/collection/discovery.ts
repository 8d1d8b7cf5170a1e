import type { Target } from '../collectors/target.ts';
import type { NodeFact } from '../neon/node.ts';

export interface DiscoverySettings {
  /** Watch every pageserver that the controller announces. */
  readonly discover: boolean;
  /** Pageservers to watch besides, by origin. */
  readonly urls: readonly string[];
  /** Which announced port is dialled. */
  readonly scheme: 'http' | 'https';
  /** Announced `host:port` → `host:port` that can be dialled from here. */
  readonly addresses: Readonly<Record<string, string>>;
}

export interface Discovered {
  readonly targets: readonly Target[];
  /** Addresses that the controller announces for more than one pageserver; only the first of them is watched. */
  readonly sharedAddresses: readonly string[];
  /** Announced addresses that no URL can be made of; those pageservers are not watched. */
  readonly unusableAddresses: readonly string[];
}

/**
 * The pageservers to watch: announced ones first, then listed ones that are not among them. A target is named by its
 * announced address, also where another one is dialled.
 */
export function pageserverTargets(nodes: readonly NodeFact[], settings: DiscoverySettings): Discovered {
  const targets = new Map<string, Target>();
  const sharedAddresses: string[] = [];
  const unusableAddresses: string[] = [];
  const dialled = new Set<string>();
  for (const node of settings.discover ? nodes : []) {
    const secure = settings.scheme === 'https' ? node.httpsAddress : undefined;
    const name = secure ?? node.httpAddress;
    const url = `${settings.scheme}://${settings.addresses[name] ?? name}`;
    const parsed = URL.parse(url);
    if (targets.has(name)) sharedAddresses.push(name);
    // Announced is what somebody wrote into a pageserver's metadata: one slip must not cost the other pageservers.
    else if (parsed === null || !isBareOrigin(parsed)) unusableAddresses.push(name);
    else {
      dialled.add(parsed.host);
      targets.set(name, { kind: 'pageserver', name, url, nodeId: node.nodeId });
    }
  }
  for (const url of settings.urls) {
    const { host, pathname } = new URL(url);
    // Behind one gateway pageservers differ by their path alone.
    const name = pathname === '/' ? host : `${host}${pathname}`;
    if (!targets.has(name) && !dialled.has(name)) targets.set(name, { kind: 'pageserver', name, url });
  }
  return { targets: [...targets.values()], sharedAddresses, unusableAddresses };
}

/** Whether an announced address gave a host and port alone: with more in it the request would go elsewhere. */
function isBareOrigin({ username, password, pathname, search, hash }: URL): boolean {
  return username + password + search + hash === '' && pathname === '/';
}
