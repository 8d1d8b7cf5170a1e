import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../src/clock.ts';
import type { Config } from '../src/config/schema.ts';
import { type LookedAt, lookOnce } from '../src/look-once.ts';
import { type RunningSimulator, startSimulator } from '../src/simulator/http/simulator.ts';
import { createWorld } from '../src/simulator/world/world.ts';
import { loadWith } from './config/load-with.ts';

const hurry = 5;
/** Timers five times sooner, so that nobody waits for the seconds between two looks; sockets take what they take. */
const hurried: Clock = {
  wallMs: systemClock.wallMs,
  monotonicMs: () => systemClock.monotonicMs() * hurry,
  after: (delayMs, run) => systemClock.after(delayMs / hurry, run),
};

let simulator: RunningSimulator | undefined;
afterEach(async () => {
  await simulator?.stop();
  simulator = undefined;
});

/** @param tokenSecret of a cluster that asks for tokens; neonwatch then has the controller's alone */
async function simulated(tokenSecret?: Buffer): Promise<Config> {
  simulator = await startSimulator({
    clock: systemClock,
    time: 'stepped',
    pageservers: 3,
    safekeepers: 1,
    ...(tokenSecret === undefined ? {} : { tokenSecret }),
    makeWorld: (address) => createWorld({ seed: 1, tenants: 2, pageservers: 3, safekeepers: 1, address }),
  });
  const limits = { connectTimeout: '400ms', headersTimeout: '400ms', bodyTimeout: '400ms' };
  const file = {
    storageController: {
      url: simulator.controllerUrl,
      ...(simulator.tokens === undefined ? {} : { token: simulator.tokens.issue({ scope: 'admin' }) }),
    },
    pageservers: { warmthSamples: 10 },
    limits,
  };
  return (await loadWith({ file: JSON.stringify(file) })).config;
}

interface Looked {
  readonly looks: readonly (LookedAt & {
    /** Pageservers whose secondaries were there to be judged. */
    readonly secondaries: number;
  })[];
  /** Whether it ended by itself, and not because its time was up. */
  readonly isInTime: boolean;
}

async function look(
  config: Config,
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<Looked> {
  const { timeoutMs = 600_000, signal } = options;
  const looks: Looked['looks'][number][] = [];
  const startedMs = hurried.monotonicMs();
  await lookOnce({
    config,
    clock: hurried,
    random: () => 0.5,
    timeoutMs,
    signal,
    // The store is emptied at the end.
    onLooked: async (one) =>
      void looks.push({ ...one, secondaries: one.store.all('pageserver_secondaries').length }),
  });
  return { looks, isInTime: hurried.monotonicMs() - startedMs < timeoutMs };
}

const attempts = ({ statuses }: LookedAt, name: string) =>
  statuses.filter(({ collector }) => collector === name).map((status) => status.attempts);

describe('one look at everything', () => {
  it('reads everything once, and what moves twice', async () => {
    const { looks, isInTime } = await look(await simulated());
    expect(isInTime).toBe(true);
    expect(looks).toHaveLength(2);
    const [, last] = looks;
    if (last === undefined) throw new Error('there are two looks');
    expect(last.statuses.filter(({ up }) => up !== true)).toEqual([]);
    expect(
      Math.min(...attempts(last, 'nodes'), ...attempts(last, 'pageserver_locations')),
    ).toBeGreaterThanOrEqual(2);
    expect(attempts(last, 'pageserver_status')).toEqual([1, 1, 1]);
    expect(last.secondaries).toBe(3);
  });

  it('does not wait for what rests on locations that cannot be read', async () => {
    const { looks, isInTime } = await look(await simulated(Buffer.alloc(32, 1)));
    expect(isInTime).toBe(true);
    const statuses = looks.at(-1)?.statuses ?? [];
    const of = (name: string) => statuses.filter(({ collector }) => collector === name);
    expect(of('pageserver_locations').map(({ lastError }) => lastError?.reason)).toEqual([
      'denied',
      'denied',
      'denied',
    ]);
    expect(of('pageserver_secondaries').map(({ skipped }) => [...skipped.keys()])).toEqual([
      ['waiting_for_locations'],
      ['waiting_for_locations'],
      ['waiting_for_locations'],
    ]);
  });

  it('ends in time although a pageserver hangs', async () => {
    const config = await simulated();
    simulator?.world.faults.on('node_hung', { node: 2 });
    await simulator?.sync();
    const { looks, isInTime } = await look(config);
    expect(isInTime).toBe(true);
    expect(looks.at(-1)?.secondaries).toBe(2);
  });

  it('ends when its time is up, with what was read by then', async () => {
    const config = await simulated();
    const { looks } = await look(config, { timeoutMs: 1 });
    expect(looks).toHaveLength(2);
    expect(looks[0]?.statuses.every(({ up }) => up === undefined)).toBe(true);
  });

  it('ends at once when nobody waits any more', async () => {
    const { isInTime } = await look(await simulated(), { signal: AbortSignal.abort() });
    expect(isInTime).toBe(true);
  });
});
