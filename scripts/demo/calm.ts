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
  'neon_pageserver_secondaries{warmth="cold"} > 0',
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
  return [
    ...alarms.filter((alarm) => alarm.isTrue(samples, [])).map(({ text }) => text),
    ...neverRead(samples).map((reading) => `${reading} was never read`),
    ...(computeAgrees(samples) ? [] : ['the compute reads from where its shards are not']),
  ];
}

export function isCalm(samples: readonly ExposedSample[]): boolean {
  return whatIsWrong(samples).length === 0;
}

const lastSuccess = 'neonwatch_collector_last_success_timestamp_seconds';

/** `leader of 127.0.0.1:1234` → value. */
function byReading(samples: readonly ExposedSample[], metric: string): ReadonlyMap<string, number> {
  return new Map(
    samples
      .filter(({ name }) => name === metric)
      .map(({ labels, value }) => [`${labels.get('collector')} of ${labels.get('target')}`, value]),
  );
}

/** What neonwatch is to read and has not read yet. */
function neverRead(samples: readonly ExposedSample[]): string[] {
  const read = byReading(samples, lastSuccess);
  return [...byReading(samples, 'neonwatch_collector_attempts_total').keys()].filter((key) => !read.has(key));
}

/**
 * What was last read by a run that began before `sinceMs` (since the Unix epoch): `leader of 127.0.0.1:1234`. Only
 * those count that have been read at all.
 */
export function unreadSince(samples: readonly ExposedSample[], sinceMs: number): string[] {
  const durations = byReading(samples, 'neonwatch_collector_duration_seconds');
  return [...byReading(samples, lastSuccess)]
    .filter(([key, seconds]) => (seconds - (durations.get(key) ?? 0)) * 1_000 < sinceMs)
    .map(([key]) => key);
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
