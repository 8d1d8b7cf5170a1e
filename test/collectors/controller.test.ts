import { describe, expect, it } from 'vitest';
import { controllerHealth } from '../../src/collectors/storage-controller/controller-health.ts';
import { leader } from '../../src/collectors/storage-controller/leader.ts';
import { safekeepers } from '../../src/collectors/storage-controller/safekeepers.ts';
import { collectOnce, seriesOf } from '../support/collect.ts';
import { fakeReader } from '../support/fake-reader.ts';

describe('controller_health', () => {
  it.for([
    { case: 'ready and leading', ready: 200, live: 200, values: [1, 1] },
    { case: 'stepped down: ready, not live', ready: 200, live: 503, values: [1, 0] },
    { case: 'starting up', ready: 503, live: 503, values: [0, 0] },
  ])('$case', async ({ ready, live, values }) => {
    const reading = await collectOnce(controllerHealth, fakeReader({ '/ready': ready, '/live': live }));
    expect(seriesOf(controllerHealth, reading)).toEqual([
      `neon_storage_controller_ready{target="controller:1234"} ${values[0]}`,
      `neon_storage_controller_live{target="controller:1234"} ${values[1]}`,
    ]);
  });

  it.for([404, 500, 302])('takes %i for no storage controller, not for "not ready"', async (status) => {
    const attempt = collectOnce(controllerHealth, fakeReader({ '/ready': 200, '/live': status }));
    await expect(attempt).rejects.toMatchObject({ reason: 'unexpected', status });
  });
});

describe('leader', () => {
  it('null is usual for a single controller: registered 0, and nothing about a leader', async () => {
    const reading = await collectOnce(leader, fakeReader({ '/control/v1/leader': null }));
    expect(seriesOf(leader, reading)).toEqual(['neon_storage_controller_leader_registered 0']);
  });

  it('has the address and the instant of the leader that is written down', async () => {
    const row = { address: 'http://127.0.0.1:1234/', started_at: '2026-11-22T01:55:57.437389Z' };
    const reading = await collectOnce(leader, fakeReader({ '/control/v1/leader': row }));
    expect(seriesOf(leader, reading)).toEqual([
      'neon_storage_controller_leader_registered 1',
      'neon_storage_controller_leader_info{address="http://127.0.0.1:1234/"} 1',
      `neon_storage_controller_leader_started_timestamp_seconds ${Date.UTC(2026, 10, 22, 1, 55, 57, 437) / 1000}`,
    ]);
  });
});

describe('safekeepers', () => {
  const row = {
    id: 1,
    region_id: 'lab',
    version: 1,
    host: 'safekeeper1',
    port: 5454,
    http_port: 7676,
    https_port: null,
    availability_zone_id: 'az-a',
    scheduling_policy: 'Decomissioned',
  };

  it("spells policies as Neon does, its own 'Decomissioned' included", async () => {
    const reading = await collectOnce(safekeepers, fakeReader({ '/control/v1/safekeeper': [row, row] }));
    expect(reading).toMatchObject({ setAside: { duplicate: 1 } });
    expect(seriesOf(safekeepers, reading)).toEqual([
      'neon_safekeeper_info{safekeeper_id="1",az="az-a",region_id="lab",address="safekeeper1:5454",http_address="safekeeper1:7676"} 1',
      'neon_safekeeper_scheduling{safekeeper_id="1",az="az-a",scheduling_policy="Active"} 0',
      'neon_safekeeper_scheduling{safekeeper_id="1",az="az-a",scheduling_policy="Activating"} 0',
      'neon_safekeeper_scheduling{safekeeper_id="1",az="az-a",scheduling_policy="Pause"} 0',
      'neon_safekeeper_scheduling{safekeeper_id="1",az="az-a",scheduling_policy="Decomissioned"} 1',
      'neon_safekeepers{scheduling_policy="Decomissioned",az="az-a"} 1',
    ]);
  });
});
