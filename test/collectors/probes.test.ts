import { describe, expect, it } from 'vitest';
import { broker } from '../../src/collectors/broker/broker-status.ts';
import { computeCtl } from '../../src/collectors/compute/compute-ctl.ts';
import { computeHook } from '../../src/collectors/hook/compute-hook.ts';
import { readResponding } from '../../src/collectors/responding.ts';
import { safekeeperStatus } from '../../src/collectors/safekeeper/safekeeper-status.ts';
import { controllerAccess } from '../../src/collectors/storage-controller/controller-access.ts';
import type { Target } from '../../src/collectors/target.ts';
import { SourceError } from '../../src/errors.ts';
import { collectOnce, seriesOf } from '../support/collect.ts';
import { fakeReader } from '../support/fake-reader.ts';

const hookTarget: Target = { kind: 'compute_hook', name: 'hook:3000', url: 'http://hook:3000' };
const brokerTarget: Target = { kind: 'broker', name: 'broker:50051', url: 'http://broker:50051' };

describe.for([
  { collector: computeHook, target: hookTarget, path: '/', family: 'neon_compute_hook_responding' },
  { collector: broker, target: brokerTarget, path: '/status', family: 'neon_broker_responding' },
])('$collector.name', ({ collector, target, path, family }) => {
  it.for(['refused', 'timeout'] as const)('knows that nothing is there: %s', async (reason) => {
    const http = fakeReader({ [path]: new SourceError(reason, 'no') });
    const reading = await collectOnce(collector, http, { target });
    expect(reading).toEqual({ isResponding: false, reason });
    expect(seriesOf(collector, reading, target)).toEqual([`${family}{target="${target.name}"} 0`]);
    // Nothing else is asked of what is not there.
    expect(http.asked).toEqual([path]);
  });

  it.for(['dns', 'tls', 'malformed', 'unexpected'] as const)(
    'does not know whether anything is there: %s',
    async (reason) => {
      const http = fakeReader({ [path]: new SourceError(reason, 'no') });
      await expect(collectOnce(collector, http, { target })).rejects.toMatchObject({ reason });
    },
  );
});

describe('readResponding', () => {
  it('does not take the end of our own run for silence of the server', async () => {
    const http = fakeReader({ '/': new SourceError('timeout', 'the deadline passed') });
    await expect(readResponding(http, '/', AbortSignal.abort())).rejects.toMatchObject({ reason: 'timeout' });
  });
});

describe('compute_hook', () => {
  it.for([200, 404, 405, 500, 503])('counts %i as alive: something answered', async (status) => {
    const reading = await collectOnce(computeHook, fakeReader({ '/': status }), { target: hookTarget });
    expect(reading).toEqual({ isResponding: true, status });
    expect(seriesOf(computeHook, reading, hookTarget)).toEqual([
      'neon_compute_hook_responding{target="hook:3000"} 1',
    ]);
  });
});

describe('controller_access', () => {
  it.for([
    { status: 200, isOpen: true },
    { status: 401, isOpen: false },
    { status: 403, isOpen: false },
  ])('takes $status without a token for open: $isOpen', async ({ status, isOpen }) => {
    const withToken = fakeReader({});
    const withoutToken = fakeReader({ '/control/v1/node': status });
    const reading = await collectOnce(controllerAccess, withToken, { withoutToken });
    expect(reading).toEqual({ isOpen });
    expect(seriesOf(controllerAccess, reading)).toEqual([
      `neon_storage_controller_open{target="controller:1234"} ${isOpen ? 1 : 0}`,
    ]);
    expect(withToken.asked).toEqual([]);
  });

  it.for([404, 500, 503])('does not know when the answer is %i', async (status) => {
    const http = fakeReader({ '/control/v1/node': status });
    await expect(collectOnce(controllerAccess, http)).rejects.toMatchObject({ reason: 'unexpected', status });
  });
});

describe('safekeeper_status', () => {
  const target: Target = {
    kind: 'safekeeper',
    name: 'sk1:7676',
    url: 'http://localhost:7676',
    safekeeperId: 1,
  };

  it('is there only for one that answers', async () => {
    const reading = await collectOnce(safekeeperStatus, fakeReader({ '/v1/status': { id: 1 } }), { target });
    expect(reading).toEqual({ safekeeperId: 1, isResponding: true });
    expect(seriesOf(safekeeperStatus, reading, target)).toEqual([
      'neon_safekeeper_answering_info{safekeeper_id="1",target="sk1:7676"} 1',
    ]);
    const dead = fakeReader({ '/v1/status': new SourceError('refused', 'no') });
    await expect(collectOnce(safekeeperStatus, dead, { target })).rejects.toMatchObject({
      reason: 'refused',
    });
  });

  it('names the address that leads to another one', async () => {
    const attempt = collectOnce(safekeeperStatus, fakeReader({ '/v1/status': { id: 3 } }), { target });
    await expect(attempt).rejects.toThrow(
      'http://localhost:7676 answers as safekeeper 3, but sk1:7676 was announced as safekeeper 1; check the entry for "sk1:7676" in addresses',
    );
  });
});

describe('compute_ctl', () => {
  const target: Target = { kind: 'compute_ctl', name: 'main', url: 'http://compute:3080' };
  const collect = (body: object) => collectOnce(computeCtl, fakeReader({ '/status': body }), { target });
  const running = {
    start_time: '2026-11-22T02:00:00Z',
    tenant: '20000000000000000000000000000002',
    timeline: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2',
    status: 'running',
    last_active: '2026-11-22T02:10:00.5Z',
    error: null,
  };

  it('has status, last activity and whose compute it is', async () => {
    const reading = await collect(running);
    expect(reading).toEqual({
      status: 'running',
      tenantId: running.tenant,
      timelineId: running.timeline,
      startedAtMs: Date.UTC(2026, 10, 22, 2),
      lastActiveAtMs: Date.UTC(2026, 10, 22, 2, 10, 0, 500),
      error: false,
    });
    const series = seriesOf(computeCtl, reading, target);
    expect(series).toHaveLength(12);
    expect(series.filter((line) => !line.endsWith(' 0'))).toEqual([
      'neon_compute_ctl_status{compute="main",status="running"} 1',
      `neon_compute_ctl_last_active_timestamp_seconds{compute="main"} ${Date.UTC(2026, 10, 22, 2, 10, 0, 500) / 1000}`,
    ]);
  });

  it('keeps that there is an error and never its text', async () => {
    const error = 'could not connect to postgresql://cloud_admin:secret@host/postgres';
    const reading = await collect({ ...running, status: 'failed', last_active: null, error });
    expect(reading).toMatchObject({ status: 'failed', error: true, lastActiveAtMs: undefined });
    expect(JSON.stringify([reading, seriesOf(computeCtl, reading, target)])).not.toContain('secret');
  });

  it('shows a status that is newer than this program', async () => {
    const reading = await collect({ status: 'hibernating' });
    expect(reading).toMatchObject({ status: 'hibernating', error: undefined, tenantId: undefined });
    expect(seriesOf(computeCtl, reading, target)).toContain(
      'neon_compute_ctl_status{compute="main",status="hibernating"} 1',
    );
  });
});
