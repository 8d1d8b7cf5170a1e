import { createHash } from 'node:crypto';
import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { type AnsweredRequest, type AppDependencies, createApp } from '../../src/http/app.ts';
import type { CollectorStatus } from '../../src/http/landing.ts';
import { createPublisher } from '../../src/render/publisher.ts';
import { manualClock } from '../support/manual-clock.ts';

const openMetrics = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

async function serve(overrides: Partial<AppDependencies> = {}) {
  const clock = manualClock();
  const answered: AnsweredRequest[] = [];
  const errors: unknown[] = [];
  const publisher = createPublisher({
    clock,
    sources: () => [],
    budgets: { maxSeries: 10, perCollector: new Map() },
    onError: (error) => errors.push(error),
  });
  await publisher.publishNow();
  const app = createApp({
    version: '1.2.3',
    openMetrics: true,
    snapshots: publisher,
    readiness: () => [],
    status: () => [],
    findings: () => ({ findings: [] }),
    clock,
    onRequest: (request) => answered.push(request),
    onError: (error) => errors.push(error),
    ...overrides,
  });
  return { client: supertest(app), clock, answered, errors, publisher };
}

describe('GET /metrics', () => {
  it('serves text by default, uncompressed, with its exact length', async () => {
    const { client, publisher } = await serve();
    const response = await client.get('/metrics').set('Accept-Encoding', 'identity');
    const body = publisher.current()?.identity.text;
    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
      'content-length': String(body?.bytes),
      vary: 'Accept, Accept-Encoding',
    });
    expect(response.headers).not.toHaveProperty('content-encoding');
    expect(response.headers).not.toHaveProperty('etag');
    expect(response.headers).not.toHaveProperty('x-powered-by');
    expect(response.text).toBe(Buffer.concat([...(body?.pages ?? [])]).toString());
  });

  it('serves OpenMetrics to who asks for it', async () => {
    const { client } = await serve();
    const response = await client.get('/metrics').set('Accept', openMetrics).buffer(true);
    expect(response.headers['content-type']).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
    );
    expect(response.text).toMatch(/# EOF\n$/);
  });

  it('serves text to everybody when OpenMetrics is off', async () => {
    const { client } = await serve({ openMetrics: false });
    const response = await client.get('/metrics').set('Accept', openMetrics);
    expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4;/);
  });

  it('serves what was compressed beforehand', async () => {
    const { client, publisher } = await serve();
    const response = await client.get('/metrics').set('Accept-Encoding', 'gzip').buffer(true);
    const { gzip, identity } = publisher.current() ?? {};
    expect(response.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(gzip?.text?.bytes),
      vary: 'Accept, Accept-Encoding',
    });
    // supertest has gunzipped it.
    expect(response.text).toBe(Buffer.concat([...(identity?.text.pages ?? [])]).toString());
  });

  it('serves a format that is not compressed as it is, and asks for it to be from then on', async () => {
    const wanted: string[] = [];
    const { publisher } = await serve();
    const current = publisher.current();
    const snapshots = {
      current: () => (current === undefined ? undefined : { ...current, gzip: {} }),
      wantGzip: (format: string) => wanted.push(format),
    };
    const { client } = await serve({ snapshots });
    const response = await client.get('/metrics').set('Accept-Encoding', 'gzip');
    expect(response.headers).not.toHaveProperty('content-encoding');
    expect(response.text).toContain('neonwatch_snapshot_series');
    expect(wanted).toEqual(['text']);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const { client } = await serve();
    const got = await client.get('/metrics').set('Accept-Encoding', 'identity');
    const headed = await client.head('/metrics').set('Accept-Encoding', 'identity');
    expect(headed.status).toBe(200);
    expect(headed.text).toBeUndefined();
    for (const name of ['content-length', 'content-type', 'vary']) {
      expect(headed.headers[name]).toBe(got.headers[name]);
    }
  });

  it('says 503 while there is no snapshot', async () => {
    const { client } = await serve({ snapshots: { current: () => undefined, wantGzip: () => undefined } });
    const response = await client.get('/metrics');
    expect(response.status).toBe(503);
    expect(response.text).toBe('no snapshot to serve yet; see /-/ready\n');
    expect(response.headers).toMatchObject({ vary: 'Accept, Accept-Encoding', 'retry-after': '1' });
  });
});

describe('health', () => {
  it.for([
    {
      case: 'healthy whatever else is wrong',
      path: '/-/healthy',
      reasons: ['x'],
      status: 200,
      text: 'healthy\n',
    },
    { case: 'ready', path: '/-/ready', reasons: [], status: 200, text: 'ready\n' },
    {
      case: 'not ready, with every reason on a line',
      path: '/-/ready',
      reasons: ['no target', 'no snapshot'],
      status: 503,
      text: 'no target\nno snapshot\n',
    },
  ])('is $case', async ({ path, reasons, status, text }) => {
    const { client } = await serve({ readiness: () => reasons });
    const response = await client.get(path);
    expect(response.status).toBe(status);
    expect(response.text).toBe(text);
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
  });
});

