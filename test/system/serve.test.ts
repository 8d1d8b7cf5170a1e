import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Replay, startReplay } from '../replay/replay-server.ts';
import { type Neonwatch, startNeonwatch, until } from './programs.ts';

let replay: Replay;
let neonwatch: Neonwatch | undefined;
beforeEach(async () => {
  replay = await startReplay({ world: 'healthy' });
});
afterEach(async () => {
  await neonwatch?.end('SIGKILL');
  neonwatch = undefined;
  await replay.stop();
});

/** Quick enough that a test can watch series come and go. */
function quick(extra: object = {}): object {
  return {
    storageController: { url: replay.controllerUrl },
    addresses: replay.addresses,
    collection: { interval: '500ms', timeout: '400ms', keepIntervals: 2 },
    limits: { connectTimeout: '300ms', headersTimeout: '300ms', bodyTimeout: '300ms' },
    collectors: {
      leader: { interval: '1s', timeout: '400ms' },
      pageserver_secondaries: { interval: '500ms' },
    },
    ...extra,
  };
}

async function metrics(program: Neonwatch): Promise<string> {
  const response = await fetch(`${program.url}/metrics`);
  if (response.status !== 200) throw new Error(`answered ${response.status}`);
  return response.text();
}

function waitFor(program: Neonwatch, what: string, test: (text: string) => boolean): Promise<string> {
  return until(what, async () => {
    const text = await metrics(program);
    return test(text) ? text : undefined;
  });
}

describe('neonwatch serve', () => {
  it('is ready when every collector has run, and says until then what it waits for', async () => {
    neonwatch = await startNeonwatch(quick());
    const { url } = neonwatch;
    await until('readiness', async () => ((await fetch(`${url}/-/ready`)).status === 200 ? true : undefined));
    expect(await (await fetch(`${url}/-/healthy`)).text()).toBe('healthy\n');
  });

  it('lets the series of a dead pageserver vanish, keeps all others, and has them back when it is', async () => {
    neonwatch = await startNeonwatch(quick());
    const ofThird = /^neon_pageserver_locations\{node_id="3"/m;
    await waitFor(neonwatch, 'locations of node 3', (text) => ofThird.test(text));
    await replay.refuse('ps3');
    const without = await waitFor(neonwatch, 'locations of node 3 vanishing', (text) => !ofThird.test(text));
    expect(without).toMatch(/^neon_pageserver_locations\{node_id="1"/m);
    expect(without).toMatch(
      /^neonwatch_collector_up\{collector="pageserver_locations",target="[^"]*:9900"\} 0$/m,
    );
    expect(without).toMatch(/^neon_shard_placements\{agreement="unknown"\} [1-9]/m);
    await replay.restore('ps3');
    await waitFor(neonwatch, 'locations of node 3 coming back', (text) => ofThird.test(text));
  });

  it('goes on serving what is known while the controller is dead, then only what is still true', async () => {
    neonwatch = await startNeonwatch(quick());
    await waitFor(neonwatch, 'nodes', (text) => text.includes('neon_nodes{'));
    await replay.refuse('storcon');
    const later = await waitFor(neonwatch, 'nodes vanishing', (text) => !text.includes('neon_nodes{'));
    // The pageservers are still watched at the addresses that were last announced.
    expect(later).toMatch(/^neon_pageserver_locations\{node_id="1"/m);
    expect(later).toMatch(
      /^neonwatch_collector_failures_total\{collector="nodes",.*reason="refused"\} [1-9]/m,
    );
    const logged = neonwatch
      .stderr()
      .split('\n')
      .filter((line) => line.includes('"collector":"nodes"'));
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('storageController.url');
  });

  it('one collector that never gets an answer costs the others nothing', async () => {
    replay.set('storcon', '/control/v1/tenant', { fault: 'silent' });
    neonwatch = await startNeonwatch(quick());
    const text = await waitFor(neonwatch, 'a timeout of tenants', (page) =>
      /^neonwatch_collector_failures_total\{collector="tenants",.*reason="timeout"\} [2-9]/m.test(page),
    );
    expect(text).toMatch(/^neon_nodes\{/m);
    expect(text).toMatch(/^neon_safekeepers\{/m);
    expect(text).not.toMatch(/^neon_shards /m);
  });

  it('goes on when whoever read its log has gone', async () => {
    neonwatch = await startNeonwatch(quick());
    await waitFor(neonwatch, 'nodes', (text) => text.includes('neon_nodes{'));
    neonwatch.child.stderr?.destroy();
    await replay.refuse('storcon');
    // By then the failures have been logged.
    await waitFor(neonwatch, 'nodes vanishing', (text) => !text.includes('neon_nodes{'));
    expect(await neonwatch.end('SIGTERM')).toBe(0);
    neonwatch = undefined;
  });

  it('keeps the discovered pageservers apart from one that is announced at an unusable address', async () => {
    const broken = { id: 9, listen_http_addr: 'no host', listen_http_port: 9898 };
    const answer = await fetch(`${replay.controllerUrl}/control/v1/node`);
    const nodes = (await answer.json()) as object[];
    const list = [{ ...nodes[0], ...broken }, ...nodes];
    replay.set('storcon', '/control/v1/node', { body: list });
    neonwatch = await startNeonwatch(quick());
    await waitFor(neonwatch, 'locations of node 3', (text) =>
      /^neon_pageserver_locations\{node_id="3"/m.test(text),
    );
    const lines = neonwatch.stderr().split('\n');
    expect(lines.filter((line) => line.includes('unusable address'))).toHaveLength(1);
  });

  it('names the addresses setting when an announced address cannot be dialled', async () => {
    neonwatch = await startNeonwatch(quick({ addresses: {} }));
    const program = neonwatch;
    const line = await until('the log line', () =>
      program
        .stderr()
        .split('\n')
        .find((one) => one.includes('cannot be dialled')),
    );
    expect(JSON.parse(line).error).toMatch(/map it: addresses: \{"127\.0\.0\.1:\d+": "host:port"\}/);
  });

  it('ends well within five seconds of SIGTERM, whatever hangs on its connections', async () => {
    neonwatch = await startNeonwatch(quick());
    const { hostname, port } = new URL(neonwatch.url);
    const slow = connect(Number(port), hostname);
    await once(slow, 'connect');
    slow.on('error', () => undefined);
    slow.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
    const startedMs = performance.now();
    const code = await neonwatch.end('SIGTERM');
    expect(code).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    slow.destroy();
    neonwatch = undefined;
  });

  it('is refused with the setting and the remedy when the port is taken', async () => {
    const taken: Server = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const attempt = startNeonwatch(quick(), `127.0.0.1:${address.port}`);
    await expect(attempt).rejects.toThrow(/the port is taken.*http\.listen/);
    taken.close();
  });
});
