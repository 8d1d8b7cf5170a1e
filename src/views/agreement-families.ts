import { family } from '../metrics/family.ts';
import { sample } from '../metrics/samples.ts';
import { type AgreementFacts, unexpectedReasons } from './agreement-facts.ts';

const placements = family({
  name: 'neon_shard_placements',
  type: 'gauge',
  help: 'Tenant shards by whether the pageservers hold them where the storage controller means them to be; each shard counts once. Intent and locations are read moments apart, so only what lasts is a fault.',
  labels: ['agreement'],
  cardinality: 'cluster',
  *samples(facts: AgreementFacts) {
    for (const [agreement, count] of facts.shardsByAgreement) yield sample({ agreement }, count);
  },
});

const unexpectedLocations = family({
  name: 'neon_pageserver_unexpected_locations',
  type: 'gauge',
  help: 'Attached or secondary locations on a pageserver that the storage controller does not mean to be there. Tenants with policy Detached are unknown_tenant: the controller does not list them.',
  labels: ['node_id', 'reason'],
  cardinality: 'node',
  *samples(facts: AgreementFacts) {
    for (const [nodeId, node] of facts.nodes) {
      for (const reason of unexpectedReasons) {
        yield sample({ node_id: String(nodeId), reason }, node.unexpected[reason]);
      }
    }
  },
});

const missingLocations = family({
  name: 'neon_intended_locations_missing',
  type: 'gauge',
  help: 'Tenant shards that the storage controller means to be on a pageserver, in this role, which has no location of them.',
  labels: ['node_id', 'role'],
  cardinality: 'node',
  *samples(facts: AgreementFacts) {
    for (const [nodeId, { missing }] of facts.nodes) {
      yield sample({ node_id: String(nodeId), role: 'attached' }, missing.attached);
      yield sample({ node_id: String(nodeId), role: 'secondary' }, missing.secondary);
    }
  },
});

const conflictingGenerations = family({
  name: 'neon_location_generations_conflicting',
  type: 'gauge',
  help: 'Tenant shards attached as AttachedSingle on two or more pageservers at once; the one with the lower generation is stale.',
  labels: [],
  cardinality: 'cluster',
  samples: ({ conflictingGenerations: count }: AgreementFacts) =>
    count === undefined ? [] : [sample({}, count)],
});

const disagreeingShards = family({
  name: 'neon_shard_disagreement_info',
  type: 'info',
  help: 'A tenant shard that the pageservers do not hold where the storage controller means it to be.',
  labels: ['tenant_id', 'shard_id', 'agreement'],
  cardinality: 'shard',
  *samples(facts: AgreementFacts) {
    for (const { shard, agreement } of facts.disagreeing) {
      yield sample({ tenant_id: shard.id.tenantId, shard_id: shard.id.slug, agreement }, 1);
    }
  },
});

export const agreementFamilies = [
  placements,
  unexpectedLocations,
  missingLocations,
  conflictingGenerations,
  disagreeingShards,
];
