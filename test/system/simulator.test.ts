import { afterEach, describe, expect, it } from 'vitest';
import { type Neonwatch, startNeonwatch, until } from './programs.ts';
import { type Simulated, startSimulate } from './simulated.ts';

let simulated: Simulated | undefined;
let neonwatch: Neonwatch | undefined;
afterEach(async () => {
  await neonwatch?.end('SIGKILL');
  await simulated?.end();
  neonwatch = undefined;
  simulated = undefined;
});

const quick = {
  collection: { interval: '500ms', timeout: '400ms', keepIntervals: 2 },
  limits: { connectTimeout: '300ms', headersTimeout: '300ms', bodyTimeout: '300ms' },
  collectors: { leader: { interval: '1s', timeout: '400ms' }, pageserver_secondaries: { interval: '500ms' } },
  series: { perTenant: true, perShard: true },
};

async function watching(...flags: string[]): Promise<{ readonly simulator: Simulated; readonly see: See }> {
  const simulator = await startSimulate(...flags);
  simulated = simulator;
  const program = await startNeonwatch({ ...simulator.config, ...quick });
  neonwatch = program;
  const see: See = (what, test) =>
    until(what, async () => {
      const response = await fetch(`${program.url}/metrics`);
      const text = await response.text();
      return response.ok && test(valuesOf(text)) ? text : undefined;
    });
  return { simulator, see };
}

type Values = (series: string) => number | undefined;
type See = (what: string, test: (values: Values) => boolean) => Promise<string>;

function valuesOf(text: string): Values {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const at = line.lastIndexOf(' ');
    if (!line.startsWith('#') && at > 0) values.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return (series) => values.get(series);
}

const agreements = [
  'not_attached',
  'unscheduled',
  'unknown',
  'absent',
  'moving',
  'stale_generation',
  'agree',
  'elsewhere',
] as const;

/** Shards by agreement, those without any left out. */
function placements(values: Values): Readonly<Record<string, number>> {
  const pairs = agreements.map(
    (name) => [name, values(`neon_shard_placements{agreement="${name}"}`) ?? 0] as const,
  );
  return Object.fromEntries(pairs.filter(([, count]) => count !== 0));
}

function allAgree(values: Values, shards: number): boolean {
  return JSON.stringify(placements(values)) === JSON.stringify({ agree: shards });
}

const small = ['--tenants', '10', '--shards-per-tenant', '2', '--pageservers', '3'];

