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
}

/**
 * The pageservers to watch: announced ones first, then listed ones that are not among them. A target is named by its
 * announced address, also where another one is dialled.
 */
export function pageserverTargets(nodes: readonly NodeFact[], settings: DiscoverySettings): Discovered {
  const targets = new Map<string, Target>();
  const sharedAddresses: string[] = [];
  const dialled = new Set<string>();
  for (const node of settings.discover ? nodes : []) {
    const secure = settings.scheme === 'https' ? node.httpsAddress : undefined;
    const name = secure ?? node.httpAddress;
    if (targets.has(name)) sharedAddresses.push(name);
    else {
      const url = `${settings.scheme}://${settings.addresses[name] ?? name}`;
      dialled.add(new URL(url).host);
      targets.set(name, { kind: 'pageserver', name, url, nodeId: node.nodeId });
    }
  }
  for (const url of settings.urls) {
    const name = new URL(url).host;
    if (!targets.has(name) && !dialled.has(name)) targets.set(name, { kind: 'pageserver', name, url });
  }
  return { targets: [...targets.values()], sharedAddresses };
}
