import type { Pageserver } from './api.ts';
import { describeUtilization, locationConfig } from './descriptions.ts';
import { ok, refusals } from './replies.ts';
import { parseShardName, shardName } from './shard-name.ts';
import { absent, isAttachedMode, none } from './shard-table.ts';
import { type NodeState, type State, shardsOf, type TenantState } from './state.ts';
import { placeInOrder } from './tenant-order.ts';
import { kickDownload, secondaryStatus } from './warmth.ts';
import type { LocationConfig, SecondaryStatus } from './wire.ts';

interface Held {
  readonly tenant: TenantState;
  readonly shard: number;
  readonly name: string;
  readonly mode: number;
  readonly generation: number;
  readonly isChanging: boolean;
}

/** What the node holds, in order of shard id, after `startAfter`. */
function* held(state: State, node: number, startAfter: string | undefined): Generator<Held> {
  const { shards, order } = state;
  const from = startAfter === undefined ? undefined : parseShardName(startAfter);
  for (let at = from === undefined ? 0 : placeInOrder(order, from.tenantId); at < order.length; at += 1) {
    const tenant = order[at];
    if (tenant === undefined) continue;
    for (const shard of shardsOf(tenant)) {
      const number = shards.number[shard] ?? 0;
      if (from?.tenantId === tenant.id && number <= from.number) continue;
      const location = shards.findLocation(shard, node);
      const mode = location === -1 ? absent : (shards.locations.mode[location] ?? absent);
      if (mode === absent) continue;
      yield {
        tenant,
        shard,
        name: shardName(tenant.id, number, tenant.shardCount),
        mode,
        generation: shards.locations.generation[location] ?? none,
        isChanging: shards.locations.changing[location] === 1,
      };
    }
  }
}

function heldShard(state: State, name: string): { tenant: TenantState; shard: number } | undefined {
  const parsed = parseShardName(name);
  const tenant = parsed === undefined ? undefined : state.tenantIds.get(parsed.tenantId);
  if (parsed === undefined || tenant === undefined || tenant.shardCount !== parsed.count) return undefined;
  return parsed.number < Math.max(1, tenant.shardCount)
    ? { tenant, shard: tenant.first + parsed.number }
    : undefined;
}

/** A location of a tenant that nobody has heard of. */
const strayConfig: LocationConfig = {
  mode: 'AttachedSingle',
  generation: 1,
  secondary_conf: null,
  shard_number: 0,
  shard_count: 0,
  shard_stripe_size: 2_048,
  tenant_conf: {},
};

/** A view on the node: nothing of it is kept. */
export function pageserverFace(state: State, node: NodeState): Pageserver {
  const configOf = ({ tenant, shard, mode, generation }: Held): LocationConfig =>
    locationConfig(state, tenant, shard, { mode, generation });
  const statusOf = (name: string, download: boolean) => {
    const found = heldShard(state, name);
    if (found !== undefined && download) {
      const at = state.shards.findLocation(found.shard, node.id);
      if (at !== -1) kickDownload(state, at);
    }
    const status: SecondaryStatus | undefined =
      found === undefined ? undefined : secondaryStatus(state, found.shard, node);
    if (status === undefined) return refusals.notFound(`Shard ${name} not found`);
    const isWhole = status.heatmap_mtime !== null && status.bytes_downloaded === status.bytes_total;
    return ok(download && !isWhole ? 202 : 200, status);
  };
  // Their ids are higher than any other.
  const strays = (startAfter: string | undefined): readonly string[] =>
    (state.broken.strays.get(node.id) ?? []).filter((name) => startAfter === undefined || name > startAfter);
  return {
    id: node.id,
    az: state.azNames[node.az] ?? '',
    get state() {
      return node.attaching && node.process === 'up' ? 'hung' : node.process;
    },
    get delayMs() {
      return node.delayMs;
    },
    *locations(startAfter) {
      for (const one of held(state, node.id, startAfter))
        yield [one.name, one.isChanging ? null : configOf(one)] as const;
      for (const name of strays(startAfter)) yield [name, strayConfig] as const;
    },
    location(name) {
      const found = heldShard(state, name);
      const at = found === undefined ? -1 : state.shards.findLocation(found.shard, node.id);
      const mode = state.shards.locations.mode[at] ?? absent;
      if (strays(undefined).includes(name)) return ok(200, strayConfig);
      if (found === undefined || mode === absent) return refusals.notFound('Tenant shard not found');
      const generation = state.shards.locations.generation[at] ?? none;
      return ok(200, locationConfig(state, found.tenant, found.shard, { mode, generation }));
    },
    *tenants(startAfter) {
      for (const { name, mode, generation } of held(state, node.id, startAfter))
        if (isAttachedMode(mode))
          yield {
            id: name,
            state: { slug: 'Active' },
            current_physical_size: null,
            attachment_status: { slug: 'attached' },
            generation,
          };
    },
    utilization: () => describeUtilization(state, node, node.locationCount),
    secondaryStatus: (name) => statusOf(name, false),
    secondaryDownload: (name) => statusOf(name, true),
    get misroutedRequests() {
      return node.misrouted;
    },
  };
}
