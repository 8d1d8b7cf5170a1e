import { formatAddress } from '../../neon/address.ts';
import type { PageserverEndpoint } from '../../neon/connstring.ts';
import type { NodeFact } from '../../neon/node.ts';

/** One address under several names: each entry says that both `host:port` lead to the same place. */
export type Aliases = Readonly<Record<string, string>>;

/** Which pageserver an address leads to, as far as announced addresses and aliases say; no name is looked up. */
export interface Places {
  /** One text for all spellings and aliases of an address: compare these. */
  canonical(address: string): string;
  /** Nodes that announce this address or an alias of it; empty for an address that belongs to none. */
  nodesAt(address: string): readonly number[];
  /** As the controller announces it; undefined for a node that is not listed. */
  addressOf(nodeId: number): string | undefined;
}

/** Host names know no case, and a dot at the end only says that the name is whole. */
function spelled(address: string): string {
  const text = address.toLowerCase();
  const colon = text.lastIndexOf(':');
  return colon < 0 ? text : `${text.slice(0, colon).replace(/\.$/, '')}${text.slice(colon)}`;
}

/** Aliases of aliases are one place, in whatever order and direction they were written. */
function groups(aliases: Aliases): ReadonlyMap<string, string> {
  const leaders = new Map<string, string>();
  const leaderOf = (address: string): string => leaders.get(address) ?? address;
  for (const [one, other] of Object.entries(aliases)) {
    const left = leaderOf(spelled(one));
    const right = leaderOf(spelled(other));
    leaders.set(spelled(one), left);
    leaders.set(spelled(other), left);
    for (const [address, leader] of leaders) if (leader === right) leaders.set(address, left);
  }
  return leaders;
}

/** Makes the comparison of addresses from the node list and what the configuration says of aliases. */
export function placesOf(nodes: readonly NodeFact[], aliases: Aliases): Places {
  const leaders = groups(aliases);
  const canonical = (address: string): string => leaders.get(spelled(address)) ?? spelled(address);
  const byId = new Map(nodes.map(({ nodeId, pgAddress }) => [nodeId, pgAddress]));
  const byAddress = new Map<string, number[]>();
  for (const { nodeId, pgAddress } of nodes) {
    const key = canonical(pgAddress);
    byAddress.set(key, [...(byAddress.get(key) ?? []), nodeId]);
  }
  return {
    canonical,
    nodesAt: (address) => byAddress.get(canonical(address)) ?? [],
    addressOf: (nodeId) => byId.get(nodeId),
  };
}

export function addressOfEndpoint({ host, port }: PageserverEndpoint): string {
  return formatAddress(host, port);
}
