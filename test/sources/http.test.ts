import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { fileToken, fixedToken } from '../../src/sources/token.ts';
import { failureOf, openTarget, startAnswer, startHttp } from './servers.ts';

const never = new AbortController().signal;
const Node = z.object({ id: z.number(), availability: z.enum(['Active', 'Offline']) });

describe('a good answer', () => {
  it('keeps the fields that were asked for; extra ones do no harm', async () => {
    const server = await startAnswer(
      200,
      'application/json',
      '{"id":1,"availability":"Active","new_in_9.9":{}}',
    );
    expect(await openTarget(server.url).getJson('/node', Node, never)).toEqual({
      id: 1,
      availability: 'Active',
    });
  });

  it('is asked for by path below the prefix, as JSON, unpacked, with the token', async () => {
    const server = await startAnswer(200, 'application/json', '[]');
    const target = openTarget(`${server.url}/neon/`, { bearer: fixedToken('tok.en') });
    await target.getJsonList('/control/v1/tenant?limit=5&start_after=ab', Node, never);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.url).toBe('/neon/control/v1/tenant?limit=5&start_after=ab');
    expect(server.requests[0]?.headers).toMatchObject({
      accept: 'application/json',
      'accept-encoding': 'identity',
      authorization: 'Bearer tok.en',
    });
  });

  it('is asked for without an authorization header when there is no token', async () => {
    const server = await startAnswer(200, 'application/json', '[]');
    await openTarget(server.url).getJson('/x', z.array(Node), never);
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('that is one long list comes element by element, transformed, from the property named', async () => {
    const body = JSON.stringify({
      node_id: 1,
      shards: Array.from({ length: 50_000 }, (_, id) => ({ id })),
      done: true,
    });
    const server = await startAnswer(200, 'application/json', body);
    const shape = z.object({ id: z.number() }).transform(({ id }) => id);
    const ids = await openTarget(server.url).getJsonList('/shards', shape, never, { property: 'shards' });
    expect(ids).toHaveLength(50_000);
    expect(ids.at(-1)).toBe(49_999);
  });

  it('leaves its connection open for the next', async () => {
    const server = await startAnswer(200, 'application/json', '[]');
    const target = openTarget(server.url);
    for (let round = 0; round < 3; round += 1) await target.getJson('/x', z.array(Node), never);
    expect(server.acceptedSockets()).toBe(1);
    expect(target.stats()).toEqual({ connected: 1, running: 0, pending: 0 });
  });

  it('uses no more connections than allowed, in the order of asking', async () => {
    const waiting: (() => void)[] = [];
    const server = await startHttp((_, response) => {
      waiting.push(() => response.end('[]'));
    });
    const target = openTarget(server.url, { connections: 2 });
    const reads = Array.from({ length: 5 }, () => target.getJson('/x', z.array(Node), never));
    await expect.poll(() => waiting.length).toBe(2);
    expect(target.stats()).toEqual({ connected: 2, running: 2, pending: 3 });
    for (let answered = 0; answered < 5; answered += 1) {
      await expect.poll(() => waiting.length).toBeGreaterThan(0);
      waiting.shift()?.();
    }
    await Promise.all(reads);
    expect(server.acceptedSockets()).toBe(2);
  });
});

describe('a token file that changes', () => {
  it('is sent anew with the next request', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'neonwatch-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const server = await startAnswer(200, 'application/json', '[]');
    const target = openTarget(server.url, {
      bearer: fileToken(`${folder}/token`, 'storageController.tokenFile'),
    });
    await writeFile(`${folder}/token`, 'first-token\n');
    await target.getStatus('/x', never);
    await writeFile(`${folder}/token`, 'the-second-token\n');
    await target.getStatus('/x', never);
    expect(server.requests.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer first-token',
      'Bearer the-second-token',
    ]);
  });
});

describe('an address that cannot be used', () => {
  it.for([
    { case: 'no URL', url: 'localhost', says: 'storageController.url is no http:// or https:// URL' },
    {
      case: 'another scheme',
      url: 'ftp://localhost',
      says: 'storageController.url is no http:// or https:// URL',
    },
    {
      case: 'a password in it',
      url: 'http://me:hunter22@localhost',
      says: 'storageController.url must be a plain URL',
    },
    {
      case: 'a query',
      url: 'http://localhost/?token=hunter22',
      says: 'storageController.url must be a plain URL',
    },
  ])('($case) fails the read and not the start', async ({ url, says }) => {
    const error = await failureOf(openTarget(url).getJson('/x', Node, never));
    expect(error.reason).toBe('unexpected');
    expect(error.message).toContain(says);
    expect(error.message).not.toContain('hunter22');
  });
});
