import type { Observation, Readings } from '../../../collection/store.ts';
import type { SecondariesReading } from '../../../collectors/pageserver/secondaries.ts';
import type { NodeFact } from '../../../neon/node.ts';
import type { TenantPlacement } from '../../../neon/placement.ts';
import { listedTenants } from '../../../views/listed-tenants.ts';
import type { Detector, Look } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import type { LastingMemory } from '../../placement/lasting.ts';
import { pageserverCommand, perNode, whyUnread } from '../../placement/per-node.ts';
import { counted, nodeSubject, shardSubjects, some } from '../../placement/words.ts';

const forMs = 900_000;
const route = 'GET /v1/tenant/:tenant_shard_id/secondary/status';
const relatedShards = 20;

type Read = Observation<SecondariesReading>;
/** By tenant id: what the controller lists. */
type Placements = ReadonlyMap<string, TenantPlacement>;

function coldOf({ reading }: Read): string[] {
  return [...reading.sampled].filter(([, { warmth }]) => warmth === 'cold').map(([shardId]) => shardId);
}

/** Where the first of the shards are attached: their pageservers write the heatmaps. */
function attachedNodes(tenants: Placements, shardIds: readonly string[]): readonly number[] {
  const wanted = new Set(shardIds.slice(0, relatedShards));
  const nodeIds = [...tenantIdsOf(wanted)]
    .flatMap((tenantId) => tenants.get(tenantId)?.shards ?? [])
    .filter(({ id }) => wanted.has(id.text))
    .flatMap(({ nodeAttached }) => nodeAttached ?? []);
  return [...new Set(nodeIds)];
}

function tenantIdsOf(shardIds: Iterable<string>): ReadonlySet<string> {
  return new Set([...shardIds].map((shardId) => shardId.slice(0, 32)));
}

function finding(readings: Readings, tenants: Placements, node: NodeFact | undefined, read: Read): Finding {
  const { nodeId, sampled, secondaries } = read.reading;
  const cold = coldOf(read);
  const atMs = read.lastReadAtMs;
  const [first = ''] = cold;
  const attached = attachedNodes(tenants, cold);
  const where = node ?? { nodeId, httpAddress: read.target.name };
  return {
    subject: nodeSubject(nodeId),
    severity: 'warning',
    summary: `Pageserver ${nodeId} has ${counted(cold.length, 'cold secondary').replace('secondarys', 'secondaries')}, without a heatmap: drains and the optimizer pass them over, and after a failover their computes wait for every page.`,
    evidence: [
      { what: 'secondaries without a heatmap', value: cold.length, unit: 'shards', source: route, atMs },
      { what: 'secondaries that were asked', value: sampled.size, unit: 'shards', source: route, atMs },
      {
        what: 'secondaries in all',
        value: secondaries,
        unit: 'shards',
        source: 'GET /v1/location_config',
        atMs,
      },
      { what: 'shards', value: some(cold), source: route, atMs },
    ],
    remedy: [
      {
        text: 'See one of them: heatmap_mtime is null, and 0 of 0 bytes is not warm.',
        command: pageserverCommand(readings, where, 'GET', `/v1/tenant/${first}/secondary/status`),
      },
      {
        text: 'See that its tenant_conf has a heatmap_period: without one the pageserver where it is attached never writes a heatmap.',
        command: pageserverCommand(readings, where, 'GET', `/v1/location_config/${first}`),
      },
      {
        text: 'Ask for the download now; 202 says that it goes on.',
        command: pageserverCommand(
          readings,
          where,
          'POST',
          `/v1/tenant/${first}/secondary/download?wait_ms=30000`,
        ),
      },
    ],
    avoid: [
      {
        what: 'draining another pageserver now',
        why: `shards whose only secondary is cold stay behind, and the drain says success all the same`,
      },
      {
        what: 'migrating with prewarm false',
        why: 'the shard moves to a pageserver that has nothing of it, and its computes wait for the bucket',
      },
    ],
    related: [...attached.map(nodeSubject), ...shardSubjects(cold)],
  };
}

/** Pageservers whose secondaries should be asked and were not. */
function unreadNodes(readings: Readings, looks: readonly Look[], nodes: ReadonlyMap<number, NodeFact>) {
  const read = new Set(readings.all('pageserver_secondaries').map(({ reading }) => reading.nodeId));
  const unread = new Map<number, string>();
  for (const { collector, target } of looks) {
    if (collector !== 'pageserver_secondaries') continue;
    const byName = [...nodes.values()].find(({ httpAddress }) => httpAddress === target.name);
    const nodeId = target.nodeId ?? byName?.nodeId;
    if (nodeId === undefined || read.has(nodeId)) continue;
    unread.set(nodeId, whyUnread(looks, 'pageserver_secondaries', nodeId, nodes.get(nodeId)));
  }
  return unread;
}

/** Secondaries that have no heatmap: to be warm they need one first, which after a restart takes some minutes. */
export const coldSecondary: Detector<LastingMemory> = {
  id: 'cold_secondary',
  alert: 'NeonColdSecondary',
  layer: 'pageserver',
  severity: 'warning',
  summary: 'Secondaries on a pageserver have had no heatmap for longer than warming up takes.',
  classes: [],
  needs: ['pageserver_secondaries'],
  hold: { forMs, samples: 3, keepFiringMs: 300_000 },
  explainedBy: ['node_offline', 'node_stuck', 'pageserver_away', 'node_flapping'],
  async detect(input) {
    const { readings, looks, breathe } = input;
    const nodes = new Map((readings.one('nodes')?.reading.nodes ?? []).map((node) => [node.nodeId, node]));
    const byNode = new Map<number, Read>(
      readings.all('pageserver_secondaries').map((read) => [read.reading.nodeId, read]),
    );
    const cold = new Map([...byNode].map(([nodeId, read]) => [nodeId, coldOf(read)] as const));
    for (const [nodeId, shardIds] of cold) if (shardIds.length === 0) cold.delete(nodeId);
    const firsts = [...cold.values()].flatMap((shardIds) => shardIds.slice(0, relatedShards));
    const tenants = await listedTenants(readings, tenantIdsOf(firsts), breathe);
    return perNode(input, {
      present: cold,
      unread: unreadNodes(readings, looks, nodes),
      forMs,
      finding: (nodeId) => {
        const read = byNode.get(nodeId);
        if (read === undefined) throw new Error(`pageserver ${nodeId} has a finding and no reading`);
        return finding(readings, tenants, nodes.get(nodeId), read);
      },
    });
  },
};
