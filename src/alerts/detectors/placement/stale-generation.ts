import type { Readings } from '../../../collection/store.ts';
import { controllerCommand } from '../../commands.ts';
import type { Detector } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import { type Few, few, keysByNode } from '../../placement/few.ts';
import { type HoldingFacts, holdingFacts, type Stale } from '../../placement/holdings.ts';
import type { LastingMemory } from '../../placement/lasting.ts';
import { pageserverCommand, perNode, whyUnread } from '../../placement/per-node.ts';
import { counted, nodeSubject, shardSubjects, some } from '../../placement/words.ts';

const forMs = 120_000;

function finding(
  readings: Readings,
  facts: HoldingFacts,
  nodeId: number,
  { count, first: list }: Few<Stale>,
): Finding {
  const node = facts.nodes.get(nodeId);
  const shardIds = list.map(({ shardId }) => shardId);
  const winners = [...new Set(list.map(({ winner }) => winner.nodeId))].sort((left, right) => left - right);
  const [first] = list;
  const atMs = readings
    .all('pageserver_locations')
    .find(({ reading }) => reading.nodeId === nodeId)?.lastReadAtMs;
  const at = atMs === undefined ? {} : { atMs };
  const isOffline = node?.availability === 'Offline';
  const why = isOffline ? ': the controller cannot reach it and has moved them, and it does not know' : '';
  return {
    subject: nodeSubject(nodeId),
    severity: 'warning',
    summary: `Pageserver ${nodeId} still holds ${counted(count, 'shard')} with an older generation than pageserver ${some(winners.map(String))}${why}; what it uploads is dropped, and a compute that asks it reads the past.`,
    evidence: [
      {
        what: 'shards with an older generation',
        value: count,
        unit: 'shards',
        source: 'GET /v1/location_config',
        ...at,
      },
      { what: 'shards', value: some(shardIds), source: 'GET /v1/location_config', ...at },
      ...(first === undefined
        ? []
        : [
            {
              what: `generation of the first on pageserver ${nodeId}`,
              value: first.loser.generation,
              source: 'GET /v1/location_config',
              ...at,
            },
            {
              what: `generation of the first on pageserver ${first.winner.nodeId}`,
              value: first.winner.generation,
              source: 'GET /v1/location_config',
            },
          ]),
      {
        what: 'availability of the pageserver',
        value: node?.availability ?? 'not listed',
        source: 'GET /control/v1/node',
      },
    ],
    remedy: [
      {
        text: 'See that both hold it, and with which generation.',
        command: pageserverCommand(readings, node, 'GET', `/v1/location_config/${first?.shardId ?? ''}`),
      },
      {
        text: 'See what the controller thinks of the pageserver.',
        command: controllerCommand(readings, 'GET', `/control/v1/node/${nodeId}`),
      },
      {
        text: isOffline
          ? `Mend the way between the storage controller and pageserver ${nodeId}: once it is Active again the controller looks at what it holds and takes the old locations from it.`
          : `Restart the process of pageserver ${nodeId} at a quiet time: when it starts it asks the controller what it holds, and drops the rest. Its other shards are away while it restarts.`,
      },
    ],
    avoid: [
      {
        what: `PUT /v1/tenant/…/location_config at pageserver ${nodeId}`,
        why: 'it goes round the controller and its generations; a slip detaches the true copy',
      },
      {
        what: 'deleting its tenant folders',
        why: 'the true secondaries and shards of others lie beside them',
      },
    ],
    related: [...winners.map(nodeSubject), ...shardSubjects(shardIds)],
  };
}

/** A pageserver that holds shards which have been attached elsewhere since. */
export const staleGeneration: Detector<LastingMemory> = {
  id: 'stale_generation',
  alert: 'NeonStaleGeneration',
  layer: 'pageserver',
  severity: 'warning',
  summary: 'A pageserver holds a shard AttachedSingle that another one holds with a higher generation.',
  classes: [],
  needs: ['nodes', 'tenants', 'pageserver_locations'],
  hold: { forMs, samples: 3, keepFiringMs: 120_000 },
  explainedBy: ['split_brain', 'node_offline', 'node_flapping'],
  async detect(input) {
    const { readings, looks } = input;
    const facts = await holdingFacts(input);
    if (facts === undefined) return { findings: [], unknown: [] };
    const unread = new Map(
      [...facts.nodes.values()]
        .filter(({ nodeId }) => !facts.readNodes.has(nodeId))
        .map((node) => [node.nodeId, whyUnread(looks, 'pageserver_locations', node.nodeId, node)]),
    );
    return perNode(input, {
      present: keysByNode(facts.staleAt, ({ shardId }) => shardId),
      unread,
      doubt: (nodeId, shardId) => {
        if (facts.isInProgress(shardId)) return `location of ${shardId}: being changed`;
        // The other pageserver's word is what makes it stale.
        if (facts.isComplete || !facts.isAttachedAt(nodeId, shardId)) return undefined;
        return [...unread.values()].join(', ');
      },
      forMs,
      finding: (nodeId) => finding(readings, facts, nodeId, facts.staleAt.get(nodeId) ?? few()),
    });
  },
};
