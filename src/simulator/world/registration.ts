import { addNode } from './build.ts';
import { setAvailability } from './heartbeats.ts';
import { answered, changing, ok, refusals } from './replies.ts';
import { type Address, addressOf, type State, write } from './state.ts';
import type { MetadataHealthUpdate, NodeRegisterRequest, Reply, SafekeeperUpsert } from './wire.ts';

/** Who tells the controller of itself. Somebody whom the world does not play is registered, and never answers. */

const joinMs = 50;

function azIndex(state: State, name: string): number {
  const found = state.azNames.indexOf(name);
  return found > 0 ? found : state.azNames.push(name) - 1;
}

function isSame(one: Address, other: Address): boolean {
  return one.host === other.host && one.httpPort === other.httpPort && one.pgPort === other.pgPort;
}

/** Where the world itself would listen; undefined when it has no place for that id. */
function ownAddress(state: State, kind: 'pageserver' | 'safekeeper', id: number): Address | undefined {
  try {
    return state.config.address(kind, id);
  } catch {
    return undefined;
  }
}

/** True when it is one the world plays. */
function announce(state: State, kind: 'pageserver' | 'safekeeper', id: number, at: Address): boolean {
  const own = ownAddress(state, kind, id);
  if (own !== undefined && isSame(own, at)) return true;
  state.announced.set(`${kind} ${id}`, at);
  return false;
}

/** As the pageserver itself does it: known already is well, elsewhere or deleted is a conflict. */
export function registerNode(state: State, body: NodeRegisterRequest): Reply<null> {
  const { node_id: id } = body;
  const at = {
    host: body.listen_http_addr,
    httpPort: body.listen_http_port,
    pgPort: body.listen_pg_port,
  };
  if (state.tombstones.has(id))
    return answered(refusals.conflict(`Node ${id} was deleted; its tombstone stands in the way`));
  const known = state.nodes.get(id);
  if (known !== undefined) {
    const same = isSame(addressOf(state, 'pageserver', id), at);
    if (same && state.azNames[known.az] === body.availability_zone_id) return answered(ok(200, null));
    return answered(refusals.conflict(`Node ${id} is already registered with different address`));
  }
  return changing(state, () => {
    const isOurs = announce(state, 'pageserver', id, at);
    const node = addNode(state, id, azIndex(state, body.availability_zone_id));
    node.process = isOurs ? 'up' : 'down';
    node.availability = 'Offline';
    write(state, 'node', `${id} registered`);
    // A controller that dies meanwhile learns of it from its heartbeats.
    const { memory } = state;
    const join = (): void => {
      if (state.memory === memory && state.controllerProcess === 'up') setAvailability(state, node, 'Active');
    };
    if (isOurs) state.queue.after(joinMs, join);
    return answered(ok(200, null));
  });
}

/** New ones are Activating until they answer; of known ones address and zone change. */
export function upsertSafekeeper(state: State, body: SafekeeperUpsert): Reply<null> {
  return changing(state, () => {
    const { id } = body;
    const at = { host: body.host, httpPort: body.http_port, pgPort: body.port };
    const isOurs = announce(state, 'safekeeper', id, at);
    const az = azIndex(state, body.availability_zone_id);
    const known = state.safekeepers.get(id);
    if (known === undefined) {
      const process = isOurs ? 'up' : 'down';
      state.safekeepers.set(id, { id, az, process, scheduling: 'Activating', requestErrors: 0, lagBytes: 0 });
    } else known.az = az;
    write(state, 'safekeeper', `${id} registered`);
    return answered(ok(204, null));
  });
}

/** What the scrubber posts. */
export function updateHealth(state: State, body: MetadataHealthUpdate): Reply<Record<string, never>> {
  return changing(state, () => {
    const { unhealthy, scrubbedAtMs } = state.broken;
    for (const name of body.healthy_tenant_shards) unhealthy.delete(name);
    for (const name of body.unhealthy_tenant_shards) unhealthy.add(name);
    for (const name of [...body.healthy_tenant_shards, ...body.unhealthy_tenant_shards])
      scrubbedAtMs.set(name, state.queue.nowMs());
    return answered(ok(200, {}));
  });
}
