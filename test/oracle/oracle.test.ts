import { describe, expect, it } from 'vitest';
import { worldNames } from '../replay/world.ts';
import { crossCheck } from './cross-check.ts';
import { oracle } from './oracle.ts';

/** Sum of all series of a family. */
function total(numbers: ReadonlyMap<string, number>, family: string): number {
  let sum = 0;
  for (const [series, value] of numbers)
    if (series === family || series.startsWith(`${family}{`)) sum += value;
  return sum;
}

describe('the oracle', () => {
  // Counted by hand from the recorded bodies.
  it.for([
    { world: 'healthy', series: 'neon_shard_placements{agreement="agree"}', value: 11 },
    { world: 'healthy', series: 'neon_shard_placements{agreement="unscheduled"}', value: 1 },
    { world: 'healthy', series: 'neon_node_home_shards{az="az-c",node_id="3"}', value: 8 },
    {
      world: 'healthy',
      series: 'neon_storage_controller_leader_started_timestamp_seconds',
      value: 1795312557.437,
    },
    { world: 'healthy', series: 'neon_pageserver_utilization_ratio{node_id="1"}', value: 0.0024 },
    { world: 'imbalance', series: 'neon_shards_outside_preferred_az', value: 10 },
    { world: 'filling', series: 'neon_shard_placements{agreement="moving"}', value: 8 },
    {
      world: 'filling',
      series: 'neon_nodes{availability="Active",az="az-c",scheduling="Filling"}',
      value: 1,
    },
    { world: 'drained_paused_shards', series: 'neon_shard_placements{agreement="elsewhere"}', value: 2 },
    {
      world: 'drained_paused_shards',
      series: 'neon_shards_by_scheduling_policy{scheduling_policy="Pause"}',
      value: 8,
    },
    {
      world: 'shards_stopped',
      series: 'neon_shards_by_scheduling_policy{scheduling_policy="Stop"}',
      value: 8,
    },
    {
      world: 'node_down',
      series: 'neon_node_availability{availability="Offline",az="az-c",node_id="3"}',
      value: 1,
    },
    {
      world: 'node_down',
      series: 'neon_pageserver_locations{mode="Secondary",node_id="3"}',
      value: undefined,
    },
    { world: 'node_down', series: 'neon_location_generations_conflicting', value: 0 },
    { world: 'node3_partitioned', series: 'neon_location_generations_conflicting', value: 3 },
    { world: 'node3_partitioned', series: 'neon_shard_placements{agreement="stale_generation"}', value: 3 },
    {
      world: 'leftovers',
      series: 'neon_pageserver_unexpected_locations{node_id="1",reason="unknown_shard"}',
      value: 1,
    },
    {
      world: 'leftovers',
      series: 'neon_pageserver_unexpected_locations{node_id="2",reason="unknown_tenant"}',
      value: 1,
    },
    { world: 'leftovers', series: 'neon_shard_placements{agreement="absent"}', value: 8 },
    {
      world: 'migration_in_progress',
      series: 'neon_pageserver_locations{mode="AttachedMulti",node_id="1"}',
      value: 1,
    },
    { world: 'migration_in_progress', series: 'neon_shard_placements{agreement="moving"}', value: 1 },
    { world: 'splitting_0', series: 'neon_shards_in_state{state="splitting"}', value: 4 },
    { world: 'splitting_0', series: 'neon_shard_placements{agreement="unknown"}', value: 14 },
    { world: 'cold_start_no_secondaries', series: 'neon_shards_missing_secondaries', value: 50 },
    { world: 'with_detached_and_secondary', series: 'neon_tenants{policy="Secondary"}', value: 1 },
    { world: 'with_detached_and_secondary', series: 'neon_shards_in_state{state="unscheduled"}', value: 0 },
    { world: 'stepped_down_alone', series: 'neon_storage_controller_live', value: 0 },
    { world: 'stepped_down_alone', series: 'neon_shards', value: undefined },
    { world: 'db_down', series: 'neon_storage_controller_leader_registered', value: undefined },
    { world: 'scale_filled', series: 'neon_shards', value: 668 },
    { world: 'scale_filled', series: 'neon_tenants{policy="Attached(1)"}', value: 503 },
  ])('$world: $series is $value', ({ world, series, value }) => {
    expect(oracle(world).get(series)).toBe(value);
  });

  it.for(worldNames)('puts every shard of %s into one class of placement', (world) => {
    const numbers = oracle(world);
    expect(total(numbers, 'neon_shard_placements')).toBe(numbers.get('neon_shards') ?? 0);
    expect([...numbers.values()].every(Number.isFinite)).toBe(true);
  });

  it('gives at least thirty numbers wherever the controller lists nodes and tenants', () => {
    const few = worldNames.filter((world) => oracle(world).size < 30);
    expect(few).toEqual(['stepped_down_alone', 'stepped_down_leader_dead']);
  });

  it('does not know what a pageserver that is not read holds', () => {
    const numbers = oracle('healthy', { unread: [3] });
    expect(numbers.get('neon_shard_placements{agreement="unknown"}')).toBe(8);
    expect(numbers.get('neon_pageserver_disk_free_bytes{node_id="3"}')).toBeUndefined();
  });

  it('does not call a shard absent while some pageserver was not read', () => {
    expect(oracle('leftovers', { unread: [2] }).get('neon_shard_placements{agreement="absent"}')).toBe(0);
  });

  it.for([
    { case: 'a location being worked on', location: null, agreement: 'unknown', mode: 'InProgress' },
    {
      case: 'a detached location',
      location: { mode: 'Detached', generation: null },
      agreement: 'absent',
      mode: 'Detached',
    },
  ])('reads $case from a body given instead', ({ location, agreement, mode }) => {
    const tenant = `1${'0'.repeat(30)}1`;
    const numbers = oracle('healthy', {
      replaced: { 'ps1 /v1/location_config': { tenant_shards: [[tenant, location]] } },
    });
    expect(numbers.get(`neon_shard_placements{agreement="${agreement}"}`)).toBe(1);
    expect(numbers.get(`neon_pageserver_locations{mode="${mode}",node_id="1"}`)).toBe(1);
  });
});

describe("the controller's own numbers", () => {
  it.for([
    { state: 'healthy', world: 'healthy', case: 'agree' },
    { state: 'hook_503', world: 'hook_503', case: 'agree' },
    { state: 'imbalance', world: 'healthy', case: 'are still those of the state before' },
    { state: 'node_down', world: 'before_node_down', case: 'are still those of the state before' },
  ])('in $state $case', ({ state, world }) => {
    const compared = crossCheck(state, world);
    expect(compared).toHaveLength(10);
    expect(compared.filter(({ ours, controllers }) => ours !== controllers)).toEqual([]);
  });

  it('in warming_up lag behind the failover, but count the same shards', () => {
    const compared = crossCheck('warming_up');
    expect(compared.find(({ series }) => series === 'neon_shards')).toMatchObject({
      ours: 18,
      controllers: 18,
    });
    expect(compared.filter(({ ours, controllers }) => ours !== controllers)).toHaveLength(4);
  });
});
