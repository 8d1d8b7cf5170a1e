import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { failureOf, openTarget, startHttp, startHttps, startTcp } from './servers.ts';

const never = new AbortController().signal;
const Any = z.unknown();
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name);
const authority = fixture('authority.pem');
const caSetting = 'storageController.caFile';

async function startServerOf(name: 'loopback' | 'elsewhere') {
  const [key, cert] = await Promise.all([
    readFile(fixture(`${name}-key.pem`)),
    readFile(fixture(`${name}.pem`)),
  ]);
  return startHttps(key, cert, (request, response) => response.end(JSON.stringify(request.httpVersion)));
}

describe('a server with a private certificate', () => {
  it('is refused without its authority, and the message names the setting', async () => {
    const server = await startServerOf('loopback');
    const target = openTarget(server.url, { caSetting });
    const error = await failureOf(target.getJson('/x', Any, never));
    expect(error.reason).toBe('tls');
    expect(error.message).toContain(
      `GET ${server.url}/x: TLS failed: unable to verify the first certificate`,
    );
    expect(error.message).toContain("if its CA is your own, name the CA's file: storageController.caFile");
    await expect.poll(() => target.stats().connected).toBe(0);
    await expect.poll(() => server.openSockets()).toBe(0);
  });

  it('is accepted with its authority, and speaks HTTP/1.1', async () => {
    const server = await startServerOf('loopback');
    expect(await openTarget(server.url, { caFile: authority }).getJson('/x', Any, never)).toBe('1.1');
  });

  it('is refused with somebody else’s authority', async () => {
    const server = await startServerOf('loopback');
    const target = openTarget(server.url, { caFile: fixture('other-authority.pem') });
    expect((await failureOf(target.getJson('/x', Any, never))).reason).toBe('tls');
  });

  it('is refused when the certificate is for another host', async () => {
    const server = await startServerOf('elsewhere');
    const error = await failureOf(openTarget(server.url, { caFile: authority }).getJson('/x', Any, never));
    expect(error.reason).toBe('tls');
    expect(error.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });
});

describe('a TLS handshake', () => {
  it('with a server that does not speak TLS is a TLS failure', async () => {
    const server = await startHttp((_, response) => response.end('[]'));
    const target = openTarget(`https://127.0.0.1:${server.port}`);
    const error = await failureOf(target.getJson('/x', Any, never));
    expect(error).toMatchObject({
      reason: 'tls',
      message: expect.stringContaining('is it http:// rather than https://?'),
    });
  });

  it('that the server breaks off is a TLS failure', async () => {
    const server = await startTcp((socket) => socket.once('data', () => socket.destroy()), 'https');
    expect((await failureOf(openTarget(server.url).getJson('/x', Any, never))).reason).toBe('tls');
  });

  it('that never ends is ended by the connect limit or by the deadline, and its socket freed', async () => {
    const server = await startTcp(() => {}, 'https');
    const hasty = openTarget(server.url, { limits: { connectTimeoutMs: 100 } });
    const error = await failureOf(hasty.getJson('/x', Any, never));
    expect(error).toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('100 ms of the TLS handshake'),
    });
    const patient = openTarget(server.url);
    expect((await failureOf(patient.getJson('/x', Any, AbortSignal.timeout(100)))).reason).toBe('timeout');
    for (const target of [hasty, patient]) {
      await expect.poll(() => target.stats()).toEqual({ connected: 0, running: 0, pending: 0 });
    }
    await expect.poll(() => server.openSockets()).toBe(0);
  });

  it('with a plain http:// address is told by what comes back', async () => {
    const server = await startServerOf('loopback');
    const error = await failureOf(openTarget(`http://127.0.0.1:${server.port}`).getJson('/x', Any, never));
    expect(['malformed', 'refused']).toContain(error.reason);
  });
});

describe('a CA file', () => {
  let path: string;
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'neonwatch-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    path = join(folder, 'ca.pem');
  });

  it('is read again when it changes, for the better and for the worse', async () => {
    const server = await startServerOf('loopback');
    const target = openTarget(server.url, { caFile: path, caSetting });
    const reasonOf = async () => (await failureOf(target.getJson('/x', Any, never))).reason;
    await copyFile(fixture('other-authority.pem'), path);
    expect(await reasonOf()).toBe('tls');
    await copyFile(authority, path);
    expect(await target.getJson('/x', Any, never)).toBe('1.1');
    await copyFile(fixture('other-authority.pem'), path);
    expect(await reasonOf()).toBe('tls');
  });

  it.for([
    { case: 'missing', content: undefined, says: 'cannot be read (ENOENT)' },
    { case: 'no PEM', content: 'hello', says: 'holds no PEM certificate' },
    {
      case: 'damaged',
      content: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      says: 'holds a damaged certificate (number 1 of 1)',
    },
  ])('that is $case is named with its setting', async ({ content, says }) => {
    if (content !== undefined) await writeFile(path, content);
    const error = await failureOf(
      openTarget('https://127.0.0.1:1', { caFile: path, caSetting }).getJson('/x', Any, never),
    );
    expect(error.reason).toBe('tls');
    expect(error.message).toBe(`GET https://127.0.0.1:1/x: CA file ${path} (${caSetting}) ${says}`);
  });
});
