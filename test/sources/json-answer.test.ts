import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { failureOf, openTarget, startAnswer } from './servers.ts';

const never = new AbortController().signal;
const Node = z.object({ id: z.number(), availability: z.enum(['Active', 'Offline']) });

describe('a body that is not what was asked for', () => {
  it.for([
    {
      case: 'HTML with 200',
      type: 'text/html',
      body: '<!doctype html><p>Sign in',
      says: 'looks like a web page, not JSON: is storageController.url right?',
    },
    {
      case: 'HTML that calls itself JSON',
      type: 'application/json',
      body: '\n<html>',
      says: 'looks like a web page',
    },
    { case: 'nothing', type: 'application/json', body: '', says: 'the answer is empty' },
    {
      case: 'no UTF-8',
      type: 'application/json',
      body: Buffer.from([0x22, 0xc3, 0x28, 0x22]),
      says: 'the answer is not UTF-8',
    },
    {
      case: 'JSON cut off',
      type: 'application/json',
      body: '{"id":1,"availab',
      says: 'the answer is JSON that ends in the middle',
    },
    {
      case: 'other text',
      type: 'text/plain',
      body: `# HELP ${'x'.repeat(200)}`,
      says: 'the answer is not JSON; it begins with "# HELP xxx',
    },
    {
      case: 'a missing field',
      type: 'application/json',
      body: '{"availability":"Active"}',
      says: 'unexpected answer: id: expected number, got nothing',
    },
    {
      case: 'a wrong type',
      type: 'application/json',
      body: '{"id":"1","availability":"Active"}',
      says: 'unexpected answer: id: expected number, got string',
    },
    {
      case: 'a value outside the set',
      type: 'application/json',
      body: `{"id":1,"availability":"${'Z'.repeat(300)}"}`,
      says: 'availability: expected "Active" or "Offline", got "ZZZ',
    },
    { case: 'null', type: 'application/json', body: 'null', says: 'the answer: expected object, got null' },
  ])('$case is malformed', async ({ type, body, says }) => {
    const server = await startAnswer(200, type, body);
    const error = await failureOf(openTarget(server.url).getJson('/x', Node, never));
    expect(error.reason).toBe('malformed');
    expect(error.message).toContain(says);
    expect(error.message).not.toMatch(/x{61}|Z{61}/);
    expect(error.cause).toBeUndefined();
  });

  it.for([
    { case: 'HTML with 200', body: '<!doctype html>', says: 'looks like a web page' },
    { case: 'an object', body: '{"msg":"no"}', says: 'the answer: expected array, got object' },
    {
      case: 'a list cut off',
      body: '[{"id":1,"availability":"Active"}',
      says: 'ends in the middle, after 0 whole elements',
    },
  ])('$case instead of a list is malformed', async ({ body, says }) => {
    const server = await startAnswer(200, 'application/json', body);
    const error = await failureOf(openTarget(server.url).getJsonList('/x', Node, never));
    expect(error.reason).toBe('malformed');
    expect(error.message).toContain(says);
  });

  const Tenant = z.object({ shards: z.array(z.object({ node_attached: z.number() })), 'odd key': z.null() });
  const tenant = (node: unknown) => ({ shards: [{ node_attached: node }], 'odd key': null });

  it('names each wrong field of a list by its path, five at most', async () => {
    const wrong = [
      ...Array.from({ length: 17 }, () => tenant(1)),
      tenant('2'),
      ...Array.from({ length: 9 }, () => tenant(null)),
    ];
    const server = await startAnswer(200, 'application/json', JSON.stringify(wrong));
    const error = await failureOf(openTarget(server.url).getJsonList('/x', Tenant, never));
    expect(error.message).toContain(
      'unexpected answer: [17].shards[0].node_attached: expected number, got string; [18].',
    );
    expect(error.message).toContain('[21].shards[0].node_attached: expected number, got null, and 5 more');
    expect(error.message).not.toContain('[22]');
  });

  it('names the property the list is under, and keys that are no names', async () => {
    const server = await startAnswer(
      200,
      'application/json',
      JSON.stringify({ tenant_shards: [{ shards: [], 'odd key': 1 }] }),
    );
    const error = await failureOf(
      openTarget(server.url).getJsonList('/x', Tenant, never, { property: 'tenant_shards' }),
    );
    expect(error.message).toContain(
      'unexpected answer: tenant_shards[0]["odd key"]: expected null, got number',
    );
  });

  it('is refused when it is packed though that was not asked for', async () => {
    const server = await startAnswer(200, 'application/json', Buffer.from([0x1f, 0x8b]), {
      'content-encoding': 'gzip',
    });
    const error = await failureOf(openTarget(server.url).getJson('/x', Node, never));
    expect(error).toMatchObject({ reason: 'malformed', message: expect.stringContaining('encoded as gzip') });
  });
});
