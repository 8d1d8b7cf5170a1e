import { describe, expect, it } from 'vitest';
import { broker } from '../../src/collectors/broker/broker-status.ts';
import { pageserverMetrics } from '../../src/collectors/pageserver/pageserver-metrics.ts';
import { safekeeperMetrics } from '../../src/collectors/safekeeper/safekeeper-metrics.ts';
import { controllerMetrics } from '../../src/collectors/storage-controller/controller-metrics.ts';
import type { Target } from '../../src/collectors/target.ts';
import { mustHaveRecorded } from '../replay/world.ts';
import { collectOnce, seriesOf } from '../support/collect.ts';
import { fakeReader } from '../support/fake-reader.ts';

function page(state: string, service: string): string {
  return mustHaveRecorded(state, service, '/metrics').body.toString();
}

function controller(text: string) {
  return collectOnce(controllerMetrics, fakeReader({ '/metrics': text }));
}

describe('controller_metrics', () => {
  it('has what a healthy controller counts', async () => {
    const reading = await controller(page('healthy', 'storcon'));
    const labels = (more: string) => `target="controller:1234",${more}`;
    expect(seriesOf(controllerMetrics, reading)).toEqual([
      'neon_storage_controller_start_timestamp_seconds{target="controller:1234"} 1795312555',
      `neon_storage_controller_leadership{${labels('status="leader"')}} 1`,
      `neon_storage_controller_leadership{${labels('status="stepped_down"')}} 0`,
      `neon_storage_controller_leadership{${labels('status="candidate"')}} 0`,
      `neon_storage_controller_reconciles_total{${labels('status="ok"')}} 11`,
      `neon_storage_controller_reconciles_total{${labels('status="ok_no_notify"')}} 0`,
      `neon_storage_controller_reconciles_total{${labels('status="error"')}} 0`,
      `neon_storage_controller_reconciles_total{${labels('status="cancel"')}} 0`,
      'neon_storage_controller_reconciles_spawned_total{target="controller:1234"} 11',
      'neon_storage_controller_long_running_reconciles{target="controller:1234"} 0',
      'neon_storage_controller_pending_reconciles{target="controller:1234"} 0',
      'neon_storage_controller_stuck_reconciles{target="controller:1234"} 0',
      'neon_storage_controller_az_violations{target="controller:1234"} 0',
      `neon_storage_controller_database_query_errors_total{${labels('error_type="query"')}} 1`,
    ]);
  });

  it.for([
    {
      state: 'long_reconcile',
      is: {
        longRunning: [{ tenantId: '20000000000000000000000000000002', shardNumber: 0, sequence: '2' }],
        reconcileSpawned: 58,
        // Over all routes and methods.
        pageserverRequestErrors: new Map([
          [2, 13],
          [3, 13],
          [1, 13],
        ]),
        safekeeperRequestErrors: new Map([
          [3, 6],
          [1, 6],
          [2, 6],
        ]),
      },
    },
    {
      state: 'hook_503',
      is: { azViolations: 1, longRunning: [], pageserverRequestErrors: new Map([[3, 43]]) },
    },
    {
      state: 'node_down',
      is: {
        reconcileComplete: new Map([
          ['ok', 7],
          ['ok_no_notify', 0],
          ['error', 1],
          ['cancel', 0],
        ]),
        databaseQueryErrors: new Map(),
      },
    },
    {
      state: 'warming_up',
      is: { azViolations: 2, databaseQueryErrors: new Map([['query', 1]]), leadership: 'leader' },
    },
  ])('reads $state as it was recorded, with nothing set aside', async ({ state, is }) => {
    expect(await controller(page(state, 'storcon'))).toMatchObject({ ...is, setAside: {} });
  });

  it.for([
    {
      case: 'what the page does not say',
      text: '',
      is: { startedAtMs: undefined, stuckReconciles: undefined },
    },
    {
      case: 'leadership when no state is 1',
      text: 'storage_controller_leadership_status{status="leader"} 0\n',
      is: { leadership: undefined },
    },
    {
      case: 'leadership when two states are 1',
      text: 'storage_controller_leadership_status{status="leader"} 1\nstorage_controller_leadership_status{status="candidate"} 1\n',
      is: { leadership: undefined },
    },
  ])('does not know $case', async ({ text, is }) => {
    expect(await controller(`storage_controller_reconcile_spawn 1\n${text}`)).toMatchObject(is);
  });

  it('exports no sample for what it does not know', async () => {
    const reading = await controller('storage_controller_pending_reconciles 2\n');
    expect(seriesOf(controllerMetrics, reading)).toEqual([
      'neon_storage_controller_long_running_reconciles{target="controller:1234"} 0',
      'neon_storage_controller_pending_reconciles{target="controller:1234"} 2',
    ]);
  });

  it('sets aside what is no line and what is no id, and counts both', async () => {
    const text = [
      'storage_controller_pending_reconciles 1',
      'storage_controller_stuck_reconciles many',
      'storage_controller_pageserver_request_error{pageserver_id="x"} 1',
      'storage_controller_pageserver_request_error{pageserver_id="007"} 1',
      'storage_controller_pageserver_request_error{pageserver_id="7"} 1',
      '',
    ].join('\n');
    expect(await controller(text)).toMatchObject({
      pageserverRequestErrors: new Map([[7, 1]]),
      stuckReconciles: undefined,
      setAside: { bad_line: 1, bad_id: 2 },
    });
  });

  it("does not take another service's page for a controller that has counted nothing", async () => {
    await expect(controller(page('healthy', 'sk1'))).rejects.toMatchObject({ reason: 'unexpected' });
  });
});

