import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/clock.ts';
import type { OpenTarget } from '../src/collection/schedule.ts';
import { createStore, type Store } from '../src/collection/store.ts';
import type { Target } from '../src/collectors/target.ts';
import { collectorSchedule } from '../src/config/collector-schedule.ts';
import type { Config } from '../src/config/schema.ts';
import { asSourceError, type SourceError } from '../src/errors.ts';
import { type RunningSimulator, startSimulator } from '../src/simulator/http/simulator.ts';
import { createWorld } from '../src/simulator/world/world.ts';
import { openWatched, watchedTargets } from '../src/watched-targets.ts';
import { loadWith } from './config/load-with.ts';

let simulator: RunningSimulator;
afterEach(() => simulator.stop());

const tenant = '10000000000000000000000000000001';

async function simulated(tokenSecret?: Buffer): Promise<RunningSimulator> {
  simulator = await startSimulator({
    clock: systemClock,
    time: 'stepped',
    pageservers: 3,
    safekeepers: 3,
    ...(tokenSecret === undefined ? {} : { tokenSecret }),
    makeWorld: (address) =>
      createWorld({
        seed: 1,
        tenants: 0,
        safekeepers: 3,
        computes: 1,
        initial: [
          { id: tenant, shardCount: 0, shards: [{ attached: 1, secondaries: [2], preferredAz: 'az-a' }] },
        ],
        address,
      }),
  });
  return simulator;
}

/** Everything of the simulated cluster, with its tokens. The compute is never woken: only its compute_ctl is asked. */
async function configOf(extra: object = {}): Promise<Config> {
  const { tokens, controllerUrl, brokerUrl, hookUrl, computeUrls } = simulator;
  const token = (claims: object) => (tokens === undefined ? {} : { token: tokens.issue(claims as never) });
  const computeCtlToken = tokens?.issue({ scope: 'compute_ctl:admin', aud: ['compute'] });
  const file = {
    storageController: { url: controllerUrl, ...token({ scope: 'admin' }) },
    pageservers: token({ scope: 'pageserverapi' }),
    broker: { url: brokerUrl },
    computeHook: { url: hookUrl },
    computes: [
      {
        name: 'shop',
        dsn: 'postgresql://u@127.0.0.1:1/d',
        wake: 'never',
        computeCtlUrl: computeUrls.get(tenant),
        ...(computeCtlToken === undefined ? {} : { computeCtlToken }),
      },
    ],
    ...extra,
  };
  return (await loadWith({ file: JSON.stringify(file) })).config;
}

interface Seen {
  readonly store: Store;
  /** `collector target` → why it could not be read. */
  readonly failures: ReadonlyMap<string, SourceError>;
}

/** Every collector of every target once, as the server opens them; what is discovered after the lists were read. */
async function look(config: Config): Promise<Seen> {
  const store = createStore(systemClock);
  const failures = new Map<string, SourceError>();
  const shared = { locations: store.locations, areLocationsTried: () => true };
  const runAll = async (target: Target, { runs, close }: OpenTarget): Promise<void> => {
    for (const { collector, take } of runs) {
      try {
        const taken = await take(
          undefined,
          AbortSignal.timeout(collectorSchedule(config, collector).timeoutMs),
        );
        if ('reading' in taken) store.put(collector, { target, ...taken }, 60_000);
      } catch (thrown) {
        failures.set(`${collector} ${target.name}`, asSourceError(thrown));
      }
    }
    await close();
  };
  const done = new Set<string>();
  for (const _ of ['configured', 'discovered']) {
    const { targets } = watchedTargets(config, store);
    const fresh = targets.filter(({ kind, name }) => !done.has(`${kind} ${name}`));
    await Promise.all(
      fresh.map((target) => runAll(target, openWatched(target, config, systemClock, shared))),
    );
    for (const { kind, name } of fresh) done.add(`${kind} ${name}`);
  }
  return { store, failures };
}

/** Targets are sorted by their addresses, whose ports are any free ones. */
function idsOf(ids: readonly number[]): readonly number[] {
  return ids.toSorted((left, right) => left - right);
}

