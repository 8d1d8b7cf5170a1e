import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fixedToken } from '../../src/sources/token.ts';
import { failureOf, openTarget, startAnswer, startHttp } from './servers.ts';

const never = new AbortController().signal;
const Node = z.object({ id: z.number() });

describe('a status', () => {
  const json = 'application/json';
  // Bodies as a real cluster gave them.
  it.for([
    {
      status: 400,
      type: json,
      body: '{"msg":"\\"Node 99 not found\\""}',
      reason: 'unexpected',
      says: 'answered 400: "Node 99 not found"',
    },
    {
      status: 401,
      type: json,
      body: '{"msg":"Unauthorized: missing authorization header"}',
      reason: 'denied',
      says: 'answered 401: Unauthorized: missing authorization header; set storageController.tokenFile, scope admin',
    },
    {
      status: 403,
      type: json,
      body: '{"msg":"Forbidden: JWT authentication error"}',
      reason: 'denied',
      says: 'answered 403: Forbidden: JWT authentication error; set storageController.tokenFile, scope admin',
    },
    {
      status: 404,
      type: json,
      body: '{"msg":"NotFound: Node 99 not registered"}',
      reason: 'unexpected',
      says: 'answered 404: NotFound: Node 99 not registered',
    },
    {
      status: 404,
      type: 'text/plain',
      body: 'Not Found',
      reason: 'unsupported',
      says: 'answered 404: Not Found; no such route: is storageController.url right?',
    },
    {
      status: 404,
      type: 'text/html',
      body: '<html>nope</html>',
      reason: 'unsupported',
      says: 'answered 404; no such route',
    },
    {
      status: 405,
      type: 'text/plain',
      body: 'Method Not Allowed',
      reason: 'unsupported',
      says: 'answered 405',
    },
    {
      status: 408,
      type: json,
      body: '{"msg":"Timeout waiting for shard 1000"}',
      reason: 'timeout',
      says: 'answered 408: Timeout waiting for shard 1000',
    },
    {
      status: 409,
      type: json,
      body: '{"msg":"Conflict: Node 2 has fill in progress"}',
      reason: 'unexpected',
      says: 'answered 409: Conflict: Node 2 has fill in progress',
    },
    {
      status: 412,
      type: json,
      body: '{"msg":"Precondition failed: Background operation already ongoing for node: fill 3"}',
      reason: 'unexpected',
      says: 'answered 412: Precondition failed',
    },
    {
      status: 429,
      type: 'text/plain',
      body: 'slow down',
      reason: 'unexpected',
      says: 'answered 429: slow down',
    },
    {
      status: 500,
      type: json,
      body: '{"msg":"Internal error"}',
      reason: 'unexpected',
      says: 'answered 500: Internal error',
    },
    { status: 501, type: undefined, body: '', reason: 'unsupported', says: 'answered 501' },
    {
      status: 503,
      type: json,
      body: '{"msg":"Shutting down"}',
      reason: 'unexpected',
      says: 'answered 503: Shutting down',
    },
    { status: 504, type: 'text/html', body: '<html>', reason: 'timeout', says: 'answered 504' },
  ])('of $status as $type is $reason', async ({ status, type, body, reason, says }) => {
    const server = await startAnswer(status, type, body);
    const target = openTarget(server.url, { deniedHint: 'set storageController.tokenFile, scope admin' });
    const error = await failureOf(target.getJson('/control/v1/node/99', Node, never));
    expect(error).toMatchObject({ reason, status });
    expect(error.message).toContain(`GET ${server.url}/control/v1/node/99: ${says}`);
    expect(await target.getStatus('/control/v1/node/99', never)).toBe(status);
    expect(server.acceptedSockets()).toBe(1);
  });

  it('shows at most 200 characters of what the server says, on one line', async () => {
    const server = await startAnswer(
      500,
      'application/json',
      JSON.stringify({ msg: `a\r\n\u001b[31mb\u202e${'c'.repeat(300)}` }),
    );
    const { message } = await failureOf(openTarget(server.url).getJson('/x', Node, never));
    expect(message).toMatch(/answered 500: a \[31mb c+…$/);
    expect(message.length).toBeLessThan(260);
  });

  it('with a body without end is still told by its number', async () => {
    const server = await startHttp((_, response) => {
      const timer = setInterval(() => response.write('x'.repeat(8192)), 1);
      response.writeHead(403).once('close', () => clearInterval(timer));
    });
    const target = openTarget(server.url);
    expect(await failureOf(target.getJson('/x', Node, never))).toMatchObject({
      reason: 'denied',
      status: 403,
    });
    expect(await target.getStatus('/x', never)).toBe(403);
    await expect.poll(() => server.openSockets()).toBe(0);
  });
});

describe('a redirect', () => {
  it.for([301, 302, 303, 307, 308])(
    'of %i to another server is not followed, and no token goes there',
    async (status) => {
      const other = await startAnswer(200, 'application/json', '[]');
      const server = await startAnswer(status, undefined, '', { location: `${other.url}/control?token=abc` });
      const target = openTarget(server.url, { bearer: fixedToken('secret-token') });
      const error = await failureOf(target.getJson('/x', Node, never));
      expect(error).toMatchObject({ reason: 'unexpected', status });
      expect(error.message).toBe(
        `GET ${server.url}/x: answered ${status}, a redirect to ${other.url}; it is not followed: put the final address into storageController.url`,
      );
      expect(other.acceptedSockets()).toBe(0);
    },
  );

  it.for([
    { case: 'within the server', location: '/y', where: 'http://127.0.0.1' },
    { case: 'to nowhere', location: undefined, where: 'no usable address' },
    { case: 'to a script', location: 'javascript:alert(1)', where: 'no usable address' },
    { case: 'to something unreadable', location: 'http://[', where: 'no usable address' },
    {
      case: 'that carries a password',
      location: 'http://user:pass@elsewhere.example/?q=1',
      where: 'http://elsewhere.example;',
    },
  ])('$case is not followed', async ({ location, where }) => {
    const server = await startAnswer(307, undefined, '', location === undefined ? {} : { location });
    const error = await failureOf(openTarget(server.url).getJson('/x', Node, never));
    expect(error.message).toContain(`answered 307, a redirect to ${where}`);
    expect(error.message).not.toMatch(/pass|alert|q=1/);
    expect(server.requests).toHaveLength(1);
  });
});
