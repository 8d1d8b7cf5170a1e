import { isAttachedMode } from './shard-table.ts';
import { addressOf, type ComputeState, type State, shardsOf, type TenantState } from './state.ts';

/** What computes ask of pageservers, as far as a mistake in their settings shows there. */

const everyMs = 5_000;
/** A bad request for a page counts twice. */
const misroutedEach = 2;

/** Node ids of the entries of a connection string, by shard number; undefined where no such pageserver is. */
function nodesOf(state: State, connstring: string): (number | undefined)[] {
  const byAddress = new Map<string, number>();
  for (const { id } of state.nodes.values()) {
    const { host, pgPort } = addressOf(state, 'pageserver', id);
    byAddress.set(`host=${host} port=${pgPort}`, id);
  }
  return connstring.split(',').map((entry) => byAddress.get(entry));
}

function askOnce(state: State, compute: ComputeState, tenant: TenantState): void {
  const entries = nodesOf(state, compute.connstring);
  const { shards } = state;
  shardsOf(tenant).forEach((shard, number) => {
    const asked = entries.length === 1 ? entries[0] : entries[number];
    const node = asked === undefined ? undefined : state.nodes.get(asked);
    if (node === undefined || node.process !== 'up') return;
    const at = shards.findLocation(shard, node.id);
    if (at === -1 || !isAttachedMode(shards.locations.mode[at] ?? 0)) node.misrouted += misroutedEach;
  });
}

export function startComputeTraffic(state: State): void {
  const ask = () => {
    for (const compute of state.computes.values()) {
      const tenant = state.tenantIds.get(compute.tenantId);
      if (compute.state === 'up' && tenant !== undefined) askOnce(state, compute, tenant);
    }
    state.queue.after(everyMs, ask);
  };
  if (state.computes.size > 0) state.queue.after(everyMs, ask);
}
