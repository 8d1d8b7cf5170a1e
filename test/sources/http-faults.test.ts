import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../src/clock.ts';
import type { HttpTarget } from '../../src/sources/http.ts';
import { expectFreed, failureOf, openTarget, startDrip, startHttp, startRaw, startTcp } from './servers.ts';

const never = new AbortController().signal;
const Any = z.unknown();

const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const chunked = `${head}transfer-encoding: chunked\r\n\r\n`;
const tenGiB = 10 * 1024 ** 3;

const reads = [
  { method: 'getJson', read: (target: HttpTarget, signal = never) => target.getJson('/x', Any, signal) },
  {
    method: 'getJsonList',
    read: (target: HttpTarget, signal = never) => target.getJsonList('/x', Any, signal),
  },
  { method: 'getStatus', read: (target: HttpTarget, signal = never) => target.getStatus('/x', signal) },
];

describe.for(reads)('$method', ({ method, read }) => {
  it('is refused where nobody listens', async () => {
    const server = await startTcp(() => {});
    await server.close();
    const target = openTarget(server.url);
    const error = await failureOf(read(target));
    expect(error.reason).toBe('refused');
    expect(error.message).toBe(
      `GET ${server.url}/x: connection refused; is the server up and storageController.url right?`,
    );
    await expectFreed(target);
  });

  it('times out when the server accepts and never answers', async () => {
    const server = await startTcp(() => {});
    const target = openTarget(server.url, { limits: { headersTimeoutMs: 100 } });
    const error = await failureOf(read(target));
    expect(error).toMatchObject({
      reason: 'timeout',
      message: `GET ${server.url}/x: no success after 100 ms of waiting for the answer to begin`,
    });
    await expectFreed(target, server);
  });

  it('times out when headers drip in, byte by byte', async () => {
    const server = await startDrip('HTTP/1.1 200 OK\r\n', 'x-more: y\r\n');
    const target = openTarget(server.url, { limits: { headersTimeoutMs: 150 } });
    expect((await failureOf(read(target))).reason).toBe('timeout');
    await expectFreed(target, server);
  });

  it('times out when the body drips in, though it is never silent for long', async () => {
    const server = await startDrip(`${head}content-length: 10000\r\n\r\n[`, '1,');
    const target = openTarget(server.url, { limits: { bodyTimeoutMs: 150 } });
    const error = await failureOf(read(target));
    expect(error).toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('150 ms of reading the answer'),
    });
    await expectFreed(target, server);
  });

  it.for([
    { case: 'before any byte', bytes: '', says: 'closed before an answer came', reason: 'refused' },
    {
      case: 'inside the headers',
      bytes: 'HTTP/1.1 200 OK\r\nconte',
      says: 'closed before an answer came',
      reason: 'refused',
    },
    {
      case: 'after a broken chunk',
      bytes: `${chunked}ZZ\r\n`,
      says: 'not HTTP/1.1: ',
      reason: 'malformed',
    },
    {
      case: 'inside a counted body',
      bytes: `${head}content-length: 100\r\n\r\n[1,2`,
      says: 'in the middle',
      reason: 'malformed',
    },
    {
      case: 'inside a chunked body',
      bytes: `${chunked}4\r\n[1,2\r\n`,
      says: 'in the middle',
      reason: 'malformed',
    },
  ])('is $reason when the server closes $case', async ({ bytes, says, reason }) => {
    const server = await startRaw(bytes);
    const target = openTarget(server.url);
    const error = await failureOf(read(target));
    expect(error.reason).toBe(reason);
    expect(error.message).toContain(says);
    await expectFreed(target, server);
  });

  it('is refused when the connection is reset', async () => {
    const server = await startTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const target = openTarget(server.url);
    expect((await failureOf(read(target))).reason).toBe('refused');
    await expectFreed(target, server);
  });

  it('is malformed when something else than HTTP answers', async () => {
    const server = await startRaw('SSH-2.0-OpenSSH_9.2\r\n', false);
    const target = openTarget(server.url);
    const error = await failureOf(read(target));
    expect(error).toMatchObject({
      reason: 'malformed',
      message: expect.stringContaining('not HTTP/1.1: '),
    });
    await expectFreed(target, server);
  });

  it('is too large when the headers have no end', async () => {
    const server = await startRaw(`HTTP/1.1 200 OK\r\n${'x-long: 1234567890\r\n'.repeat(2000)}`, false);
    const target = openTarget(server.url);
    expect((await failureOf(read(target))).reason).toBe('too_large');
    await expectFreed(target, server);
  });

  it.for([
    { case: 'waiting for the answer', bytes: '', timerMs: 20_001, phase: 'waiting for the answer to begin' },
    {
      case: 'reading the body',
      bytes: `${head}content-length: 100\r\n\r\n[1,`,
      timerMs: 20_002,
      phase: 'reading the answer',
    },
  ])('ends at its deadline while $case and frees the socket', async ({ bytes, timerMs, phase }) => {
    const deadline = new AbortController();
    const server = await startRaw(bytes, false);
    const timersMs: number[] = [];
    const after = (delayMs: number, run: () => void) => {
      timersMs.push(delayMs);
      return systemClock.after(delayMs, run);
    };
    const limits = { headersTimeoutMs: 20_001, bodyTimeoutMs: 20_002 };
    const target = openTarget(server.url, { limits, clock: { ...systemClock, after } });
    const reading = failureOf(read(target, deadline.signal));
    // The timer of a phase tells that the phase has begun; the socket, that the server took part in it.
    await expect.poll(() => [timersMs.at(-1), server.openSockets()]).toEqual([timerMs, 1]);
    deadline.abort();
    const error = await reading;
    expect(error.reason).toBe('timeout');
    expect(error.message).toBe(`GET ${server.url}/x: the deadline passed while ${phase}`);
    await expectFreed(target, server);
  });

  it('is too large, or of no interest, as soon as the length says so', async () => {
    const server = await startRaw(`${head}content-length: ${tenGiB}\r\n\r\n`, false);
    const target = openTarget(server.url);
    if (method === 'getStatus') expect(await read(target)).toBe(200);
    else expect((await failureOf(read(target))).reason).toBe('too_large');
    await expectFreed(target, server);
  });

  it('that has too large a body stops there, whether its length is announced or not', async () => {
    for (const announced of [true, false]) {
      let sentBytes = 0;
      const server = await startTcp((socket) => {
        socket.once('data', () => {
          socket.write(announced ? `${head}content-length: ${tenGiB}\r\n\r\n[` : `${chunked}1\r\n[\r\n`);
          const piece = announced ? '1,'.repeat(16_384) : `8000\r\n${'1,'.repeat(16_384)}\r\n`;
          const more = () => {
            while (!socket.destroyed && sentBytes < tenGiB) {
              sentBytes += piece.length;
              if (!socket.write(piece)) return;
            }
          };
          socket.on('drain', more);
          more();
        });
      });
      const target = openTarget(server.url, { limits: { maxBodyBytes: 300_000 } });
      if (method === 'getStatus') expect(await read(target)).toBe(200);
      else {
        const error = await failureOf(read(target));
        expect(error.reason).toBe('too_large');
        expect(error.message).toContain('over the limit of 300000 bytes; limits.maxBodyBytes');
      }
      await expectFreed(target, server);
      // What the sockets' own buffers hold comes on top of the limit.
      expect(sentBytes).toBeLessThan(20_000_000);
    }
  });
});

