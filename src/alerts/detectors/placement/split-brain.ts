import type { Readings } from '../../../collection/store.ts';
import type { TenantPlacement } from '../../../neon/placement.ts';
import type { Seen } from '../../../views/agreement-facts.ts';
import { addressOfEndpoint } from '../../../views/drift/places.ts';
import { listedTenants } from '../../../views/listed-tenants.ts';
import { controllerCommand } from '../../commands.ts';
import type { DetectInput, Detector, Verdict } from '../../detector.ts';
import type { Avoid, Evidence, Finding, Step, Subject, Unknown } from '../../finding.ts';
import {
  type HoldingFacts,
  holdingFacts,
  maxSplits,
  type Split,
  type Stale,
} from '../../placement/holdings.ts';
import { pageserverCommand, whyUnread } from '../../placement/per-node.ts';
import { counted, nodeSubject } from '../../placement/words.ts';
import { placesIn } from '../compute/compute-facts.ts';

const route = 'GET /v1/location_config';

/** By shard: the pageservers that the finding rests on. */
export type SplitBrainMemory = { readonly [shardId: string]: readonly number[] };
type Input = DetectInput<SplitBrainMemory>;

const avoid: readonly Avoid[] = [
  {
    what: 'PUT /v1/tenant/…/location_config at a pageserver',
    why: 'it goes round the controller and its generations, and can make both copies wrong',
  },
  {
    what: 'deleting the tenant folder of either pageserver',
    why: 'it may be the true one, and what is not uploaded yet is lost',
  },
  {
    what: 'starting a second storage controller or stepping this one down',
    why: 'two controllers that hand out generations are how such a state comes about',
  },
];

function generationText(generation: number): string {
  return generation < 0 ? 'unknown' : String(generation);
}

function evidenceOf(readings: Readings, holders: readonly Seen[]): Evidence[] {
  return holders.map(({ nodeId, mode, generation }) => {
    const read = readings.all('pageserver_locations').find(({ reading }) => reading.nodeId === nodeId);
    const value = `${mode}, generation ${generationText(generation)}`;
    const atMs = read === undefined ? {} : { atMs: read.lastReadAtMs };
    return { what: `on pageserver ${nodeId}`, value, source: route, ...atMs };
  });
}

function remedyOf(
  readings: Readings,
  facts: HoldingFacts,
  { shardId, meant }: Pick<Split, 'shardId' | 'meant'>,
  holders: readonly Seen[],
): Step[] {
  const wrong = holders.filter(({ nodeId }) => nodeId !== meant).map(({ nodeId }) => nodeId);
  const restart =
    meant === undefined
      ? 'Ask the controller where it means the shard to be; restart the process of the other pageserver'
      : `The controller means pageserver ${meant}. Restart the process of pageserver ${wrong.join(' and ')}`;
  return [
    ...holders.map(({ nodeId }) => ({
      text: `See what pageserver ${nodeId} holds.`,
      command: pageserverCommand(readings, facts.nodes.get(nodeId), 'GET', `/v1/location_config/${shardId}`),
    })),
    {
      text: 'See where the controller means it to be.',
      command: controllerCommand(readings, 'GET', `/control/v1/tenant/${shardId.slice(0, 32)}`),
    },
    {
      text: `${restart}: when it starts it asks the controller what it holds, under new generations, and drops the rest. Its other shards are away while it restarts.`,
    },
  ];
}

function sameGeneration(readings: Readings, facts: HoldingFacts, split: Split): Finding {
  const { shardId, holders } = split;
  const where = holders.map(({ nodeId }) => nodeId).join(' and ');
  const generations = new Set(holders.map(({ generation }) => generationText(generation)));
  const same = generations.size === 1 && !generations.has('unknown');
  const which = same ? `with the same generation ${[...generations].join()}` : 'with an unknown generation';
  return {
    subject: { kind: 'shard', name: shardId },
    severity: 'critical',
    className: 'same_generation',
    summary: `Shard ${shardId} is attached to pageservers ${where} ${which}: each takes itself for the owner, and what a compute reads depends on which it asks.`,
    evidence: evidenceOf(readings, holders),
    remedy: remedyOf(readings, facts, split, holders),
    avoid,
    related: [
      { kind: 'tenant', name: shardId.slice(0, 32) },
      ...holders.map(({ nodeId }) => nodeSubject(nodeId)),
    ],
  };
}