describe('pageserver_metrics', () => {
  const collect = (text: string, id = 2) =>
    collectOnce(pageserverMetrics, fakeReader({ '/v1/status': { id }, '/metrics': text }));

  it('has what a healthy pageserver counts, added up over its timelines', async () => {
    const reading = await collect(page('healthy', 'ps1'));
    expect(reading).toMatchObject({ uploadsInProgress: 0, waitLsnInProgress: 0, setAside: {} });
    expect(seriesOf(pageserverMetrics, reading)).toEqual([
      'neon_pageserver_start_timestamp_seconds{node_id="2"} 1795312987.085',
      'neon_pageserver_loading{node_id="2"} 0',
      'neon_pageserver_misrouted_requests_total{node_id="2"} 0',
      'neon_pageserver_data_loss_suspected{node_id="2"} 0',
      'neon_pageserver_circuit_breakers_broken_total{node_id="2"} 0',
      'neon_pageserver_circuit_breakers_unbroken_total{node_id="2"} 0',
      'neon_pageserver_dropped_lsn_updates_total{node_id="2"} 0',
      'neon_pageserver_broken_tenants{node_id="2"} 0',
      'neon_pageserver_error_events_total{node_id="2"} 0',
      'neon_pageserver_wait_lsn_in_progress{node_id="2"} 0',
      'neon_pageserver_uploads_in_progress{node_id="2"} 0',
    ]);
  });

  it.for([
    {
      case: 'another pageserver is a newer attachment',
      text: 'pageserver_deletion_queue_dropped_lsn_updates_total 3',
      is: { droppedLsnUpdates: 3 },
    },
    { case: 'it is loading', text: 'pageserver_startup_is_loading 1', is: { startupIsLoading: true } },
    {
      case: 'data may be lost',
      text: 'pageserver_local_data_loss_suspected 1',
      is: { localDataLossSuspected: true },
    },
    {
      case: 'shards are broken',
      text: 'pageserver_tenant_states_count{state="Broken"} 2',
      is: { brokenTenants: 2 },
    },
    {
      case: 'requests wait for WAL',
      text: 'pageserver_wait_lsn_started_count{tenant_id="a"} 4\npageserver_wait_lsn_started_count{tenant_id="b"} 3\npageserver_wait_lsn_finished_count{tenant_id="a"} 5',
      is: { waitLsnInProgress: 2 },
    },
    {
      case: 'uploads are under way, and downloads are none of them',
      text: 'pageserver_remote_timeline_client_calls_started{op_kind="upload",t="a"} 4\npageserver_remote_timeline_client_calls_started{op_kind="download",t="a"} 9\npageserver_remote_timeline_client_calls_finished{op_kind="upload",t="b"} 1',
      is: { uploadsInProgress: 3 },
    },
    {
      case: 'errors were logged',
      text: 'libmetrics_tracing_event_count{level="error"} 7\nlibmetrics_tracing_event_count{level="warn"} 9',
      is: { errorEvents: 7 },
    },
    {
      case: 'it says nothing of them',
      text: 'x 1',
      is: { misroutedRequests: undefined, brokenTenants: undefined },
    },
  ])('tells when $case', async ({ text, is }) => {
    expect(await collect(`${text}\n`)).toMatchObject(is);
  });

  it("does not show another pageserver's numbers under this one's name", async () => {
    await expect(collect(page('healthy', 'ps1'), 1)).rejects.toMatchObject({ reason: 'unexpected' });
  });
});

const safekeeperTarget: Target = {
  kind: 'safekeeper',
  name: 'safekeeper1:7676',
  url: 'http://localhost:7676',
  safekeeperId: 1,
};

describe('safekeeper_metrics', () => {
  it('has what a safekeeper counts', async () => {
    const http = fakeReader({ '/v1/status': { id: 1 }, '/metrics': page('healthy', 'sk1') });
    const reading = await collectOnce(safekeeperMetrics, http, { target: safekeeperTarget });
    expect(reading).toMatchObject({ startedAtMs: 1795312838_000, setAside: {} });
    expect(seriesOf(safekeeperMetrics, reading)).toEqual([
      'neon_safekeeper_timelines{safekeeper_id="1"} 3',
      'neon_safekeeper_error_events_total{safekeeper_id="1"} 0',
    ]);
  });
});

describe('broker', () => {
  const target: Target = { kind: 'broker', name: 'broker:50051', url: 'http://broker:50051' };
  const collect = (answers: Parameters<typeof fakeReader>[0]) =>
    collectOnce(broker, fakeReader(answers), { target });

  it('has who publishes and who subscribes', async () => {
    const reading = await collect({ '/status': 200, '/metrics': page('healthy', 'broker') });
    expect(reading).toMatchObject({ startedAtMs: 1795312555_000 });
    expect(seriesOf(broker, reading, target)).toEqual([
      'neon_broker_responding{target="broker:50051"} 1',
      'neon_broker_publishers{target="broker:50051"} 3',
      'neon_broker_subscribers{target="broker:50051"} 17',
    ]);
  });

  it('does not take another service for a broker', async () => {
    await expect(collect({ '/status': 404 })).rejects.toMatchObject({ reason: 'unexpected', status: 404 });
  });
});
