import type { ShardPlacement, TenantPlacement } from '../../neon/placement.ts';
import { type Candidate, type Gate, pass, refuse, unread } from '../gate.ts';
import type { HealInput } from '../input.ts';

const limit = 'every pageserver has the policy Active, and nothing is done to the shards';
const busyStates = ['reconciling', 'pending_compute_notification', 'splitting', 'importing'] as const;

/** Why a shard is not to be touched now; undefined when it may be. */
function busyWith({ flags }: ShardPlacement): string | undefined {
  if (flags === undefined) return 'not known';
  if (flags.isSplitting) return 'splitting';
  if (flags.isImporting) return 'importing';
  if (flags.isReconciling) return 'reconciling';
  if (flags.isPendingComputeNotification) return 'waiting for the hook';
  return flags.schedulingPolicy === 'Active' ? undefined : `set to ${flags.schedulingPolicy}`;
}

function busyShard(tenants: readonly TenantPlacement[]): string | undefined {
  for (const { shards } of tenants) {
    for (const shard of shards) {
      const busy = busyWith(shard);
      if (busy !== undefined) return `shard ${shard.id.text} is ${busy}`;
    }
  }
  return undefined;
}

/** What goes on in the part of the cluster that the action concerns. */
function work({ action, draft }: Candidate, { readings }: HealInput): string | undefined {
  const tenants = readings.one('tenants')?.reading;
  if (tenants === undefined) return undefined;
  if (action.movesShards) {
    const busy = busyStates.filter((state) => (tenants.totals.shardsByState.get(state) ?? 0) > 0);
    if (busy.length > 0) return `there are shards ${busy.join(', ').replaceAll('_', ' ')}`;
  }
  const ids = draft?.tenantIds ?? [];
  const own = tenants.tenants.filter(({ tenantId }) => ids.includes(tenantId));
  if (own.length < ids.length) return 'a tenant that is concerned is not listed';
  return busyShard(own);
}

/** G11: hands off while somebody is at work: an operation anywhere, a pin, or the controller with the same shards. */
export const operatorWorkGate: Gate = {
  id: 'G11',
  name: 'nobody at work',
  judge(candidate, input) {
    const { readings, looks } = input;
    const nodes = readings.one('nodes')?.reading.nodes;
    if (nodes === undefined) return unread(looks, 'nodes', limit);
    const tenants = readings.one('tenants')?.reading;
    if (tenants === undefined) return unread(looks, 'tenants', limit);
    if (tenants.source === 'locations') {
      const value = 'tenants: read from the pageservers, which know no intent';
      return refuse('unreadable', value, limit, 'give storageController.token the scope admin');
    }
    const other = nodes.find(({ scheduling }) => scheduling !== 'Active');
    if (other !== undefined) {
      const value = `node ${other.nodeId} is ${other.scheduling}`;
      return refuse('operator_work', value, limit, 'wait until it is over, and its policy Active again');
    }
    const busy = work(candidate, input);
    if (busy !== undefined) return refuse('operator_work', busy, limit, 'wait until it is over');
    return pass(`all ${nodes.length} pageservers are Active`, limit);
  },
};
