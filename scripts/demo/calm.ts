import { type ExposedSample, parseWatchExpression } from './watch-expression.ts';

/** What says that something is wrong, whatever it is. */
const alarms = [
  'neonwatch_collector_up != 1',
  'absent(neon_compute_up{compute="shop"})',
  'absent(neon_storage_controller_ready)',
  'neon_storage_controller_live != 1',
  'neon_node_availability{availability!="Active"} > 0',
  'neon_node_scheduling{scheduling!="Active"} > 0',
  'neon_shards_in_state{state=~"reconciling|pending_compute_notification|splitting|unscheduled"} > 0',
  'neon_shard_placements{agreement!="agree"} > 0',
  'absent(neon_shard_placements)',
  'neon_shards_missing_secondaries > 0',
  'neon_shards_by_scheduling_policy{scheduling_policy=~"Pause|Stop"} > 0',
  'neon_location_generations_conflicting > 0',
  'neon_pageserver_unexpected_locations > 0',
  'neon_intended_locations_missing > 0',
  'neon_safekeeper_scheduling{scheduling_policy!="Active"} > 0',
  'neon_compute_stripe_order_hazard > 0',
  'neon_compute_stripe_size_blocks != 2048',
  'neon_compute_connstring_malformed > 0',
  'neon_compute_invalid_indexes > 0',
  'neurondb_vector_indexes{am=~"hnsw|ivf"} == 0',
  'neon_compute_oldest_idle_in_transaction_timestamp_seconds > 0',
].map(parseWatchExpression);

/** What says that something is wrong with the cluster or the compute; empty when all is well. */
export function whatIsWrong(samples: readonly ExposedSample[]): string[] {
  const raised = alarms.filter((alarm) => alarm.isTrue(samples, [])).map(({ text }) => text);
  return computeAgrees(samples) ? raised : [...raised, 'the compute reads from where its shards are not'];
}

export function isCalm(samples: readonly ExposedSample[]): boolean {
  return whatIsWrong(samples).length === 0;
}

/** Whether the compute reads every shard from the pageserver that the controller means. */
function computeAgrees(samples: readonly ExposedSample[]): boolean {
  const addresses = new Map<string, string>();
  for (const { name, labels } of samples) {
    if (name === 'neon_node_info') addresses.set(labels.get('node_id') ?? '', labels.get('pg_address') ?? '');
  }
  const tenant = samples.find(({ name }) => name === 'neon_compute_settings_info')?.labels.get('tenant_id');
  const meant = new Set<string>();
  const live = new Set<string>();
  for (const { name, labels } of samples) {
    if (name === 'neon_shard_attached_node_info' && labels.get('tenant_id') === tenant) {
      const shard = Number.parseInt(labels.get('shard_id')?.slice(0, 2) ?? '0', 16);
      meant.add(`${shard} ${addresses.get(labels.get('node_id') ?? '')}`);
    }
    if (name === 'neon_compute_pageserver_info')
      live.add(`${labels.get('shard_number')} ${labels.get('address')}`);
  }
  return meant.size > 0 && meant.size === live.size && [...meant].every((one) => live.has(one));
}
