import type { Readings } from '../../../collection/store.ts';
import { controllerCommand } from '../../commands.ts';
import type { Detector } from '../../detector.ts';
import type { Evidence, Finding, Step } from '../../finding.ts';
import { type Few, few } from '../../placement/few.ts';
import { type Contradiction, type HoldingFacts, holdingFacts } from '../../placement/holdings.ts';
import { withoutIntent } from '../../placement/intent.ts';
import type { LastingMemory } from '../../placement/lasting.ts';
import { pageserverCommand, perNode, whyUnread } from '../../placement/per-node.ts';
import { counted, nodeSubject, shardSubjects, some } from '../../placement/words.ts';

const forMs = 120_000;

/** Shard ids of a class; the class is part of what must last. */
const absentPrefix = 'absent ';

function keyOf({ shard, holder }: Contradiction): string {
  return holder === undefined ? `${absentPrefix}${shard.id.text}` : shard.id.text;
}

function shardIdOf(key: string): string {
  return key.replace(absentPrefix, '');
}

interface Lists {
  readonly absent: Few<Contradiction>;
  readonly elsewhere: Few<Contradiction>;
}

function listsOf({ absentAt, elsewhereAt }: HoldingFacts, nodeId: number): Lists {
  return { absent: absentAt.get(nodeId) ?? few(), elsewhere: elsewhereAt.get(nodeId) ?? few() };
}

function named({ absent, elsewhere }: Lists): readonly Contradiction[] {
  return [...absent.first, ...elsewhere.first];
}

function summaryOf(nodeId: number, { absent, elsewhere }: Lists): string {
  const absentIds = absent.first.map(({ shard }) => shard.id.text);
  const holders = [...new Set(elsewhere.first.map(({ holder }) => String(holder?.nodeId)))];
  if (absent.count > 0) {
    const which = absent.count === 1 ? `shard ${absentIds.join()}` : counted(absent.count, 'shard');
    return `The controller believes that pageserver ${nodeId} holds ${which}, and no pageserver does: computes of ${some([...new Set(absentIds.map((id) => `tenant ${id.slice(0, 32)}`))], 2)} cannot read there.`;
  }
  const [are, them] = elsewhere.count === 1 ? ['is', 'it'] : ['are', 'them'];
  return `The controller believes that ${counted(elsewhere.count, 'shard')} ${are} attached to pageserver ${nodeId}, and pageserver ${some(holders)} holds ${them}: a compute that is told so asks in the wrong place.`;
}

function remedyOf(readings: Readings, facts: HoldingFacts, nodeId: number, lists: Lists): Step[] {
  const [first] = named(lists);
  const shardId = first?.shard.id.text ?? '';
  const tenantId = shardId.slice(0, 32);
  const isStopped = first?.shard.flags?.schedulingPolicy === 'Stop';
  const holder = first?.holder?.nodeId;
  return [
    {
      text: `See what pageserver ${nodeId} says of the first; 404 says that it has nothing.`,
      command: pageserverCommand(readings, facts.nodes.get(nodeId), 'GET', `/v1/location_config/${shardId}`),
    },
    {
      text: 'See what the controller intends and what it believes to be there.',
      command: controllerCommand(readings, 'GET', `/control/v1/tenant/${tenantId}`),
    },
    ...(isStopped
      ? [
          {
            text: 'Its scheduling policy is Stop: somebody told the controller to do nothing for it. If that is over, let it go on.',
            command: controllerCommand(readings, 'PUT', `/control/v1/tenant/${tenantId}/policy`, {
              scheduling: 'Active',
            }),
          },
        ]
      : [
          {
            text:
              holder === undefined
                ? `Restart the process of pageserver ${nodeId}: when it starts it asks the controller what it holds, and attaches it from the bucket. Its other shards are away while it restarts.`
                : `Restart the process of pageserver ${holder}, and if that is not enough of pageserver ${nodeId}: when one starts it asks the controller what it holds. Its other shards are away while it restarts.`,
          },
        ]),
  ];
}