describe('neonwatch watching neonwatch simulate', () => {
  it('sees a healthy cluster: every shard is where it is meant to be', async () => {
    const { see } = await watching(...small);
    await see('all shards agreeing', (values) => allAgree(values, 20));
  });

  it('sees a pageserver die, its shards move, and it come back', async () => {
    const { simulator, see } = await watching(...small);
    await see('all shards agreeing', (values) => allAgree(values, 20));
    await simulator.post('/_sim/faults/node_down', { arguments: { node: 3 } });
    await see('pageserver 3 not answering', (values) => (placements(values)['unknown'] ?? 0) > 0);
    await simulator.post('/_sim/advance', { ms: 60_000 });
    const offline = 'neon_node_availability{node_id="3",az="az-c",availability="Offline"}';
    await see(
      'node 3 offline, its shards elsewhere',
      (values) => values(offline) === 1 && allAgree(values, 20),
    );
    await simulator.post('/_sim/faults/node_down', { on: false });
    await simulator.post('/_sim/advance', { ms: 60_000 });
    await see('node 3 back', (values) => values(offline) === 0 && allAgree(values, 20));
  });

  it('sees notifications pending while the hook is dead', async () => {
    const { simulator, see } = await watching(...small);
    const pending = 'neon_shards_in_state{state="pending_compute_notification"}';
    await see('no notification pending', (values) => values(pending) === 0);
    await simulator.post('/_sim/faults/hook', { arguments: { as: 'dead' } });
    await simulator.post('/_sim/faults/node_down', { arguments: { node: 1 } });
    await simulator.post('/_sim/advance', { ms: 90_000 });
    await see('notifications pending', (values) => (values(pending) ?? 0) > 0);
    await simulator.post('/_sim/faults/hook', { on: false });
    await simulator.post('/_sim/advance', { ms: 60_000 });
    await see('no notification pending', (values) => values(pending) === 0);
  });

  it('sees the controller away, and keeps what it knows of the pageservers', async () => {
    const { simulator, see } = await watching(...small);
    await see('all shards agreeing', (values) => allAgree(values, 20));
    await simulator.post('/_sim/faults/controller_down', {});
    await see(
      'the node list ageing away',
      (values) => values('neon_nodes{availability="Active"}') === undefined,
    );
    await simulator.post('/_sim/faults/controller_down', { on: false });
    await see('all shards agreeing again', (values) => allAgree(values, 20));
  });

  it('sees a controller that panics at each start, and what is well when it is mended', async () => {
    const { simulator, see } = await watching(...small);
    await see('all shards agreeing', (values) => allAgree(values, 20));
    const { storageController } = simulator.config as { storageController: { url: string } };
    const tenant = '20000000000000000000000000000001';
    const policy = fetch(`${storageController.url}/control/v1/tenant/${tenant}/policy`, {
      method: 'PUT',
      body: JSON.stringify({ placement: { Attached: 2 } }),
    });
    await expect(policy).rejects.toThrow('fetch failed');
    await see(
      'the node list ageing away',
      (values) => values('neon_nodes{availability="Active"}') === undefined,
    );
    await simulator.post('/_sim/advance', { ms: 5_000 });
    const { panics } = await simulator.get<{ panics: number }>('/_sim/world');
    expect(panics).toBeGreaterThan(1);
    await simulator.post('/_sim/faults/database_mended', {});
    await see('all shards agreeing again', (values) => allAgree(values, 20));
  });

  it('reads a cluster that asks for tokens with those it printed', async () => {
    const { see } = await watching(...small, '--auth');
    await see('all shards agreeing', (values) => allAgree(values, 20));
  });
});

describe('neonwatch simulate', () => {
  it('logs what was asked of it, and says what it can break', async () => {
    simulated = await startSimulate(...small, '--hook-requests');
    const { storageController } = simulated.config as { storageController: { url: string } };
    const fill = await fetch(`${storageController.url}/control/v1/node/1/fill`, { method: 'PUT' });
    expect([fill.status, await fill.text()]).toEqual([202, 'null']);
    const { requests } = await simulated.get<{ requests: object[] }>('/_sim/requests');
    expect(requests).toMatchObject([
      { seq: 1, service: 'storage_controller', method: 'PUT', path: '/control/v1/node/1/fill', status: 202 },
    ]);
    const { faults } = await simulated.get<{ faults: object[] }>('/_sim/faults');
    expect(faults.length).toBeGreaterThan(10);
    await expect(simulated.post('/_sim/faults/nothing', {})).rejects.toThrow('there is no fault nothing');
  });

  it('ends at once when it is asked to', async () => {
    const own = await startSimulate(...small);
    expect(await own.end()).toBe(0);
  });

  it.for([
    {
      case: 'a flag nobody knows',
      flags: ['--tenant', '3'],
      complaint: /--tenant: unknown flag; did you mean --tenants/,
    },
    {
      case: 'a number too large',
      flags: ['--azs', '1000'],
      complaint: /--azs: expected a number from 1 to 26/,
    },
    { case: 'a word', flags: ['elephants'], complaint: /takes flags only/ },
  ])('refuses $case', async ({ flags, complaint }) => {
    await expect(startSimulate(...flags)).rejects.toThrow(complaint);
  });

  it('refuses a port that is taken', async () => {
    const own = await startSimulate(...small);
    simulated = own;
    const port = new URL(own.sim).port;
    await expect(startSimulate(...small, '--listen-base', String(Number(port) - 1))).rejects.toThrow(
      /cannot listen on 127\.0\.0\.1:\d+/,
    );
  });
});
