import { type Breathe, rowsPerBreath } from '../breathe.ts';
import type { Readings } from '../collection/store.ts';
import type { NodeRecord } from '../collectors/controller-database/reading.ts';
import type { ShardRecord } from '../collectors/controller-database/shard-pages.ts';
import { family } from '../metrics/family.ts';
import { sample } from '../metrics/samples.ts';
import type { NodeFact } from '../neon/node.ts';
import type { TenantPlacement } from '../neon/placement.ts';
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

/** Pageservers that only one side has, and those whose policy differs. */
export function compareNodes(
  api: readonly NodeFact[],
  database: readonly NodeRecord[],
): Record<'node_only_in_database' | 'node_only_in_api' | 'node_policy', number> {
  const inApi = new Map(api.map((node) => [node.nodeId, node]));
  const inDatabase = new Set(database.map(({ nodeId }) => nodeId));
  const both = database.filter(({ nodeId }) => inApi.has(nodeId));
  return {
    node_only_in_database: database.length - both.length,
    node_only_in_api: api.filter(({ nodeId }) => !inDatabase.has(nodeId)).length,
    node_policy: both.filter(
      ({ nodeId, schedulingPolicy }) => inSnakeCase(inApi.get(nodeId)?.scheduling ?? '') !== schedulingPolicy,
    ).length,
  };
}

/**
 * Shards that only one side has. Left out are tenants in the middle of a split, whose parents and children are in the
 * database together, and detached ones, which the API does not list.
 */
export async function compareShards(
  api: readonly TenantPlacement[],
  database: readonly ShardRecord[],
  breathe: Breathe,
): Promise<Record<'shard_only_in_database' | 'shard_only_in_api', number>> {
  const leftOut = new Set<string>();
  const inDatabase = new Set<string>();
  let rows = 0;
  for (const { id, isSplitting, isDetached } of database) {
    inDatabase.add(id.text);
    if (isSplitting || isDetached) leftOut.add(id.tenantId);
    rows += 1;
    if (rows % rowsPerBreath === 0) await breathe();
  }
  for (const { tenantId, shards } of api) {
    if (shards.some(({ flags }) => flags?.isSplitting === true)) leftOut.add(tenantId);
  }
  const inApi = new Set<string>();
  let onlyInApi = 0;
  for (const { tenantId, shards } of api) {
    for (const { id } of shards) {
      inApi.add(id.text);
      if (!inDatabase.has(id.text) && !leftOut.has(tenantId)) onlyInApi += 1;
      rows += 1;
      if (rows % rowsPerBreath === 0) await breathe();
    }
  }
  let onlyInDatabase = 0;
  for (const { id } of database) {
    if (!inApi.has(id.text) && !leftOut.has(id.tenantId)) onlyInDatabase += 1;
    rows += 1;
    if (rows % rowsPerBreath === 0) await breathe();
  }
  return { shard_only_in_database: onlyInDatabase, shard_only_in_api: onlyInApi };
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
