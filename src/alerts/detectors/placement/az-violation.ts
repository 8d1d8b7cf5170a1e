import type { Readings } from '../../../collection/store.ts';
import type { ShardPlacement } from '../../../neon/placement.ts';
import { controllerCommand } from '../../commands.ts';
import type { Detector } from '../../detector.ts';
import type { Finding, Step } from '../../finding.ts';
import { type Few, few, keysByNode } from '../../placement/few.ts';
import { type IntentFacts, intentFacts, withoutIntent } from '../../placement/intent.ts';
import type { LastingMemory } from '../../placement/lasting.ts';
import { perNode } from '../../placement/per-node.ts';
import { counted, nodeSubject, shardSubjects, some } from '../../placement/words.ts';

const forMs = 900_000;
const listRoute = 'GET /control/v1/tenant';

/** The pageserver of its zone that should have the shard: one that has its secondary, else the first. */
function homeOf(facts: IntentFacts, shard: ShardPlacement): number | undefined {
  const homes = [...facts.nodes.values()].filter(
    ({ nodeId, az }) => az === shard.flags?.preferredAz && facts.schedulable.has(nodeId),
  );
  return (homes.find(({ nodeId }) => shard.nodeSecondary.includes(nodeId)) ?? homes[0])?.nodeId;
}

function remedyOf(readings: Readings, facts: IntentFacts, nodeId: number, shard: ShardPlacement): Step[] {
  const { tenantId, text } = shard.id;
  const policy = shard.flags?.schedulingPolicy ?? 'Active';
  const preferredAz = shard.flags?.preferredAz ?? '';
  const home = homeOf(facts, shard);
  const steps: Step[] = [
    {
      text: 'See one of them.',
      command: controllerCommand(readings, 'GET', `/control/v1/tenant/${tenantId}`),
    },
  ];
  if (home === undefined) {
    steps.push({
      text: `No pageserver is in zone ${preferredAz}. If the zone is gone for good, give the shard another that it shall prefer.`,
      command: controllerCommand(readings, 'PUT', '/control/v1/preferred_azs', {
        [text]: facts.nodes.get(nodeId)?.az ?? null,
      }),
    });
    return steps;
  }
  if (policy !== 'Active') {
    steps.push({
      text: `Its scheduling policy is ${policy}: the optimizer leaves it where somebody put it. If that is over, let it go home by itself.`,
      command: controllerCommand(readings, 'PUT', `/control/v1/tenant/${tenantId}/policy`, {
        scheduling: 'Active',
      }),
    });
    return steps;
  }
  const isThere = shard.nodeSecondary.includes(home);
  steps.push({
    text: `${isThere ? `Its secondary on node ${home} is most likely cold, which the optimizer waits for; see neon_pageserver_secondaries.` : 'It has no secondary in its zone.'} Ask for it to move; 200 says begun, not moved.`,
    command: controllerCommand(readings, 'PUT', `/control/v1/tenant/${text}/migrate`, {
      node_id: home,
      origin_node_id: nodeId,
      migration_config: { prewarm: true },
    }),
  });
  return steps;
}

function finding(
  readings: Readings,
  facts: IntentFacts,
  nodeId: number,
  { count, first: list }: Few<ShardPlacement>,
): Finding {
  const az = facts.nodes.get(nodeId)?.az ?? '';
  const shardIds = list.map(({ id }) => id.text);
  const byAz = Map.groupBy(list, ({ flags }) => flags?.preferredAz ?? '');
  const preferred = [...byAz.keys()].sort();
  const pinned = list.filter(({ flags }) => flags?.schedulingPolicy !== 'Active').length;
  const atMs = readings.one('tenants')?.lastReadAtMs;
  const at = atMs === undefined ? {} : { atMs };
  const [first] = list;
  const homes = [...facts.nodes.values()].filter((node) => preferred.includes(node.az));
  return {
    subject: nodeSubject(nodeId),
    severity: 'warning',
    summary: `Pageserver ${nodeId} in ${az} serves ${counted(count, 'shard')} that ${count === 1 ? 'prefers' : 'prefer'} zone ${some(preferred)}, and nothing brings ${count === 1 ? 'it' : 'them'} home: computes in that zone read across zones.`,
    evidence: [
      {
        what: 'attached outside the zone that they prefer',
        value: count,
        unit: 'shards',
        source: listRoute,
        ...at,
      },
      ...[...byAz].map(([zone, of]) => ({
        what: `of the first ${list.length} prefer ${zone}`,
        value: of.length,
        unit: 'shards',
        source: listRoute,
        ...at,
      })),
      {
        what: `of the first ${list.length} pinned, with a scheduling policy other than Active`,
        value: pinned,
        unit: 'shards',
        source: listRoute,
        ...at,
      },
      { what: 'shards', value: some(shardIds), source: listRoute, ...at },
    ],
    remedy: first === undefined ? [] : remedyOf(readings, facts, nodeId, first),
    avoid: [
      {
        what: 'migration_config.override_scheduler',
        why: 'it is for moving a shard away from home; going home needs none, and it also goes to pageservers that are not well',
      },
      {
        what: `PUT /control/v1/node/${nodeId}/drain`,
        why: 'it moves everything, also what is at home there, and leaves the pageserver in PauseForRestart',
      },
    ],
    related: [...homes.map((node) => nodeSubject(node.nodeId)), ...shardSubjects(shardIds)],
  };
}

/** Shards away from home though a pageserver of their zone could have them. A failover is that, until the optimizer is done. */
export const azViolation: Detector<LastingMemory> = {
  id: 'az_violation',
  alert: 'NeonAzViolation',
  layer: 'pageserver',
  severity: 'warning',
  summary:
    'A shard is attached outside the zone that it prefers, though a pageserver of that zone could have it.',
  classes: [],
  needs: ['nodes', 'tenants'],
  hold: { forMs, samples: 3, keepFiringMs: 300_000 },
  explainedBy: ['shard_imbalance', 'node_stuck', 'reconcile_stuck', 'cold_secondary', 'node_flapping'],
  async detect(input) {
    const facts = await intentFacts(input);
    if (facts === undefined) return withoutIntent(input);
    return perNode(input, {
      present: keysByNode(facts.outsideAt, ({ id }) => id.text),
      unread: new Map(),
      forMs,
      finding: (nodeId) => finding(input.readings, facts, nodeId, facts.outsideAt.get(nodeId) ?? few()),
    });
  },
};
