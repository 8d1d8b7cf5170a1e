import { type Breathe, eachBreathing, rowsPerBreath } from '../breathe.ts';
import type { Readings } from '../collection/store.ts';
import type { NodeRecord } from '../collectors/controller-database/reading.ts';
import type { ShardRecord } from '../collectors/controller-database/shard-pages.ts';
import { family } from '../metrics/family.ts';
import { sample } from '../metrics/samples.ts';
import type { NodeFact } from '../neon/node.ts';
import type { TenantPlacement } from '../neon/placement.ts';
import { oncePer } from './once.ts';
import type { View } from './view.ts';

/** How the controller's API and its database can differ. A closed set: it is a metric label. */
export const disagreementKinds = [
  'shard_only_in_database',
  'shard_only_in_api',
  'node_only_in_database',
  'node_only_in_api',
  'node_policy',
] as const;
export type DisagreementKind = (typeof disagreementKinds)[number];

/** Rows by the kind of their disagreement; a kind that cannot be judged is absent. */
export type DisagreementFacts = ReadonlyMap<DisagreementKind, number>;

/** `NodeSchedulingPolicy` in the API's spelling, in the database's: `PauseForRestart` is `pause_for_restart`. */
function inSnakeCase(policy: string): string {
  return policy.replaceAll(/(?<=[a-z])[A-Z]/g, '_$&').toLowerCase();
}

/** Node ids by how the two sides differ about them. */
type NodeDisagreements = Record<
  'node_only_in_database' | 'node_only_in_api' | 'node_policy',
  readonly number[]
>;

/** Pageservers that only one side has, and those whose policy differs. */
export function disagreeingNodes(
  api: readonly NodeFact[],
  database: readonly NodeRecord[],
): NodeDisagreements {
  const inApi = new Map(api.map((node) => [node.nodeId, node]));
  const inDatabase = new Set(database.map(({ nodeId }) => nodeId));
  const ids = (nodes: readonly { readonly nodeId: number }[]) => nodes.map(({ nodeId }) => nodeId);
  const both = database.filter(({ nodeId }) => inApi.has(nodeId));
  return {
    node_only_in_database: ids(database.filter(({ nodeId }) => !inApi.has(nodeId))),
    node_only_in_api: ids(api.filter(({ nodeId }) => !inDatabase.has(nodeId))),
    node_policy: ids(
      both.filter(
        ({ nodeId, schedulingPolicy }) =>
          inSnakeCase(inApi.get(nodeId)?.scheduling ?? '') !== schedulingPolicy,
      ),
    ),
  };
}

/** As `disagreeingNodes`, counted. */
export function compareNodes(
  api: readonly NodeFact[],
  database: readonly NodeRecord[],
): Record<keyof NodeDisagreements, number> {
  const { node_only_in_database, node_only_in_api, node_policy } = disagreeingNodes(api, database);
  return {
    node_only_in_database: node_only_in_database.length,
    node_only_in_api: node_only_in_api.length,
    node_policy: node_policy.length,
  };
}

/** Shard ids by the side that has them alone. */
type ShardDisagreements = Record<'shard_only_in_database' | 'shard_only_in_api', readonly string[]>;

/** Shards that may be on one side only: all that did not meet their like when both lists were walked side by side. */
interface Unmatched {
  readonly api: { readonly tenantId: string; readonly text: string }[];
  readonly database: { readonly tenantId: string; readonly text: string }[];
  /** Tenants in the middle of a split, or detached. */
  readonly leftOut: Set<string>;
}

/**
 * Walks both lists side by side. Both are in the order of their ids, so that nearly all shards meet their like at once;
 * the answer does not rest on it: in another order more of them are left for the comparison by sets.
 */
