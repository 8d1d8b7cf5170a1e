import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Connections } from '../../src/sources/connections.ts';
import { exchange } from '../../src/sources/http-exchange.ts';
import { failureOf, patientLimits, startTcp } from './servers.ts';

const never = new AbortController().signal;

it('sends nothing when the deadline passes in the moment its turn comes', async () => {
  const server = await startTcp(() => {});
  const connections = new Connections(server.url, 1);
  const first = await connections.acquire(never);
  const deadline = new AbortController();
  const request = { path: '/x', headers: {}, authorities: undefined, caSetting: '' };
  const second = failureOf(
    exchange(connections, request, patientLimits, systemClock, deadline.signal, async () => undefined),
  );
  expect(connections.stats().pending).toBe(1);
  connections.release(first);
  deadline.abort();
  expect((await second).reason).toBe('timeout');
  expect(connections.stats()).toEqual({ connected: 0, running: 0, pending: 0 });
});
