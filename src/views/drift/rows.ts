import type { LiveSettings } from '../../collectors/compute/compute-settings-reading.ts';
import { isAttached } from '../../neon/location.ts';
import type { TenantPlacement } from '../../neon/placement.ts';
import type { Seen } from '../agreement-facts.ts';
import type { Agreement, DriftReason, DriftRow, Serving } from './judgement.ts';
import { addressOfEndpoint, type Places } from './places.ts';

/** What every compute is judged by: the controller and the pageservers. */
export interface ClusterWitness {
  /** Why the controller cannot be believed now. */
  readonly problem: DriftReason | undefined;
  readonly places: Places;
  /** Nodes whose locations were read. */
  readonly readNodes: ReadonlySet<number>;
  /** By shard id. */
  readonly seen: ReadonlyMap<string, readonly Seen[]>;
}

export interface ComputeWitness {
  readonly compute: string;
  /** Undefined when the compute could not be read, or hides behind a pooler. */
  readonly live: LiveSettings | undefined;
  /** The tenant of its live `neon.tenant_id`; undefined when the controller does not list it. */
  readonly tenant: TenantPlacement | undefined;
  /** The only other tenant whose pageservers are just those of the compute. */
  readonly otherTenantId?: string | undefined;
}

/** Of two attached locations the one with the higher generation is the true one; of equals, the intended one. */
function holderOf(held: readonly Seen[], intendedNodeId: number | undefined): Seen | undefined {
  let best: Seen | undefined;
  for (const one of held) {
    if (!isAttached(one.mode)) continue;
    const isBetter = best === undefined || one.generation > best.generation;
    const isIntended = one.generation === best?.generation && one.nodeId === intendedNodeId;
    if (isBetter || isIntended) best = one;
  }
  return best;
}

function servingAt(nodeIds: readonly number[], held: readonly Seen[], read: ReadonlySet<number>): Serving {
  if (held.some(({ nodeId, mode }) => nodeIds.includes(nodeId) && isAttached(mode))) return 'yes';
  return nodeIds.length > 0 && nodeIds.every((nodeId) => read.has(nodeId)) ? 'no' : 'unknown';
}

function agreementOf(places: Places, intended: string | undefined, address: string | undefined): Agreement {
  if (intended === undefined || address === undefined) return 'unknown';
  return places.canonical(intended) === places.canonical(address) ? 'right' : 'wrong';
}

/** What the four witnesses say, position by position. */
export function rowsOf(cluster: ClusterWitness, { live, tenant }: ComputeWitness): readonly DriftRow[] {
  const { places, readNodes, seen } = cluster;
  const endpoints = live?.connstring && 'endpoints' in live.connstring ? live.connstring.endpoints : [];
  const next = live?.nextStart?.connstring;
  const nextEndpoints = next && 'endpoints' in next ? next.endpoints : [];
  const byNumber = new Map((tenant?.shards ?? []).map((shard) => [shard.id.number, shard]));
  const length = Math.max(endpoints.length, ...[...byNumber.keys()].map((number) => number + 1));
  return Array.from({ length }, (_, shardNumber): DriftRow => {
    const shard = byNumber.get(shardNumber);
    const held = shard === undefined ? [] : (seen.get(shard.id.text) ?? []);
    const entry = endpoints[shardNumber];
    const nextEntry = nextEndpoints[shardNumber];
    const intendedNodeId = shard?.nodeAttached;
    const intended = intendedNodeId === undefined ? undefined : places.addressOf(intendedNodeId);
    const liveAddress = entry && addressOfEndpoint(entry);
    const liveNodeIds = liveAddress === undefined ? [] : places.nodesAt(liveAddress);
    const nextStart = nextEntry && addressOfEndpoint(nextEntry);
    return {
      shardNumber,
      shardId: shard?.id.text,
      intendedNodeId,
      intended,
      held,
      heldBy: holderOf(held, intendedNodeId)?.nodeId,
      live: liveAddress,
      liveNodeIds,
      nextStart,
      agreement: agreementOf(places, intended, liveAddress),
      nextStartAgreement: agreementOf(places, intended, nextStart),
      serving: servingAt(liveNodeIds, held, readNodes),
    };
  });
}