async function walkBoth(
  api: readonly TenantPlacement[],
  database: readonly ShardRecord[],
  breathe: Breathe,
): Promise<Unmatched> {
  const left: Unmatched = { api: [], database: [], leftOut: new Set() };
  let at = 0;
  let rows = 0;
  const passDatabase = (): void => {
    const { id, isSplitting, isDetached } = database[at] as ShardRecord;
    if (isSplitting || isDetached) left.leftOut.add(id.tenantId);
    at += 1;
  };
  for (const { tenantId, shards } of api) {
    for (const { id, flags } of shards) {
      if (flags?.isSplitting === true) left.leftOut.add(tenantId);
      for (let one = database[at]; one !== undefined && one.id.text < id.text; one = database[at]) {
        left.database.push({ tenantId: one.id.tenantId, text: one.id.text });
        passDatabase();
        rows += 1;
        if (rows % rowsPerBreath === 0) await breathe();
      }
      if (database[at]?.id.text === id.text) passDatabase();
      else left.api.push({ tenantId, text: id.text });
      rows += 1;
      if (rows % rowsPerBreath === 0) await breathe();
    }
  }
  while (at < database.length) {
    const { id } = database[at] as ShardRecord;
    left.database.push({ tenantId: id.tenantId, text: id.text });
    passDatabase();
    if (at % rowsPerBreath === 0) await breathe();
  }
  return left;
}

async function compareLists(
  api: readonly TenantPlacement[],
  database: readonly ShardRecord[],
  breathe: Breathe,
): Promise<ShardDisagreements> {
  const left = await walkBoth(api, database, breathe);
  const inDatabase = new Set<string>();
  const inApi = new Set<string>();
  await eachBreathing(left.database, breathe, ({ text }) => inDatabase.add(text));
  await eachBreathing(left.api, breathe, ({ text }) => inApi.add(text));
  const onlyInDatabase: string[] = [];
  const onlyInApi: string[] = [];
  await eachBreathing(left.api, breathe, ({ tenantId, text }) => {
    if (!inDatabase.has(text) && !left.leftOut.has(tenantId)) onlyInApi.push(text);
  });
  await eachBreathing(left.database, breathe, ({ tenantId, text }) => {
    if (!inApi.has(text) && !left.leftOut.has(tenantId)) onlyInDatabase.push(text);
  });
  return { shard_only_in_database: onlyInDatabase, shard_only_in_api: onlyInApi };
}

const once = oncePer<ShardDisagreements>();

/**
 * Shards that only one side has. Left out are tenants in the middle of a split, whose parents and children are in the
 * database together, and detached ones, which the API does not list. Compared once for the same two lists.
 */
export function disagreeingShards(
  api: readonly TenantPlacement[],
  database: readonly ShardRecord[],
  breathe: Breathe,
): Promise<ShardDisagreements> {
  return once(api, [database], () => compareLists(api, database, breathe));
}

/** As `disagreeingShards`, counted. */
export async function compareShards(
  api: readonly TenantPlacement[],
  database: readonly ShardRecord[],
  breathe: Breathe,
): Promise<Record<keyof ShardDisagreements, number>> {
  const found = await disagreeingShards(api, database, breathe);
  return {
    shard_only_in_database: found.shard_only_in_database.length,
    shard_only_in_api: found.shard_only_in_api.length,
  };
}

async function build(readings: Readings, breathe: Breathe): Promise<DisagreementFacts | undefined> {
  const nodes = readings.one('nodes')?.reading.nodes;
  const tenants = readings.one('tenants')?.reading;
  const database = readings.one('controller_database')?.reading;
  if (nodes === undefined || tenants === undefined || database === undefined) return undefined;
  const counts = {
    // A list put together from what the pageservers hold lacks tenants that none of them has.
    ...(tenants.source === 'list' && database.shards !== undefined
      ? await compareShards(tenants.tenants, database.shards, breathe)
      : {}),
    ...(database.nodes === undefined ? {} : compareNodes(nodes, database.nodes)),
  };
  const facts = new Map<DisagreementKind, number>();
  for (const kind of disagreementKinds) {
    const count = (counts as Partial<Record<DisagreementKind, number>>)[kind];
    if (count !== undefined) facts.set(kind, count);
  }
  return facts;
}

const disagreements = family({
  name: 'neon_controller_database_disagreements',
  type: 'gauge',
  help: "Shards and pageservers that the storage controller's API and its database do not agree about, by kind; read at different instants, so only what lasts counts.",
  labels: ['kind'],
  cardinality: 'cluster',
  samples: (facts: DisagreementFacts) => [...facts].map(([kind, count]) => sample({ kind }, count)),
});

/** Whether what the controller says is what it would say after a restart. */
export const controllerDatabaseDisagreement: View<DisagreementFacts> = {
  name: 'controller_database_agreement',
  summary: "The controller's API held against its database.",
  needs: ['nodes', 'tenants', 'controller_database'],
  families: [disagreements],
  build,
};
