import { type PageserverEndpoint, parseConnstring } from '../neon/connstring.ts';
import type { NodeFact } from '../neon/node.ts';
import type { DriftJudgement } from '../views/drift/judgement.ts';
import { type Refusal, refusal } from './refusal.ts';

/** Host names and numbers as they need no quoting, neither in SQL nor in libpq. */
const plainHost = /^(?:[\p{L}\p{N}_][\p{L}\p{N}_.-]*|[0-9a-f:]*:[0-9a-f:.]+)$/iu;
const mostShards = 128;

function unusable(because: string): Refusal {
  return refusal('address_unusable', because, 'mend the registration of the pageserver');
}

/** `pageserver1:6400` `[::1]:6400` taken apart; undefined for what could not stand in a connection string. */
function endpointOf(address: string): PageserverEndpoint | undefined {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, Math.max(0, colon)).replace(/^\[(.*)\]$/, '$1');
  const port = /^\d{1,5}$/.test(address.slice(colon + 1)) ? Number(address.slice(colon + 1)) : 0;
  return plainHost.test(host) && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** Whether a compute would read the text as just these places, in this order. */
function readsAs(text: string, endpoints: readonly PageserverEndpoint[]): boolean {
  const parsed = parseConnstring(text);
  if ('flaw' in parsed || parsed.endpoints.length !== endpoints.length) return false;
  return parsed.endpoints.every(
    ({ host, port }, at) => host === endpoints[at]?.host && port === endpoints[at]?.port,
  );
}

/**
 * What `neon.pageserver_connstring` has to be: entry i is the announced address of the pageserver to which shard i is
 * attached. A refusal where an address is missing, could not stand there, or is that of two pageservers.
 */
export function placementText(
  { rows, shardCount }: DriftJudgement,
  nodes: readonly NodeFact[],
): string | Refusal {
  if (shardCount === undefined || shardCount < 1 || shardCount > mostShards || rows.length < shardCount) {
    return unusable('the shards of the tenant are not known, or too many');
  }
  const shards = rows.slice(0, shardCount);
  const endpoints: PageserverEndpoint[] = [];
  for (const [at, { shardNumber, shardId, intended, intendedNodeId, heldBy }] of shards.entries()) {
    const isWitnessed = intendedNodeId !== undefined && heldBy === intendedNodeId;
    if (shardNumber !== at || shardId === undefined || intended === undefined || !isWitnessed) {
      return unusable(`shard ${at} is not where it is meant to be, or nobody says where that is`);
    }
    const owners = nodes.filter(({ pgAddress }) => pgAddress.toLowerCase() === intended.toLowerCase());
    if (owners.length !== 1) return unusable(`${owners.length} pageservers announce ${intended}`);
    const endpoint = endpointOf(intended);
    if (endpoint === undefined) return unusable(`node ${intendedNodeId} announces an address that is none`);
    endpoints.push(endpoint);
  }
  const text = endpoints.map(({ host, port }) => `host=${host} port=${port}`).join(',');
  return readsAs(text, endpoints) ? text : unusable('a compute would not read the announced addresses so');
}

/** The compute reaches a pageserver by another name than it announces: the announced one may lead nowhere from there. */
export function usesAliases({ rows }: DriftJudgement, nodes: readonly NodeFact[]): boolean {
  const announced = new Map(nodes.map(({ nodeId, pgAddress }) => [nodeId, pgAddress.toLowerCase()]));
  return rows.some(
    ({ live, liveNodeIds }) =>
      live !== undefined &&
      liveNodeIds.length > 0 &&
      !liveNodeIds.some((nodeId) => announced.get(nodeId) === live.toLowerCase()),
  );
}