describe('a simulated cluster', () => {
  it.for([
    { case: 'that asks nobody for a token', secret: undefined, isOpen: true },
    { case: 'that wants tokens', secret: Buffer.alloc(32, 7), isOpen: false },
  ])('$case is read whole, and is known to be open: $isOpen', async ({ secret, isOpen }) => {
    await simulated(secret);
    const { store, failures } = await look(await configOf());
    expect([...failures.values()].map(({ message }) => message)).toEqual([]);
    expect(store.one('controller_access')?.reading).toEqual({ isOpen });
    expect(store.one('controller_metrics')?.reading).toMatchObject({
      leadership: 'leader',
      stuckReconciles: 0,
      longRunning: [],
      setAside: {},
    });
    expect(idsOf(store.all('pageserver_metrics').map(({ reading }) => reading.nodeId))).toEqual([1, 2, 3]);
    expect(store.all('pageserver_metrics')[0]?.reading).toMatchObject({ misroutedRequests: 0, setAside: {} });
    expect(idsOf(store.all('safekeeper_status').map(({ reading }) => reading.safekeeperId))).toEqual([
      1, 2, 3,
    ]);
    expect(store.all('safekeeper_metrics').map(({ reading }) => reading.timelines)).not.toContain(undefined);
    expect(store.one('broker')?.reading).toMatchObject({ isResponding: true, publishers: 3 });
    expect(store.one('compute_hook')?.reading).toMatchObject({ isResponding: true });
    expect(store.one('compute_ctl')?.target.name).toBe('shop');
    expect(store.one('compute_ctl')?.reading).toMatchObject({ status: 'running', tenantId: tenant });
  });

  it('whose broker, hook and a safekeeper are dead says so of each, and of nothing else', async () => {
    const { world } = await simulated();
    world.faults.on('broker_down');
    world.faults.on('safekeeper_down', { safekeeper: 2 });
    await simulator.sync();
    // Port 1 is never given out, so nothing listens there.
    const { store, failures } = await look(await configOf({ computeHook: { url: 'http://127.0.0.1:1' } }));
    expect(store.one('broker')?.reading).toEqual({ isResponding: false, reason: 'refused' });
    expect(store.one('compute_hook')?.reading).toEqual({ isResponding: false, reason: 'refused' });
    expect(idsOf(store.all('safekeeper_status').map(({ reading }) => reading.safekeeperId))).toEqual([1, 3]);
    expect([...failures].map(([what, { reason }]) => `${what.split(' ')[0]} ${reason}`)).toEqual([
      'safekeeper_status refused',
      'safekeeper_metrics refused',
    ]);
    expect([...failures.values()][0]?.message).toMatch(/^safekeeper announced as .* cannot be dialled/);
  });

  it('has peers that are asked for their own health and metrics and nothing more', async () => {
    const { controllerUrl } = await simulated();
    const port = new URL(controllerUrl).port;
    // The same process under another name.
    const config = await configOf({
      storageController: { url: controllerUrl, peers: [`http://localhost:${port}`] },
    });
    const { store } = await look(config);
    const names = [`127.0.0.1:${port}`, `localhost:${port}`];
    expect(store.all('controller_health').map(({ target }) => target.name)).toEqual(names);
    expect(store.all('controller_metrics').map(({ target }) => target.name)).toEqual(names);
    expect(store.all('nodes').map(({ target }) => target.name)).toEqual(names.slice(0, 1));
    expect(store.all('controller_access').map(({ target }) => target.name)).toEqual(names.slice(0, 1));
  });

  it('whose hook hangs is told within the deadline of the looks that take silence for a fact', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    await simulated();
    const port = typeof address === 'object' ? address?.port : undefined;
    const config = await configOf({
      computeHook: { url: `http://127.0.0.1:${port}` },
      collectors: { compute_hook: { timeout: '1s' } },
      limits: { connectTimeout: '500ms' },
    });
    const { store } = await look(config);
    expect(store.one('compute_hook')?.reading).toEqual({ isResponding: false, reason: 'timeout' });
    silent.close();
  });
});
