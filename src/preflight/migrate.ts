import { controllerCommand } from '../alerts/commands.ts';
import type { Readings } from '../collection/store.ts';
import type { ShardPlacement } from '../neon/placement.ts';
import { parseShardId } from '../neon/shard-id.ts';
import { controllerCheck, hookCheck, isSchedulable, nodeOf, parseNodeId } from './cluster-checks.ts';
import {
  type Check,
  go,
  no,
  type Operation,
  type Preflight,
  type PreflightInput,
  unknown,
} from './preflight.ts';

function shardOf(readings: Readings, text: string): ShardPlacement | Check {
  const tenants = readings.one('tenants')?.reading;
  if (tenants === undefined || tenants.source === 'locations') {
    return unknown('what the controller intends could not be read (its tenant list needs scope admin)');
  }
  const tenant = tenants.tenants.find(({ tenantId }) => text.startsWith(tenantId));
  const shard = tenant?.shards.find(({ id }) => id.text === text);
  const known = tenant?.shards.map(({ id }) => id.text).join(', ');
  return (
    shard ??
    no(
      known === undefined
        ? 'the controller knows no such tenant'
        : `there is no such shard; the tenant has ${known}`,
    )
  );
}

function flagChecks({ flags }: ShardPlacement): Check[] {
  if (flags === undefined) return [unknown('the state of the shard could not be read')];
  const { isReconciling, isSplitting, isImporting, isPendingComputeNotification, schedulingPolicy } = flags;
  return [
    isReconciling ? no('the shard is being reconciled already') : go('the shard is at rest'),
    isSplitting || isImporting
      ? no('the tenant is being split or imported')
      : go('no split or import is under way'),
    isPendingComputeNotification
      ? no('its compute was not told of its last move yet')
      : go('its compute was told of its last move'),
    schedulingPolicy === 'Active' || schedulingPolicy === 'Essential'
      ? go(`its policy is ${schedulingPolicy}`)
      : no(`its policy is ${schedulingPolicy}: the controller answers 200 and does not move it`),
  ];
}

function warmthCheck(readings: Readings, shard: ShardPlacement, nodeId: number): Check {
  if (!shard.nodeSecondary.includes(nodeId)) {
    return no(`it has no secondary on node ${nodeId}: the move would begin with a download`);
  }
  const sampled = readings.all('pageserver_secondaries').find(({ reading }) => reading.nodeId === nodeId);
  const warmth = sampled?.reading.sampled.get(shard.id.text)?.warmth ?? 'unknown';
  if (warmth === 'warm') return go(`its secondary on node ${nodeId} is warm`);
  const text = `its secondary on node ${nodeId} is ${warmth === 'unknown' ? 'of unknown warmth' : warmth}`;
  return warmth === 'unknown' ? unknown(text) : no(text);
}

function zoneCheck(readings: Readings, { flags }: ShardPlacement, az: string): Check {
  const preferred = flags?.preferredAz;
  if (readings.one('nodes') === undefined) return unknown('zones could not be read');
  return preferred === undefined || preferred === az
    ? go('the destination is in the zone that it prefers')
    : no(
        `it prefers zone ${preferred} and the destination is in ${az}: refused as worse-scoring, or moved back by the optimizer`,
      );
}

function judgeMigrate([text, word]: readonly string[], { readings }: PreflightInput): Preflight | undefined {
  const nodeId = parseNodeId(word);
  const id = text === undefined ? undefined : parseShardId(text.toLowerCase());
  if (nodeId === undefined || id === undefined) return undefined;
  const operation = `migration of shard ${id.text} to node ${nodeId}`;
  const node = nodeOf(readings, nodeId);
  const shard = shardOf(readings, id.text);
  const shared = [controllerCheck(readings), hookCheck(readings)];
  if ('verdict' in node || 'verdict' in shard) {
    const missing = [node, shard].filter((one) => 'verdict' in one);
    return { operation, checks: [...shared, ...missing], steps: [], notes: [] };
  }
  const origin = shard.nodeAttached;
  const body = {
    node_id: nodeId,
    ...(origin === undefined ? {} : { origin_node_id: origin }),
    migration_config: { override_scheduler: false, prewarm: true },
  };
  return {
    operation,
    checks: [
      ...shared,
      isSchedulable(node)
        ? go(`node ${nodeId} can take shards`)
        : no(`node ${nodeId} is ${node.availability} with policy ${node.scheduling}`),
      origin === nodeId
        ? no(`it is attached to node ${nodeId} already`)
        : go(`it is attached to node ${origin ?? 'none'}`),
      ...flagChecks(shard),
      zoneCheck(readings, shard, node.az),
      warmthCheck(readings, shard, nodeId),
    ],
    steps: [
      {
        text: 'Migrate. origin_node_id refuses it if the shard has moved meanwhile.',
        command: controllerCommand(readings, 'PUT', `/control/v1/tenant/${id.text}/migrate`, body),
      },
      {
        text: `Poll until node_attached is ${nodeId} and is_reconciling is false: 200 says that it has begun, 408 that it goes on.`,
        command: controllerCommand(readings, 'GET', `/control/v1/tenant/${id.tenantId}`),
      },
      { text: 'Then see that the compute follows.', command: `neonwatch doctor --tenant ${id.tenantId}` },
    ],
    notes: [],
  };
}

export const migrate: Operation = {
  name: 'migrate',
  parameters: ['SHARD_ID', 'NODE_ID'],
  summary: 'move one shard to another pageserver',
  judge: judgeMigrate,
};