describe('a target', () => {
  it('recovers on the same place after each fault', async () => {
    let requests = 0;
    const server = await startHttp((_, response) => {
      requests += 1;
      if (requests % 2 === 0) response.end('[]');
    });
    const target = openTarget(server.url, { connections: 1, limits: { headersTimeoutMs: 60 } });
    for (let round = 0; round < 3; round += 1) {
      expect((await failureOf(target.getJson('/x', Any, never))).reason).toBe('timeout');
      expect(await target.getJson('/x', Any, never)).toEqual([]);
    }
  });

  it('leaves nothing of a finished read behind: no timer, no ear for its deadline', async () => {
    const held: (() => void)[] = [];
    const server = await startHttp((request, response) => {
      if (request.url === '/held') held.push(() => response.end('[]'));
      else response.end('[]');
    });
    let timers = 0;
    const after = (delayMs: number, run: () => void) => {
      const cancel = systemClock.after(delayMs, run);
      timers += 1;
      let isCounted = true;
      return () => {
        if (isCounted) timers -= 1;
        isCounted = false;
        cancel();
      };
    };
    const target = openTarget(server.url, { connections: 1, clock: { ...systemClock, after } });
    const deadline = new AbortController();
    await target.getJson('/x', Any, deadline.signal);
    expect(timers).toBe(0);
    const next = target.getJson('/held', Any, never);
    await expect.poll(() => held.length).toBe(1);
    deadline.abort();
    held.shift()?.();
    expect(await next).toEqual([]);
  });

  it('gives up a request that waits for its turn at its own deadline, and only that one', async () => {
    const held: (() => void)[] = [];
    const server = await startHttp((_, response) => {
      held.push(() => response.end('[]'));
    });
    const target = openTarget(server.url, { connections: 1 });
    const first = target.getJson('/first', Any, never);
    await expect.poll(() => held.length).toBe(1);
    const deadline = new AbortController();
    const second = target.getJson('/second', Any, deadline.signal);
    second.catch(() => {});
    await expect.poll(() => target.stats().pending).toBe(1);
    deadline.abort();
    const error = await failureOf(second);
    expect(error).toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('waiting for one of 1 connections'),
    });
    expect(target.stats()).toEqual({ connected: 1, running: 1, pending: 0 });
    held.shift()?.();
    expect(await first).toEqual([]);
  });

  it('sends nothing once the deadline has passed', async () => {
    const server = await startTcp(() => {});
    const error = await failureOf(openTarget(server.url).getJson('/x', Any, AbortSignal.abort()));
    expect(error.reason).toBe('timeout');
    expect(server.acceptedSockets()).toBe(0);
  });

  it('that is closed ends what is under way, and what waits', async () => {
    const server = await startTcp(() => {});
    const target = openTarget(server.url, { connections: 1 });
    const reading = [target.getJson('/x', Any, never), target.getJson('/y', Any, never)];
    const failures = Promise.all(reading.map(failureOf));
    await expect.poll(() => server.openSockets()).toBe(1);
    await target.close();
    for (const error of await failures) expect(error.message).toContain('the target has been closed');
    expect((await failureOf(target.getJson('/z', Any, never))).message).toContain(
      'the target has been closed',
    );
    await expectFreed(target, server);
  });
});