/** By tenant id: what the controller lists. */
type Placements = ReadonlyMap<string, TenantPlacement>;

interface OnStale {
  readonly stale: Stale;
  readonly computes: readonly string[];
}

/** Shards that a compute's live connection string leads to where they are stale; position i of it is shard i. */
function askedOfStale(input: Input, facts: HoldingFacts, tenants: Placements): readonly OnStale[] {
  const places = placesIn(input);
  const found = new Map<string, { stale: Stale; computes: string[] }>();
  for (const { target, reading } of input.readings.all('compute_settings')) {
    const { tenantId, connstring } = reading.live ?? {};
    if (tenantId === undefined || connstring === undefined || 'flaw' in connstring) continue;
    const { endpoints } = connstring;
    for (const [number, endpoint] of endpoints.entries()) {
      const nodeIds = places.nodesAt(addressOfEndpoint(endpoint));
      const shardIds = [`${tenantId}-${hex(number)}${hex(endpoints.length)}`];
      if (endpoints.length === 1) shardIds.push(tenantId);
      for (const stale of shardIds.flatMap((shardId) => facts.staleOf(shardId, tenants.get(tenantId)))) {
        if (!nodeIds.includes(stale.loser.nodeId)) continue;
        const known = found.get(stale.shardId) ?? { stale, computes: [] };
        found.set(stale.shardId, known);
        known.computes.push(target.name);
      }
    }
  }
  return [...found.values()];
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}

function computeOnStale(readings: Readings, facts: HoldingFacts, { stale, computes }: OnStale): Finding {
  const { shardId, loser, winner } = stale;
  const compute = computes.join(' and ');
  const asks: Evidence[] = computes.map((name) => {
    const value = facts.nodes.get(loser.nodeId)?.pgAddress ?? '';
    return {
      what: `compute ${name} asks for the shard at`,
      value,
      source: 'pg_settings neon.pageserver_connstring',
    };
  });
  return {
    subject: { kind: 'shard', name: shardId },
    severity: 'critical',
    className: 'compute_on_stale',
    summary: `Compute ${compute} reads shard ${shardId} from pageserver ${loser.nodeId}, which holds it with generation ${generationText(loser.generation)} while pageserver ${winner.nodeId} has ${generationText(winner.generation)}: what that pageserver uploads is dropped, and its answers fall behind.`,
    evidence: [...evidenceOf(readings, [loser, winner]), ...asks],
    remedy: [
      {
        text: `See where the compute asks; shard ${shardId} must be asked for at pageserver ${winner.nodeId}, ${facts.nodes.get(winner.nodeId)?.pgAddress ?? ''}.`,
        command: `psql "$compute_dsn" -Atc 'SHOW neon.pageserver_connstring'`,
      },
      {
        text: 'Give the compute the right list: the finding connstring_drift about it has the complete statement.',
      },
      ...remedyOf(readings, facts, stale, [winner, loser]),
    ],
    avoid: [
      ...avoid,
      {
        what: 'restarting the compute hook',
        why: 'it sends nothing by itself: the controller believes that the compute was told',
      },
    ],
    related: [
      ...computes.map((name): Subject => ({ kind: 'compute', name })),
      { kind: 'tenant', name: shardId.slice(0, 32) },
      nodeSubject(loser.nodeId),
      nodeSubject(winner.nodeId),
    ],
  };
}

interface Found {
  readonly finding: Finding;
  readonly nodeIds: readonly number[];
}

