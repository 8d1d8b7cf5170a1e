import type { ShownAlert } from '../../alerts/snapshot.ts';
import type { NodeFact } from '../../neon/node.ts';
import type { ShardPlacement } from '../../neon/placement.ts';
import { formatDuration } from '../../settings/duration.ts';
import type { Action, Draft } from '../action.ts';
import { type FillPlan, fillPlan, unevenness } from '../fill-plan.ts';
import type { HealInput } from '../input.ts';
import { type Refusal, refusal, unreadable } from '../refusal.ts';

interface Choice {
  readonly node: NodeFact;
  readonly plan: FillPlan;
}

/** Pageservers that a finding of too many names as takers; more are not looked through. */
const mostTakers = 8;

/** Which pageservers could be filled: the one with too few, or those that could relieve the one with too many. */
function takersOf({ alert: { finding } }: ShownAlert, nodes: readonly NodeFact[]): readonly NodeFact[] {
  const { subject, className, related = [] } = finding;
  const subjects = className === 'too_few' ? [subject] : related;
  const names = new Set(subjects.filter(({ kind }) => kind === 'node').map(({ name }) => name));
  if (className !== 'too_few') names.delete(subject.name);
  return nodes.filter(({ nodeId }) => names.has(String(nodeId))).slice(0, mostTakers);
}

/** The fill that levels most; of equals the first by node id. */
async function best(takers: readonly NodeFact[], input: HealInput): Promise<Choice | undefined> {
  const nodes = input.readings.one('nodes')?.reading.nodes ?? [];
  const tenants = input.readings.one('tenants')?.reading.tenants ?? [];
  let found: Choice | undefined;
  for (const node of [...takers].sort((left, right) => left.nodeId - right.nodeId)) {
    const plan = await fillPlan(nodes, tenants, node.nodeId, input.breathe);
    if (plan.promoted.length === 0) continue;
    if (found === undefined || unevenness(plan.after) < unevenness(found.plan.after)) found = { node, plan };
  }
  return found;
}

/** Of equals the controller takes which it likes, so every candidate has to be warm and free to move. */
function unfit({ node, plan }: Choice, { readings, nowMs, policy }: HealInput): Refusal | undefined {
  const { nodeId } = node;
  const pinned = plan.candidates.filter(({ flags }) => flags?.schedulingPolicy !== 'Active');
  if (pinned.length > 0) {
    return refusal(
      'operator_work',
      `${pinned.length} shards that a fill of node ${nodeId} might take have a scheduling policy other than Active`,
      'give them back to the controller, or move others by hand',
    );
  }
  const warmth = readings.all('pageserver_secondaries').find(({ reading }) => reading.nodeId === nodeId);
  if (warmth === undefined) return unreadable(`the warmth of the secondaries on node ${nodeId} was not read`);
  const isWarm = ({ id }: ShardPlacement) => warmth.reading.sampled.get(id.text)?.warmth === 'warm';
  const cold = plan.candidates.filter((shard) => !isWarm(shard));
  if (cold.length > 0) {
    return refusal(
      'not_warm',
      `${cold.length} of ${plan.candidates.length} secondaries on node ${nodeId} are not known to be warm`,
      'wait until they are; pageservers.warmthSamples says how many are asked',
    );
  }
  const metrics = readings.all('pageserver_metrics').find(({ reading }) => reading.nodeId === nodeId);
  const startedAtMs = metrics?.reading.startedAtMs;
  if (startedAtMs === undefined) return unreadable(`when pageserver ${nodeId} started is not known`);
  if (nowMs - startedAtMs >= policy.limits.nodeUptime) return undefined;
  return refusal(
    'node_started',
    `pageserver ${nodeId} started less than ${formatDuration(policy.limits.nodeUptime)} ago`,
    'wait',
  );
}

function draftOf({ node, plan }: Choice, nodes: readonly NodeFact[]): Draft {
  const { nodeId } = node;
  const path = `/control/v1/node/${nodeId}/fill`;
  const { promoted } = plan;
  return {
    kind: 'fill_node',
    target: { kind: 'node', name: String(nodeId) },
    summary: `Fill node ${nodeId}: ${promoted.length} of the shards whose secondaries it has would be attached there.`,
    mutations: [{ to: 'storage_controller', method: 'PUT', path }],
    cancel: { to: 'storage_controller', method: 'DELETE', path },
    tenantIds: [...new Set(promoted.map(({ shard }) => shard.id.tenantId))],
    movedShards: promoted.length,
    facts: {
      promoted: promoted.map(({ shard, from }) => [shard.id.text, from]),
      attached: [...plan.before].sort(([left], [right]) => left - right).map(([id, count]) => [id, count]),
      nodes: nodes.map((one) => [one.nodeId, one.availability, one.scheduling, one.az]),
    },
  };
}

async function draft(shown: ShownAlert, input: HealInput): Promise<Draft | Refusal> {
  const nodes = input.readings.one('nodes')?.reading.nodes;
  const tenants = input.readings.one('tenants')?.reading;
  if (nodes === undefined || tenants === undefined || tenants.source === 'locations') {
    return unreadable('what the storage controller intends could not be read');
  }
  const takers = takersOf(shown, nodes);
  const choice = await best(takers, input);
  if (choice === undefined) {
    const names = takers.map(({ nodeId }) => nodeId).join(', ');
    return refusal(
      'nothing_promotable',
      `a fill ${takers.length === 0 ? 'of any pageserver' : `of node ${names}`} would move nothing: it only promotes secondaries that are there and may go there`,
      'migrate shards by hand (docs/runbooks/shard_imbalance.md); a fill would answer 202 and do nothing',
    );
  }
  if (unevenness(choice.plan.after) >= unevenness(choice.plan.before)) {
    return refusal(
      'no_gain',
      `a fill of node ${choice.node.nodeId} would leave the shards no more evenly spread`,
      'migrate shards by hand',
    );
  }
  return unfit(choice, input) ?? draftOf(choice, nodes);
}

/** Fills one pageserver (contract 5, C1), when our own copy of the controller's plan says that it would help. */
export const fillNode: Action = {
  kind: 'fill_node',
  movesShards: true,
  needs: [
    'tenants',
    'nodes',
    'pageserver_locations',
    'pageserver_secondaries',
    'pageserver_metrics',
    'controller_health',
    'controller_metrics',
    'leader',
    'compute_hook',
  ],
  draft,
};
