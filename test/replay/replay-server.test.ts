import { afterEach, describe, expect, it } from 'vitest';
import { ask, originOf } from './ask.ts';
import { type Replay, type ReplayOptions, startReplay } from './replay-server.ts';
import { fixtureIndex, type IndexLine, readFixture, recordedAnswer, worldNames } from './world.ts';

let replay: Replay | undefined;
async function started(options: ReplayOptions): Promise<Replay> {
  replay = await startReplay(options);
  return replay;
}
afterEach(async () => {
  await replay?.stop();
  replay = undefined;
});

/** The Authorization header that an index line of state `auth` was asked with. */
function headerFor({ scope }: IndexLine): string | undefined {
  if (scope === undefined || scope === 'notoken' || scope === 'none') return undefined;
  if (scope === 'basic') return 'Basic c29tZTpvbmU=';
  if (scope === 'lowercase_bearer') return 'bearer scope:admin';
  if (['garbage', 'wrongkey', 'expired'].includes(scope)) return `Bearer ${scope}`;
  return `Bearer scope:${scope.replace(/_T8$/, '')}`;
}

describe('a world', () => {
  it.for(worldNames)('%s is served byte for byte', async (name) => {
    const served = await started({ world: name });
    const { answers, closed } = served.world;
    let compared = 0;
    for (const [service, ofService] of answers) {
      if (closed.has(service)) continue;
      for (const [path, { status, contentType, body }] of ofService) {
        const received = await ask(originOf(served, service), path);
        expect(received, `${service} ${path}`).toMatchObject({
          status,
          headers: { 'content-type': contentType },
        });
        expect(received.body.equals(body), `${service} ${path}`).toBe(true);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThanOrEqual(6);
  });

  it('maps a pageserver that is down to a port on which nothing listens', async () => {
    const served = await started({ world: 'node_down' });
    expect(Object.keys(served.addresses)).toEqual(['127.0.0.1:9898', '127.0.0.1:9899', '127.0.0.1:9900']);
    await expect(ask(originOf(served, 'ps3'), '/v1/status')).rejects.toThrow('ECONNREFUSED');
  });

  it('that does not exist is refused by name, with those that do', async () => {
    await expect(startReplay({ world: 'heathy' })).rejects.toThrow(
      /no world heathy; there are: healthy, empty/,
    );
  });
});

describe('what was not recorded', () => {
  it.for([
    { case: 'an unknown path of the controller', path: '/control/v1/nope', status: 404, body: 'Not Found' },
    { case: 'a wrong method', path: '/control/v1/node', method: 'POST', status: 404, body: 'Not Found' },
    { case: 'HEAD', path: '/control/v1/node', method: 'HEAD', status: 404, body: '' },
    {
      case: 'a describe of no tenant',
      path: `/control/v1/tenant/${'c'.repeat(32)}`,
      status: 404,
      body: `{"msg":"NotFound: Tenant ${'c'.repeat(32)} not found"}`,
    },
    {
      case: 'a describe by shard id',
      path: `/control/v1/tenant/2${'0'.repeat(30)}2-0002`,
      status: 400,
      body: '"failed to parse tenant_id',
    },
    {
      case: 'shards of an unknown node',
      path: '/control/v1/node/99/shards',
      status: 200,
      body: '{"node_id":99,"shards":[]}',
    },
    {
      case: 'a limit that is no number',
      path: '/control/v1/tenant?limit=abc',
      status: 400,
      body: 'invalid digit',
    },
    {
      case: 'a start that is no id',
      path: '/control/v1/tenant?start_after=zz',
      status: 400,
      body: 'Invalid string length',
    },
    {
      case: 'a path with a slash too many',
      path: '/control/v1/node/',
      status: 200,
      body: '"listen_http_port"',
    },
    {
      case: 'an unknown path of a pageserver',
      service: 'ps1',
      path: '/v1/nope',
      status: 404,
      body: 'page not found',
    },
    {
      case: 'the warmth of an attached shard',
      service: 'ps3',
      path: `/v1/tenant/8${'0'.repeat(30)}8-0308/secondary/status`,
      status: 404,
      body: 'NotFound: Shard',
    },
    {
      case: 'the warmth of a secondary',
      service: 'ps1',
      path: `/v1/tenant/8${'0'.repeat(30)}8-0308/secondary/status`,
      status: 200,
      body: '"layers_downloaded"',
    },
  ])('$case is answered as Neon answers it', async ({ service = 'storcon', path, method, status, body }) => {
    const served = await started({ world: 'after_fill' });
    const received = await ask(originOf(served, service), path, method === undefined ? {} : { method });
    expect(received.status).toBe(status);
    expect(JSON.stringify(received.body.toString()) + received.body.toString()).toContain(body);
  });

  it('a describe is the element of the list', async () => {
    const tenantId = `8${'0'.repeat(30)}8`;
    const described = recordedAnswer('healthy', 'storcon', `/control/v1/tenant/${tenantId}`);
    const list = recordedAnswer('healthy', 'storcon', '/control/v1/tenant');
    const elements = JSON.parse(list?.body.toString() ?? '') as { tenant_id: string }[];
    expect(JSON.parse(described?.body.toString() ?? '')).toEqual(
      elements.find(({ tenant_id }) => tenant_id === tenantId),
    );
    const served = await started({ world: 'warming_up' });
    const received = await ask(served.controllerUrl, `/control/v1/tenant/${tenantId}`);
    expect(JSON.parse(received.body.toString())).toMatchObject({
      tenant_id: tenantId,
      policy: { Attached: 1 },
    });
  });
});

describe('tokens', () => {
  const asked = fixtureIndex.filter(
    ({ state, service }) => state === 'auth' && /^(storcon|ps1)$/.test(service),
  );

  it('are judged on every recorded route as Neon judged them', async () => {
    const served = await started({ world: 'auth', auth: { mode: 'scopes' } });
    for (const line of asked) {
      const authorization = headerFor(line);
      const received = await ask(originOf(served, line.service), line.path, { authorization });
      const what = `${line.service} ${line.path} as ${line.scope}`;
      expect(received, what).toMatchObject({
        status: line.status,
        headers: { 'content-type': line.contentType },
      });
      expect(received.body.equals(readFixture(line.file ?? '')), what).toBe(true);
    }
    expect(asked.length).toBeGreaterThan(80);
  });
});

describe('faults', () => {
  const path = '/control/v1/node';
  const recorded = recordedAnswer('healthy', 'storcon', path)?.body ?? Buffer.alloc(0);

  it.for([
    {
      case: 'a status and a text',
      answer: { status: 503, contentType: 'text/html', body: '<p>' },
      expected: [503, 'text/html', '<p>'],
    },
    { case: 'an object, sent as JSON', answer: { body: [1] }, expected: [200, 'application/json', '[1]'] },
    {
      case: 'another status with the recorded body',
      answer: { status: 500 },
      expected: [500, 'application/json', recorded.toString()],
    },
    {
      case: 'a drip',
      answer: { fault: 'drip', everyMs: 0, bytes: 100 },
      expected: [200, 'application/json', recorded.toString()],
    },
    {
      case: 'a redirect',
      answer: { fault: 'redirect', to: 'http://elsewhere/' },
      expected: [302, undefined, ''],
    },
  ] as const)('$case', async ({ answer, expected }) => {
    const served = await started({ world: 'healthy' });
    served.set('storcon', path, answer);
    const { status, headers, body } = await ask(served.controllerUrl, path);
    expect([status, headers['content-type'], body.toString()]).toEqual(expected);
    served.clear();
    expect((await ask(served.controllerUrl, path)).body.equals(recorded)).toBe(true);
  });

  it.for([
    { case: 'a truncated body', answer: { fault: 'truncate' }, message: 'aborted' },
    { case: 'a reset', answer: { fault: 'reset' }, message: 'ECONNRESET' },
  ] as const)('$case breaks the connection', async ({ answer, message }) => {
    const served = await started({ world: 'healthy' });
    served.set('storcon', path, answer);
    await expect(ask(served.controllerUrl, path)).rejects.toThrow(message);
  });

  it('a silent route answers nobody, while others go on and until the server stops', async () => {
    const served = await started({ world: 'healthy' });
    served.set('storcon', path, { fault: 'silent' });
    const silent = ask(served.controllerUrl, path);
    const ended = expect(silent).rejects.toThrow('socket hang up');
    expect((await ask(served.controllerUrl, '/ready')).status).toBe(200);
    await served.stop();
    await ended;
  });

  it('an endless body comes as long as it is read', async () => {
    const served = await started({ world: 'healthy' });
    served.set('storcon', '*', { fault: 'endless', start: '[', repeat: '{},' });
    const { body } = await ask(served.controllerUrl, path, { atMostBytes: 300_000 });
    expect(body.subarray(0, 10).toString()).toBe('[{},{},{},');
  });

  it('a function sees the request and decides each time', async () => {
    const served = await started({ world: 'healthy' });
    let calls = 0;
    served.set('storcon', path, (_request, answer) => {
      calls += 1;
      return calls === 1 ? undefined : { body: JSON.parse(answer.body.toString()).slice(0, 1) };
    });
    const lengths: number[] = [];
    for (const query of ['', '?again']) {
      const { body } = await ask(served.controllerUrl, `${path}${query}`);
      lengths.push((JSON.parse(body.toString()) as unknown[]).length);
    }
    expect(lengths).toEqual([3, 1]);
  });

  it('a service that refuses comes back on its port', async () => {
    const served = await started({ world: 'healthy' });
    const origin = originOf(served, 'ps2');
    await served.refuse('ps2');
    await expect(ask(origin, '/v1/status')).rejects.toThrow('ECONNREFUSED');
    await served.restore('ps2');
    expect((await ask(origin, '/v1/status')).status).toBe(200);
  });
});

it('logs every request with its headers', async () => {
  const served = await started({ world: 'healthy' });
  await ask(served.controllerUrl, '/control/v1/tenant?limit=2', { authorization: 'Bearer scope:admin' });
  await ask(originOf(served, 'ps3'), '/v1/status');
  expect(served.requests.map(({ service, method, path }) => `${service} ${method} ${path}`)).toEqual([
    'storcon GET /control/v1/tenant?limit=2',
    'ps3 GET /v1/status',
  ]);
  expect(served.requests[0]?.headers.authorization).toBe('Bearer scope:admin');
});
