import type { Readings } from '../../../collection/store.ts';
import { type UnexpectedReason, unexpectedReasons } from '../../../views/agreement-facts.ts';
import { controllerCommand } from '../../commands.ts';
import type { Detector } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import type { Few } from '../../placement/few.ts';
import { type HoldingFacts, holdingFacts, type Orphan } from '../../placement/holdings.ts';
import { withoutIntent } from '../../placement/intent.ts';
import type { LastingMemory } from '../../placement/lasting.ts';
import { pageserverCommand, perNode, whyUnread } from '../../placement/per-node.ts';
import { counted, nodeSubject, shardSubjects, some } from '../../placement/words.ts';

const forMs = 300_000;
const route = 'GET /v1/location_config';

const meaning: Readonly<Record<UnexpectedReason, string>> = {
  unknown_tenant: 'of tenants that the storage controller does not list',
  unknown_shard: 'of shards that their tenants do not have, as a split leaves them',
  not_intended: 'secondary where the storage controller means none',
};

type Lists = readonly (readonly [UnexpectedReason, Few<Orphan>])[];

/** What a pageserver holds that nobody means, gravest reason first. */
function listsOf({ orphansAt }: HoldingFacts, nodeId: number): Lists {
  return unexpectedReasons.flatMap((reason) => {
    const list = orphansAt[reason].get(nodeId);
    return list === undefined ? [] : [[reason, list] as const];
  });
}

function finding(readings: Readings, facts: HoldingFacts, nodeId: number): Finding {
  const lists = listsOf(facts, nodeId);
  const count = lists.reduce((sum, [, list]) => sum + list.count, 0);
  const className = lists[0]?.[0] ?? 'not_intended';
  const parts = lists.map(([reason, list]) => `${list.count} ${meaning[reason]}`);
  const read = readings.all('pageserver_locations').find(({ reading }) => reading.nodeId === nodeId);
  const at = read === undefined ? {} : { atMs: read.lastReadAtMs };
  const shardIds = lists.flatMap(([, list]) => list.first.map(({ shardId }) => shardId));
  const [first = ''] = shardIds;
  return {
    subject: nodeSubject(nodeId),
    severity: 'warning',
    className,
    summary: `Pageserver ${nodeId} holds ${counted(count, 'location')} that nobody means it to hold (${parts.join('; ')}): they take disk and downloads, and nobody will clean them up.`,
    evidence: [
      ...lists.map(([reason, list]) => ({
        what: reason,
        value: list.count,
        unit: 'locations',
        source: route,
        ...at,
      })),
      { what: 'locations', value: some(shardIds), source: route, ...at },
    ],
    remedy: [
      {
        text: 'See the location.',
        command: pageserverCommand(readings, facts.nodes.get(nodeId), 'GET', `/v1/location_config/${first}`),
      },
      {
        text:
          className === 'unknown_tenant'
            ? 'Ask the controller for the tenant: 404 says that it was deleted, or that its policy is Detached (a detached tenant is not listed).'
            : 'Ask the controller what it means.',
        command: controllerCommand(readings, 'GET', `/control/v1/tenant/${first.slice(0, 32)}`),
      },
      {
        text: `Restart the process of pageserver ${nodeId} at a quiet time: when it starts it asks the controller what it holds, and drops the rest. Its shards are away while it restarts.`,
      },
    ],
    avoid: [
      {
        what: `DELETE or PUT location_config at pageserver ${nodeId}`,
        why: 'it goes round the controller; with a slip in the id the true copy is gone',
      },
      {
        what: 'deleting objects in the bucket',
        why: 'another pageserver may hold the same shard and need them',
      },
    ],
    related: shardSubjects(shardIds),
  };
}

/** A location that no intent explains. Attached ones of a known shard are judged by their generations instead. */
export const orphanLocation: Detector<LastingMemory> = {
  id: 'orphan_location',
  alert: 'NeonOrphanLocation',
  layer: 'pageserver',
  severity: 'warning',
  summary:
    'A pageserver holds locations that the storage controller does not know or does not mean to be there.',
  classes: unexpectedReasons,
  needs: ['nodes', 'tenants', 'pageserver_locations'],
  hold: { forMs, samples: 3, keepFiringMs: 120_000 },
  explainedBy: ['controller_database_disagrees', 'node_offline', 'intent_contradicted', 'node_flapping'],
  async detect(input) {
    const { readings, looks } = input;
    const facts = await holdingFacts(input);
    if (facts === undefined || !facts.knowsIntent) return withoutIntent(input);
    const nodeIds = new Set(unexpectedReasons.flatMap((reason) => [...facts.orphansAt[reason].keys()]));
    const keysOf = (nodeId: number) =>
      listsOf(facts, nodeId).flatMap(([, { first }]) => first.map(({ shardId }) => shardId));
    const unread = [...facts.nodes.values()].filter(({ nodeId }) => !facts.readNodes.has(nodeId));
    return perNode(input, {
      present: new Map([...nodeIds].map((nodeId) => [nodeId, keysOf(nodeId)])),
      unread: new Map(
        unread.map((node) => [node.nodeId, whyUnread(looks, 'pageserver_locations', node.nodeId, node)]),
      ),
      doubt: (_, shardId) =>
        facts.isInProgress(shardId) ? `location of ${shardId}: being changed` : undefined,
      forMs,
      finding: (nodeId) => finding(readings, facts, nodeId),
    });
  },
};
