import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { keepPace } from '../../../src/simulator/http/pace.ts';
import { requestLog } from '../../../src/simulator/http/request-log.ts';
import {
  type RunningSimulator,
  type SimulatorOptions,
  startSimulator,
} from '../../../src/simulator/http/simulator.ts';
import { createWorld } from '../../../src/simulator/world/world.ts';
import { ask } from '../../replay/ask.ts';
import { manualClock } from '../../support/manual-clock.ts';

let simulator: RunningSimulator | undefined;
afterEach(async () => {
  await simulator?.stop();
  simulator = undefined;
});

const tenant = '10000000000000000000000000000001';

async function started(options: Partial<SimulatorOptions> = {}): Promise<RunningSimulator> {
  simulator = await startSimulator({
    clock: systemClock,
    time: 'stepped',
    pageservers: 3,
    safekeepers: 1,
    makeWorld: (address) =>
      createWorld({
        seed: 1,
        tenants: 0,
        safekeepers: 1,
        computes: 1,
        initial: [
          { id: tenant, shardCount: 0, shards: [{ attached: 1, secondaries: [2], preferredAz: 'az-a' }] },
        ],
        address,
      }),
    ...options,
  });
  return simulator;
}

async function post(
  path: string,
  body: object,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${simulator?.simUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

async function get<Body>(origin: string | undefined, path: string): Promise<Body> {
  const response = await fetch(`${origin}${path}`);
  return (await response.json()) as Body;
}

function pageserver(id: number): string {
  return simulator?.pageserverUrls.get(id) ?? '';
}

/** Starts moving the tenant's shard to node 2; the hook hears of it as the world goes on. */
async function migrate(): Promise<void> {
  const body = { node_id: 2, migration_config: { override_scheduler: true, prewarm: false } };
  const url = `${simulator?.controllerUrl}/control/v1/tenant/${tenant}/migrate`;
  fetch(url, { method: 'PUT', body: JSON.stringify(body) }).catch(() => undefined);
  await expect
    .poll(
      async () => (await get<{ requests: object[] }>(simulator?.simUrl, '/_sim/requests')).requests.length,
    )
    .toBe(1);
}

/** Lets the world and the sockets take turns until the hook has answered something. */
function firstHookAnswer(): Promise<unknown> {
  return expect
    .poll(() => {
      simulator?.world.advance(100);
      return simulator?.world.hook.sent.find(({ answer }) => answer !== undefined);
    })
    .toBeDefined()
    .then(() => simulator?.world.hook.sent[0]);
}

describe('a simulated cluster', () => {
  it('announces the ports at which its pageservers answer', async () => {
    const { controllerUrl, brokerUrl, safekeeperUrls } = await started();
    interface Node {
      readonly id: number;
      readonly listen_http_addr: string;
      readonly listen_http_port: number;
    }
    const nodes = await get<Node[]>(controllerUrl, '/control/v1/node');
    const ids = nodes.map(({ listen_http_addr, listen_http_port }) =>
      get(`http://${listen_http_addr}:${listen_http_port}`, '/v1/status'),
    );
    expect(await Promise.all(ids)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    expect(await get(safekeeperUrls.get(1), '/v1/status')).toEqual({ id: 1 });
    expect((await ask(brokerUrl, '/status')).status).toBe(200);
  });

  it('has a compute_ctl for each compute', async () => {
    const { computeUrls } = await started();
    expect(await get(computeUrls.get(tenant), '/status')).toMatchObject({
      tenant,
      status: 'running',
      error: null,
    });
  });

  it('refuses connections of what is down, and takes them again when it is up', async () => {
    await started();
    expect((await post('/_sim/faults/node_down', { arguments: { node: 1 } })).status).toBe(200);
    await expect.poll(() => ask(pageserver(1), '/v1/status').then(String, String)).toContain('ECONNREFUSED');
    await post('/_sim/faults/node_down', { on: false });
    await post('/_sim/advance', { ms: 2_000 });
    await expect.poll(() => ask(pageserver(1), '/v1/status').then(({ status }) => status, String)).toBe(200);
  });

  it('keeps a question to what hangs, and answers it when that goes on', async () => {
    await started();
    await post('/_sim/faults/node_hung', { arguments: { node: 2 } });
    await simulator?.sync();
    const answer = ask(pageserver(2), '/v1/status');
    await post('/_sim/faults/node_hung', { on: false });
    expect((await answer).status).toBe(200);
  });

  it('answers at the address kept for a pageserver that joins', async () => {
    const { world, sync } = await started();
    const id = world.joinPageserver('az-a');
    await sync();
    expect(await get(pageserver(id), '/v1/status')).toEqual({ id });
  });

  it('closes every port', async () => {
    const { controllerUrl, stop } = await started();
    await stop();
    await expect(ask(controllerUrl, '/status')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('the hook', () => {
  it('is told with a request of its own, and its server does as the hook behaves', async () => {
    await started({ hook: 'http' });
    await migrate();
    expect(await firstHookAnswer()).toMatchObject({
      notification: { path: '/notify-attach', body: { tenant_id: tenant, stripe_size: null } },
      answer: 200,
    });
    expect(simulator?.world.computes()[0]?.connstring).toContain('port=64001');
  });

  it('that is dead is a connection refused', async () => {
    const { world } = await started({ hook: 'http' });
    world.hook.behave('dead');
    await migrate();
    expect(await firstHookAnswer()).toMatchObject({ answer: 'refused' });
  });

  it('may be another program', async () => {
    const heard: unknown[] = [];
    const own = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
      heard.push([
        request.method,
        request.url,
        request.headers['content-type'],
        JSON.parse(Buffer.concat(parts).toString()),
      ]);
      response.writeHead(423).end();
    }).listen(0, '127.0.0.1');
    await once(own, 'listening');
    await started({
      hook: { url: `http://127.0.0.1:${(own.address() as AddressInfo).port}/storage/api/v1/` },
    });
    await migrate();
    expect(await firstHookAnswer()).toMatchObject({ answer: 423 });
    const shards = [{ node_id: 2, shard_number: 0 }];
    const body = { tenant_id: tenant, preferred_az: 'az-a', stripe_size: null, shards };
    expect(heard[0]).toEqual(['PUT', '/storage/api/v1/notify-attach', 'application/json', body]);
    own.close();
    own.closeAllConnections();
  });
});

describe('/_sim', () => {
  it('shows the world and lets its time pass', async () => {
    const { world, simUrl } = await started();
    const beforeMs = world.nowMs();
    expect((await post('/_sim/advance', { ms: 5_000 })).body).toEqual({ nowMs: beforeMs + 5_000 });
    expect(await get(simUrl, '/_sim/world')).toMatchObject({
      nowMs: beforeMs + 5_000,
      tenants: 1,
      shards: 1,
    });
    const { events, hash } = await get<{ events: { seq: number }[]; hash: string }>(simUrl, '/_sim/events');
    expect(hash).toBe(world.events.hash());
    const last = events.at(-1)?.seq ?? 0;
    expect((await get<{ events: object[] }>(simUrl, `/_sim/events?since=${last}`)).events).toEqual([]);
  });

  it.for([
    {
      case: 'a fault nobody knows',
      path: '/_sim/faults/nothing',
      body: {},
      status: 404,
      msg: 'there is no fault nothing',
    },
    {
      case: 'an argument that is missing',
      path: '/_sim/faults/node_down',
      body: {},
      status: 400,
      msg: 'node',
    },
    {
      case: 'a step that is no number',
      path: '/_sim/advance',
      body: { ms: '1' },
      status: 400,
      msg: 'ms: invalid type',
    },
    {
      case: 'a step of years',
      path: '/_sim/advance',
      body: { ms: 1e12 },
      status: 400,
      msg: 'ms: invalid value',
    },
  ])('refuses $case', async ({ path, body, status, msg }) => {
    await started();
    const answer = await post(path, body);
    expect(answer).toMatchObject({ status, body: { msg: expect.stringContaining(msg) } });
  });
});

describe('keepPace', () => {
  it('lets the world be as late as the clock is', async () => {
    const clock = manualClock();
    const world = createWorld({ seed: 1, tenants: 0 });
    const startMs = world.nowMs();
    let moves = 0;
    const pace = keepPace(world, clock, () => {
      moves += 1;
    });
    await clock.advance(1_000);
    expect(world.nowMs() - startMs).toBeGreaterThanOrEqual(900);
    pace.catchUp();
    expect(world.nowMs() - startMs).toBe(1_000);
    expect(moves).toBeGreaterThanOrEqual(10);
    pace.stop();
    await clock.advance(1_000);
    expect(world.nowMs() - startMs).toBe(1_000);
    expect(clock.pending()).toBe(0);
  });
});

describe('the log of requests', () => {
  it('keeps the latest ten thousand, and cuts long bodies', () => {
    const log = requestLog();
    for (let count = 0; count < 25_000; count += 1) {
      log.add({ atMs: count, service: 's', method: 'PUT', path: '/', body: 'x'.repeat(5_000) })(200);
    }
    const kept = log.since(0);
    expect(kept.length).toBe(10_000);
    expect(kept.at(-1)).toMatchObject({ seq: 25_000, status: 200, body: 'x'.repeat(2_000) });
    expect(log.since(24_999)).toHaveLength(1);
  });
});
