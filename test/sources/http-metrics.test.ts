import { describe, expect, it } from 'vitest';
import { mustHaveRecorded } from '../replay/world.ts';
import { expectFreed, failureOf, openTarget, startAnswer, startRaw } from './servers.ts';

const never = AbortSignal.any([]);
const wanted = { process_start_time_seconds: [] };
const text = 'text/plain; version=0.0.4';

describe('a metrics page over HTTP', () => {
  it('is asked for as text and read from a socket', async () => {
    const { body } = mustHaveRecorded('healthy', 'storcon', '/metrics');
    const server = await startAnswer(200, text, body);
    const target = openTarget(server.url);
    const { families, badLines } = await target.getMetrics('/metrics', wanted, never);
    expect(families.get('process_start_time_seconds')).toEqual([{ labels: {}, value: 1795312555 }]);
    expect(badLines).toBe(0);
    expect(server.requests).toMatchObject([
      { url: '/metrics', headers: { accept: 'text/plain;version=0.0.4', 'accept-encoding': 'identity' } },
    ]);
  });

  it.for([
    { case: 'over the limit', status: 200, body: 'x 1\n'.repeat(1000), reason: 'too_large' },
    { case: 'no exposition', status: 200, body: 'null', reason: 'malformed' },
    { case: 'not found', status: 404, body: '', reason: 'unsupported' },
    { case: 'unavailable', status: 503, body: '', reason: 'unexpected' },
  ] as const)(
    'that is $case is a failure with the target and the route',
    async ({ status, body, reason }) => {
      const server = await startAnswer(status, text, body);
      const target = openTarget(server.url, { limits: { maxBodyBytes: 1024 } });
      const error = await failureOf(target.getMetrics('/metrics', wanted, never));
      expect(error.reason).toBe(reason);
      expect(error.message).toContain(`GET ${server.url}/metrics: `);
    },
  );

  it('that is cut off in the middle is malformed, and its connection is freed', async () => {
    const server = await startRaw(
      'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nprocess_start_time_seconds 1\n',
    );
    const target = openTarget(server.url);
    expect((await failureOf(target.getMetrics('/metrics', wanted, never))).reason).toBe('malformed');
    await expectFreed(target, server);
  });
});
