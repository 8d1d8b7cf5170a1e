import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { DialError, transportFailure } from '../../src/sources/http-failure.ts';
import { expectFreed, failureOf, openTarget, startRaw, startTcp } from './servers.ts';

const never = new AbortController().signal;
const Any = z.unknown();
/** Too long a label for any name server to be asked: unknown at once, with and without a network. */
const unknownHost = `${'x'.repeat(64)}.invalid`;

describe('an address that cannot be dialled', () => {
  it('because the name is unknown', async () => {
    const error = await failureOf(openTarget(`http://${unknownHost}:9898`).getJson('/x', Any, never));
    expect(error.reason).toBe('dns');
    expect(error.message).toBe(
      `GET http://${unknownHost}:9898/x: name not found; is the server up and storageController.url right?`,
    );
  });

  it.for([
    { code: 'ENOTFOUND', reason: 'dns' },
    { code: 'EAI_AGAIN', reason: 'dns' },
    { code: 'EAI_FAIL', reason: 'dns' },
    { code: 'ECONNREFUSED', reason: 'refused' },
    { code: 'EHOSTUNREACH', reason: 'refused' },
    { code: 'ENETUNREACH', reason: 'refused' },
    { code: 'ETIMEDOUT', reason: 'timeout' },
  ] as const)('with $code is $reason, also when several addresses were tried', ({ code, reason }) => {
    const single = Object.assign(new Error('detail'), { code });
    for (const error of [single, new AggregateError([single, new Error('another')])]) {
      const failure = transportFailure(error, 'dial', 'caFile');
      expect(failure).toBeInstanceOf(DialError);
      expect(failure.reason).toBe(reason);
    }
  });

  it('for a reason nobody thought of is unexpected and told in its own words', () => {
    const failure = transportFailure(
      Object.assign(new Error('no\nbuffers'), { code: 'ENOBUFS' }),
      'dial',
      'caFile',
    );
    expect(failure).toMatchObject({ reason: 'unexpected', message: 'no buffers' });
  });
});

describe('an announced address that cannot be dialled', () => {
  const announced = { as: 'pageserver', name: 'pageserver2:9898' } as const;
  const remedy = `if it has another address here, map it: addresses: {"pageserver2:9898": "host:port"}`;

  it('because the name is unknown', async () => {
    const target = openTarget(`http://${unknownHost}:9898`, { announced });
    const error = await failureOf(target.getJson('/v1/status', Any, never));
    expect(error.reason).toBe('dns');
    expect(error.message).toBe(
      `pageserver announced as pageserver2:9898 cannot be dialled from here as http://${unknownHost}:9898: name not found; ${remedy}`,
    );
  });

  it('because nobody listens', async () => {
    const server = await startTcp(() => {});
    await server.close();
    const error = await failureOf(openTarget(server.url, { announced }).getJson('/v1/status', Any, never));
    expect(error.message).toBe(
      `pageserver announced as ${announced.name} cannot be dialled from here as ${server.url}: connection refused; ${remedy}`,
    );
  });

  it('because no packet comes back, at the connect limit or at the deadline, with the half-open socket freed', async () => {
    const port = await startDeaf();
    const deaf = openTarget(`http://127.0.0.1:${port}`, { announced, limits: { connectTimeoutMs: 100 } });
    const error = await failureOf(deaf.getJson('/v1/status', Any, never));
    expect(error.reason).toBe('timeout');
    expect(error.message).toContain(`no success after 100 ms of connecting; ${remedy}`);
    await expectFreed(deaf);
    const patient = openTarget(`http://127.0.0.1:${port}`, { announced });
    const late = await failureOf(patient.getJson('/v1/status', Any, AbortSignal.timeout(100)));
    expect(late.message).toContain(`the deadline passed while connecting; ${remedy}`);
    await expectFreed(patient);
  });

  it('is not blamed when the connection stood and the answer failed', async () => {
    const server = await startRaw('');
    const error = await failureOf(openTarget(server.url, { announced }).getJson('/v1/status', Any, never));
    expect(error.message).not.toContain('addresses');
  });
});

/** A listener whose queue is full, so that the kernel drops further packets: a black hole on loopback. */
async function startDeaf(): Promise<number> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setImmediate(() => Atomics.wait(workerData, 0, 0));
    });`;
  const worker = new Worker(source, { eval: true, workerData: gate });
  const [port] = await once(worker, 'message');
  const fillers = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  onTestFinished(async () => {
    for (const filler of fillers) filler.destroy();
    Atomics.notify(gate, 0);
    await worker.terminate();
  });
  await Promise.race(fillers.map((filler) => once(filler, 'connect')));
  return port;
}