describe('the landing page', () => {
  const nasty = `<script>alert("1")</script>&'`;

  it('escapes what comes from outside', async () => {
    const status = [{ collector: nasty, target: nasty, up: false, lastSuccessMs: undefined, reason: nasty }];
    const { client } = await serve({ version: nasty, status: () => status });
    const { text } = await client.get('/');
    expect(text).not.toContain('<script');
    expect(text.match(/&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;&amp;&#39;/g)).toHaveLength(4);
  });

  const status = (collector: string, target: string, rest: Partial<CollectorStatus>): CollectorStatus => ({
    collector,
    target,
    up: true,
    lastSuccessMs: Date.UTC(2026, 0, 2),
    reason: undefined,
    ...rest,
  });

  it.for([
    { case: 'up', rest: {}, cells: '<td>up</td><td><span>2026-01-02</span> <span>00:00:00Z</span></td>' },
    {
      case: 'down since a clock went wild',
      rest: { up: false, lastSuccessMs: Number.NaN, reason: 'refused' },
      cells: '<td class="down">down</td><td>unknown</td>',
    },
    {
      case: 'waiting, which is not down',
      rest: { up: undefined, lastSuccessMs: undefined, reason: 'suspended' },
      cells: '<td>waiting</td><td>never</td>',
    },
  ])('shows a collector that is $case', async ({ rest, cells }) => {
    const { client } = await serve({ status: () => [status('nodes', 'storcon', rest)] });
    const { text } = await client.get('/');
    expect(text).toContain(`<td>nodes</td>${cells}`);
    expect(text).toContain('neonwatch 1.2.3');
  });

  it('counts them, and puts those of one target together', async () => {
    const rows = [
      status('nodes', 'storcon', {}),
      status('a', 'ps1', {}),
      status('a', 'ps2', { up: false }),
      status('b', 'ps1', { up: undefined }),
    ];
    const { client } = await serve({ status: () => rows });
    const { text } = await client.get('/');
    expect(text).toContain('>2 of 4 up, 1 down, 1 waiting</p>');
    expect(text.match(/<h3>.*?<\/h3>|<td>[a-z]+<\/td>(?=<td[^>]*>[a-z]+<)/g)).toEqual([
      '<h3>storcon</h3>',
      '<td>nodes</td>',
      '<h3>ps1</h3>',
      '<td>a</td>',
      '<td>b</td>',
      '<h3>ps2</h3>',
      '<td>a</td>',
    ]);
  });

  it('says once what several collectors of a target fail of', async () => {
    const rows = [
      status('a', 'ps1', { up: false, reason: 'refused' }),
      status('b', 'ps1', { up: false, reason: 'refused' }),
      status('c', 'ps1', { up: false, reason: 'late' }),
      status('a', 'ps2', { up: false, reason: 'refused' }),
      status('b', 'ps2', { up: false, reason: 'refused' }),
    ];
    const { client } = await serve({ status: () => rows });
    const { text } = await client.get('/');
    expect(text.match(/<p><b>.*<\/p>/g)).toEqual([
      '<p><b>a, b:</b> refused</p>',
      '<p><b>c:</b> late</p>',
      '<p><b>all:</b> refused</p>',
    ]);
  });

  it('allows its own style by hash and nothing else', async () => {
    const { client } = await serve();
    const { headers, text } = await client.get('/');
    const style = /<style>(.*?)<\/style>/s.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers['content-security-policy']).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});

describe('everything else', () => {
  it('is a 404 that names the routes', async () => {
    const { client } = await serve();
    const response = await client.get('/metric');
    expect(response.status).toBe(404);
    expect(response.body).toEqual({
      msg: 'no route /metric; there are /, /metrics, /api/v1/findings, /-/healthy, /-/ready',
    });
  });

  it.for(['post', 'put', 'delete', 'options', 'patch'] as const)(
    'is a 405 with Allow for %s',
    async (method) => {
      const { client } = await serve();
      const response = await client[method]('/metrics');
      expect(response.status).toBe(405);
      expect(response.headers['allow']).toBe('GET, HEAD');
      expect(response.body.msg).toContain('not allowed');
    },
  );

  it('is a 404 for a path that cannot be decoded', async () => {
    const { client, errors } = await serve();
    expect((await client.get('/%ff')).status).toBe(404);
    expect(errors).toEqual([]);
  });

  it('is a 500 that shows nothing when we are wrong', async () => {
    const { client, errors } = await serve({
      status: () => {
        throw new Error('secret detail');
      },
    });
    const response = await client.get('/');
    expect(response.status).toBe(500);
    expect(response.body).toEqual({ msg: 'an error inside neonwatch; its log says more' });
    expect(errors).toEqual([new Error('secret detail')]);
  });
});

describe('what is observed', () => {
  it('has labels from closed sets, whatever was sent', async () => {
    const { client, answered } = await serve();
    await client.get('/metrics');
    await client.head('/-/ready');
    await client.post('/metrics');
    await client.get('/metrics/');
    await client.get('/tenant/123');
    expect(answered.map(({ route, method, status }) => `${route} ${method} ${status}`)).toEqual([
      '/metrics GET 200',
      '/-/ready HEAD 200',
      '/metrics other 405',
      'other GET 404',
      'other GET 404',
    ]);
  });
});