function finding(readings: Readings, facts: HoldingFacts, nodeId: number): Finding {
  const of = listsOf(facts, nodeId);
  const list = named(of);
  const stopped = list.filter(({ shard }) => shard.flags?.schedulingPolicy === 'Stop').length;
  const shardIds = list.map(({ shard }) => shard.id.text);
  const tenantsReadAtMs = readings.one('tenants')?.lastReadAtMs;
  const at = tenantsReadAtMs === undefined ? {} : { atMs: tenantsReadAtMs };
  const evidence: Evidence[] = [
    { what: 'attached nowhere', value: of.absent.count, unit: 'shards', source: 'GET /v1/location_config' },
    {
      what: 'attached elsewhere',
      value: of.elsewhere.count,
      unit: 'shards',
      source: 'GET /v1/location_config',
    },
    { what: 'shards', value: some(shardIds), source: 'GET /control/v1/tenant', ...at },
    ...(stopped > 0
      ? [
          {
            what: `of the first ${list.length} with scheduling policy Stop`,
            value: stopped,
            unit: 'shards',
            source: 'GET /control/v1/tenant',
            ...at,
          },
        ]
      : []),
  ];
  const holders = [
    ...new Set(of.elsewhere.first.flatMap(({ holder }) => (holder === undefined ? [] : [holder.nodeId]))),
  ];
  return {
    subject: nodeSubject(nodeId),
    severity: of.absent.count > 0 ? 'critical' : 'warning',
    className: of.absent.count > 0 ? 'absent' : 'elsewhere',
    summary: summaryOf(nodeId, of),
    evidence,
    remedy: remedyOf(readings, facts, nodeId, of),
    avoid: [
      {
        what: 'migrating the shard to where it is',
        why: 'the controller compares with what it believes; "already there" answers 200 and does nothing',
      },
      {
        what: 'PUT /v1/tenant/…/location_config at a pageserver',
        why: 'it goes round the controller and its generations, and can leave two owners',
      },
      {
        what: 'POST /debug/v1/reconcile_all',
        why: 'it works through all tenants, and skips those that the controller believes to be right',
      },
    ],
    related: [...holders.map(nodeSubject), ...shardSubjects(shardIds)],
  };
}

/** Pageservers that cannot be judged: not read, or loading their shards and so without a whole list. */
function unjudged(facts: HoldingFacts, why: (nodeId: number) => string): Map<number, string> {
  return new Map(
    [...facts.nodes.values()].flatMap(({ nodeId, availability }) => {
      if (!facts.readNodes.has(nodeId)) return [[nodeId, why(nodeId)] as const];
      if (availability === 'Active') return [];
      return [[nodeId, `pageserver_locations of pageserver ${nodeId}: it is ${availability}`] as const];
    }),
  );
}

/** The controller's belief held against the pageservers: the highest generation says where a shard is. */
export const intentContradicted: Detector<LastingMemory> = {
  id: 'intent_contradicted',
  alert: 'NeonIntentContradicted',
  layer: 'pageserver',
  severity: 'critical',
  summary:
    'A shard is not attached to the pageserver that the storage controller believes it is on, and nothing is moving.',
  classes: ['absent', 'elsewhere'],
  needs: ['nodes', 'tenants', 'pageserver_locations'],
  hold: { forMs, samples: 3, keepFiringMs: 120_000 },
  explainedBy: ['split_brain', 'node_offline', 'reconcile_stuck', 'notification_pending'],
  async detect(input) {
    const { readings, looks } = input;
    const facts = await holdingFacts(input);
    if (facts === undefined || !facts.knowsIntent) return withoutIntent(input);
    const why = (nodeId: number) => whyUnread(looks, 'pageserver_locations', nodeId, facts.nodes.get(nodeId));
    const unread = unjudged(facts, why);
    const missing = [...facts.nodes.keys()].filter((nodeId) => !facts.readNodes.has(nodeId)).map(why);
    const nodeIds = [...facts.absentAt.keys(), ...facts.elsewhereAt.keys()];
    const judged = nodeIds.filter((nodeId) => !unread.has(nodeId));
    return perNode(input, {
      present: new Map(judged.map((nodeId) => [nodeId, named(listsOf(facts, nodeId)).map(keyOf)])),
      unread,
      doubt: (nodeId, key) => {
        const shardId = shardIdOf(key);
        if (facts.isInProgress(shardId)) return `location of ${shardId}: being changed`;
        // Nowhere can only be said when everybody was asked.
        if (facts.isComplete || facts.isAttachedAt(nodeId, shardId)) return undefined;
        return missing.join(', ');
      },
      forMs,
      finding: (nodeId) => finding(readings, facts, nodeId),
    });
  },
};