function findAll(input: Input, facts: HoldingFacts, tenants: Placements): Found[] {
  const { readings } = input;
  const nodeIdsOf = (holders: readonly Seen[]) => holders.map(({ nodeId }) => nodeId);
  const same = facts.splits.first.map(({ item: split }) => ({
    finding: () => sameGeneration(readings, facts, split),
    shardId: split.shardId,
    nodeIds: nodeIdsOf(split.holders),
  }));
  const onStale = askedOfStale(input, facts, tenants).map((one) => ({
    finding: () => computeOnStale(readings, facts, one),
    shardId: one.stale.shardId,
    nodeIds: nodeIdsOf([one.stale.loser, one.stale.winner]),
  }));
  const all = [...same, ...onStale].sort((left, right) => (left.shardId < right.shardId ? -1 : 1));
  const found = all.slice(0, maxSplits).map(({ finding, nodeIds }) => ({ finding: finding(), nodeIds }));
  const rest = facts.splits.count + onStale.length - found.length;
  return rest === 0 ? found : [...found, { finding: theRest(rest), nodeIds: [] }];
}

function theRest(shards: number): Finding {
  return {
    subject: { kind: 'cluster', name: 'cluster' },
    severity: 'critical',
    className: 'same_generation',
    summary: `The cluster has ${counted(shards, 'further shard')} with two owners, beyond the ${maxSplits} that are named.`,
    evidence: [{ what: 'further shards with two owners', value: shards, unit: 'shards', source: route }],
    remedy: [{ text: 'Put right what the named ones have in common, which is most likely one pageserver.' }],
    avoid,
  };
}

/** What was there and rests on a pageserver that cannot be read now. */
function frozen(
  memory: SplitBrainMemory | undefined,
  facts: HoldingFacts,
  now: SplitBrainMemory,
): [string, readonly number[]][] {
  return Object.entries(memory ?? {}).filter(
    ([shardId, nodeIds]) =>
      !(shardId in now) &&
      (facts.isInProgress(shardId) || nodeIds.some((nodeId) => !facts.readNodes.has(nodeId))),
  );
}

/**
 * Two pageservers that both take themselves for the owner of a shard. Generations settle nearly all such cases: the
 * lower one is `stale_generation`, which Neon survives. It is a split brain when they settle nothing (equal or
 * unknown), or when a compute asks the one with the lower generation.
 */
export const splitBrain: Detector<SplitBrainMemory> = {
  id: 'split_brain',
  alert: 'NeonSplitBrain',
  layer: 'pageserver',
  severity: 'critical',
  summary:
    'Two pageservers hold a shard AttachedSingle and its generations do not say which is true, or a compute asks the stale one.',
  classes: ['same_generation', 'compute_on_stale'],
  needs: ['nodes', 'pageserver_locations'],
  hold: { forMs: 60_000, samples: 3, keepFiringMs: 120_000 },
  explainedBy: ['two_leaders'],
  async detect(input): Promise<Verdict> {
    const { readings, looks } = input;
    const facts = await holdingFacts(input);
    if (facts === undefined) return { findings: [], unknown: [] };
    const asked = readings.all('compute_settings').flatMap(({ reading }) => reading.live?.tenantId ?? []);
    const tenants = await listedTenants(readings, new Set(asked), input.breathe);
    const found = findAll(input, facts, tenants);
    const now: Record<string, readonly number[]> = {};
    for (const { finding, nodeIds } of found) now[finding.subject.name] = nodeIds;
    const kept = frozen(input.memory, facts, now);
    const unread = [...facts.nodes.values()].filter(({ nodeId }) => !facts.readNodes.has(nodeId));
    const unknown: Unknown[] = [
      ...unread.map((node) => ({
        subject: nodeSubject(node.nodeId),
        missing: [whyUnread(looks, 'pageserver_locations', node.nodeId, node)],
      })),
      ...kept.map(([shardId, nodeIds]) => ({
        subject: { kind: 'shard', name: shardId } as const,
        missing: nodeIds
          .filter((nodeId) => !facts.readNodes.has(nodeId))
          .map((nodeId) => whyUnread(looks, 'pageserver_locations', nodeId, facts.nodes.get(nodeId))),
      })),
    ];
    const memory = { ...now, ...Object.fromEntries(kept) };
    return { findings: found.map(({ finding }) => finding), unknown, memory };
  },
};
