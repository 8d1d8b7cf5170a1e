import { readdirSync, readFileSync } from 'node:fs';
import type { InitialTenant, World } from '../../../src/simulator/world/api.ts';
import type { TenantDescription } from '../../../src/simulator/world/wire.ts';

/** The recorded polls of operations in progress (test/fixtures/neon/timelines), and the same facts of a world. */

export interface ShardFacts {
  readonly attached: number | null;
  readonly secondary: readonly number[];
  readonly reconciling: boolean;
  readonly pend_notify: boolean;
  readonly splitting: boolean;
}

/** What a poll saw; `error` when the controller did not answer. */
export interface Poll {
  /** Seconds since the recording's operation began. */
  readonly t: number;
  readonly error?: string;
  readonly nodes: Readonly<Record<string, readonly [availability: string, scheduling: string]>>;
  readonly shards: Readonly<Record<string, ShardFacts>>;
}

const fixtures = new URL('../../fixtures/neon/', import.meta.url);

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, fixtures), 'utf8'));
}

/** Every recording there is, by name. */
export function recordingNames(): string[] {
  return readdirSync(new URL('timelines/', fixtures))
    .map((file) => file.replace(/[.]json$/, ''))
    .sort();
}

export function recordedPolls(name: string): readonly Poll[] {
  return readJson(`timelines/${name}.json`) as readonly Poll[];
}

/** As recorded before anyone changed them; the timelines do not say. */
export function recordedZones(): ReadonlyMap<string, string | null> {
  const described = readJson('db_down/storcon/control_v1_tenant.json') as readonly TenantDescription[];
  return new Map(described.map(({ tenant_id, shards }) => [tenant_id, shards[0]?.preferred_az_id ?? null]));
}

export interface Placing {
  /** Preferred zone of a tenant. */
  readonly zone: (tenantId: string) => string | null;
  /** Tenants whose scheduling policy is not Active. */
  readonly scheduling?: Readonly<Record<string, 'Essential' | 'Pause' | 'Stop'>>;
  /** Shards whose secondaries have no heatmap. */
  readonly cold?: (shardId: string) => boolean;
}

/** The tenants of a poll, to start a world from. */
export function placedAs(
  poll: Poll,
  { zone, scheduling = {}, cold = () => false }: Placing,
): InitialTenant[] {
  const byTenant = new Map<string, [string, ShardFacts][]>();
  for (const entry of Object.entries(poll.shards).sort(([one], [other]) => (one < other ? -1 : 1))) {
    const id = entry[0].slice(0, 32);
    const others = byTenant.get(id);
    if (others === undefined) byTenant.set(id, [entry]);
    else others.push(entry);
  }
  return [...byTenant].map(([id, shards]) => {
    const policy = scheduling[id];
    return {
      id,
      shardCount: Number.parseInt(shards[0]?.[0].slice(35) || '0', 16),
      ...(policy === undefined ? {} : { scheduling: policy }),
      shards: shards.map(([name, { attached, secondary }]) => ({
        attached,
        secondaries: secondary,
        preferredAz: zone(id),
        coldSecondaries: cold(name),
      })),
    };
  });
}

/** What a poll of the world sees. */
export function pollWorld(world: World, startMs: number): Poll {
  const t = (world.nowMs() - startMs) / 1_000;
  if (world.controller.admit('GET', '/control/v1/node') !== undefined)
    return { t, error: 'no answer', nodes: {}, shards: {} };
  const nodes = Object.fromEntries(
    world.controller
      .nodes()
      .map(({ id, availability, scheduling }) => [id, [availability, scheduling] as const]),
  );
  const shards: Record<string, ShardFacts> = {};
  for (const tenant of world.controller.tenants())
    for (const shard of tenant.shards)
      shards[shard.tenant_shard_id] = {
        attached: shard.node_attached,
        secondary: shard.node_secondary,
        reconciling: shard.is_reconciling,
        pend_notify: shard.is_pending_compute_notification,
        splitting: shard.is_splitting,
      };
  return { t, nodes, shards };
}

function some(poll: Poll, is: (shard: ShardFacts) => boolean): boolean {
  return Object.values(poll.shards).some(is);
}

/** The nodes of a poll in words. */
export function nodesIn(poll: Poll): string {
  if (poll.error !== undefined) return 'no answer';
  return Object.entries(poll.nodes)
    .map(([id, [availability, scheduling]]) => `${id} ${availability}/${scheduling}`)
    .join(', ');
}

/** How many shards, and what some of them are in the middle of. */
export function shardsIn(poll: Poll): string {
  if (poll.error !== undefined) return 'no answer';
  return [
    `${Object.keys(poll.shards).length} shards`,
    some(poll, ({ reconciling }) => reconciling) ? 'reconciling' : '',
    some(poll, ({ pend_notify }) => pend_notify) ? 'pending' : '',
    some(poll, ({ splitting }) => splitting) ? 'splitting' : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** Where each shard is, as text; secondaries in order of their node. */
export function placesOf(poll: Poll): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(poll.shards)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([id, { attached, secondary }]) => [
        id,
        `${attached ?? '-'} ${[...secondary].sort((one, other) => one - other).join('+')}`,
      ]),
  );
}
