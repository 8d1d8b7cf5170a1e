import type { Readings } from '../../../collection/store.ts';
import type { ShardPlacement } from '../../../neon/placement.ts';
import { controllerCommand } from '../../commands.ts';
import type { Detector } from '../../detector.ts';
import { cluster, type Finding, type Step } from '../../finding.ts';
import { type IntentFacts, intentFacts, withoutIntent } from '../../placement/intent.ts';
import { type LastingMemory, lasting } from '../../placement/lasting.ts';
import { counted, nodeSubject, shardSubjects, some } from '../../placement/words.ts';

const forMs = 900_000;
const listRoute = 'GET /control/v1/tenant';

function azOf(facts: IntentFacts, shard: ShardPlacement): string {
  return facts.nodes.get(shard.nodeAttached ?? -1)?.az ?? '';
}

/** A pageserver of another zone that could have the secondary. */
function otherZone(facts: IntentFacts, az: string) {
  return [...facts.schedulable].map((nodeId) => facts.nodes.get(nodeId)).find((node) => node?.az !== az);
}

function remedyOf(readings: Readings, facts: IntentFacts, shard: ShardPlacement): Step[] {
  const { tenantId, text } = shard.id;
  const policy = shard.flags?.schedulingPolicy ?? 'Active';
  const see = {
    text: 'See one of them.',
    command: controllerCommand(readings, 'GET', `/control/v1/tenant/${tenantId}`),
  };
  if (policy !== 'Active') {
    return [
      see,
      {
        text: `Its scheduling policy is ${policy}: the optimizer leaves it where somebody put it. If that is over, let it be put right by itself.`,
        command: controllerCommand(readings, 'PUT', `/control/v1/tenant/${tenantId}/policy`, {
          scheduling: 'Active',
        }),
      },
    ];
  }
  const node = otherZone(facts, azOf(facts, shard));
  return [
    see,
    {
      text: `Move its secondary to pageserver ${node?.nodeId} in ${node?.az}. Nobody reads a secondary: no compute notices.`,
      command: controllerCommand(readings, 'PUT', `/control/v1/tenant/${text}/migrate_secondary`, {
        node_id: node?.nodeId,
      }),
    },
  ];
}

function finding(readings: Readings, facts: IntentFacts): Finding {
  const byAz = facts.pairedIn;
  const list = [...byAz.values()].flatMap(({ first: named }) => named);
  const count = [...byAz.values()].reduce((sum, one) => sum + one.count, 0);
  const shardIds = list.map(({ id }) => id.text);
  const nodeIds = [...new Set(list.flatMap(({ nodeAttached }) => nodeAttached ?? []))];
  const atMs = readings.one('tenants')?.lastReadAtMs;
  const at = atMs === undefined ? {} : { atMs };
  const [first] = list;
  return {
    subject: cluster,
    severity: 'warning',
    summary: `The cluster has ${counted(count, 'shard')} with attached location and secondary both in ${some([...byAz.keys()].sort())}: if that zone is lost, nobody can serve ${count === 1 ? 'it' : 'them'} until the shards are downloaded anew.`,
    evidence: [
      ...[...byAz].map(([az, of]) => ({
        what: `with both in ${az}`,
        value: of.count,
        unit: 'shards',
        source: listRoute,
        ...at,
      })),
      { what: 'shards', value: some(shardIds), source: listRoute, ...at },
    ],
    remedy: first === undefined ? [] : remedyOf(readings, facts, first),
    avoid: [
      {
        what: 'PUT /control/v1/tenant/…/migrate of the attached location',
        why: 'it disturbs the computes and leaves the shard outside the zone that it prefers',
      },
    ],
    related: [...nodeIds.map(nodeSubject), ...shardSubjects(shardIds)],
  };
}

/** Both copies of a shard in one zone, though another zone has a pageserver to put one on. */
export const pairInOneAz: Detector<LastingMemory> = {
  id: 'pair_in_one_az',
  alert: 'NeonPairInOneAz',
  layer: 'pageserver',
  severity: 'warning',
  summary: 'A shard has its secondary in the zone where it is attached, though another zone could have it.',
  classes: [],
  needs: ['nodes', 'tenants'],
  hold: { forMs, samples: 3, keepFiringMs: 300_000 },
  explainedBy: ['node_offline', 'node_stuck', 'reconcile_stuck', 'node_flapping'],
  async detect(input) {
    const { readings, memory, nowMs } = input;
    const facts = await intentFacts(input);
    if (facts === undefined) return withoutIntent(input);
    const keys = [...facts.pairedIn.values()].flatMap(({ first }) => first.map(({ id }) => id.text));
    const present = new Map(keys.length === 0 ? [] : [[cluster.name, keys]]);
    const look = lasting(memory, present, { nowMs, forMs, isUnknown: () => false });
    const findings = look.shown.size === 0 ? [] : [finding(readings, facts)];
    return { findings, unknown: [], memory: look.memory };
  },
};
