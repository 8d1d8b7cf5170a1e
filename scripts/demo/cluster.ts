import { type Clock, systemClock } from '../../src/clock.ts';
import {
  type RunningSimulator,
  type SimulatorOptions,
  startSimulator,
} from '../../src/simulator/http/simulator.ts';
import type { InitialTenant } from '../../src/simulator/world/api.ts';
import { createWorld } from '../../src/simulator/world/world.ts';
import { watchedTenant } from './scene.ts';

/** The controller's port in the runbook; the simulator counts the others from it. */
const usualPort = 1234;
const pageservers = 6;
const zones = ['az-a', 'az-b', 'az-c'];
const safekeepers = 3;
const stripeSize = 2048;

/** Shards of the sharded tenants, in order of id. */
const shardCounts = [2, 4, 8, 2, 4, 2, 8, 2, 4, 2, 4, 2];
const unsharded = 28;

/** The two pageservers of a zone: 1 and 4 are in the first, 2 and 5 in the second, 3 and 6 in the third. */
function nodesOf(zone: number): readonly [number, number] {
  return [zone + 1, zone + 1 + zones.length];
}

/** A tenant that lives in one zone and has its secondaries in the next. */
function tenant(id: string, index: number, shardCount: number): InitialTenant {
  const zone = index % zones.length;
  const here = nodesOf(zone);
  const there = nodesOf((zone + 1) % zones.length);
  const turn = Math.floor(index / zones.length);
  return {
    id,
    shardCount,
    stripeSize,
    placement: { Attached: 1 },
    // The optimizer leaves an essential tenant where a fault has moved it.
    ...(id === watchedTenant ? { scheduling: 'Essential' as const } : {}),
    shards: Array.from({ length: Math.max(shardCount, 1) }, (_, number) => ({
      // The higher node first: a hook that sorts them gives another order.
      attached: here[(number + turn + 1) % 2] ?? null,
      secondaries: [there[(number + turn) % 2] ?? 0],
      preferredAz: zones[zone] ?? null,
    })),
  };
}

function numbered(first: string, number: number): string {
  return `${first}${number.toString(16).padStart(32 - first.length, '0')}`;
}

/** 40 tenants, a dozen of them sharded; the first has the compute. */
function tenants(): InitialTenant[] {
  const sharded = shardCounts.map((count, at) => tenant(numbered('2', at + 1), at, count));
  const others = Array.from({ length: unsharded }, (_, at) => tenant(numbered('1', at + 1), at, 0));
  const first = sharded.filter(({ id }) => id === watchedTenant);
  return [...first, ...sharded.filter(({ id }) => id !== watchedTenant), ...others];
}

/** A clock that goes faster than the machine's. */
function fastClock(speed: number): Clock {
  const startMs = systemClock.wallMs();
  const elapsedMs = (): number => systemClock.wallMs() - startMs;
  return {
    wallMs: () => startMs + elapsedMs() * speed,
    monotonicMs: () => systemClock.monotonicMs() * speed,
    after: (delayMs, run) => systemClock.after(delayMs / speed, run),
  };
}

/**
 * Starts the simulated cluster on its usual ports, or on any when one of them is taken. It is quicker than a real one
 * to call a pageserver offline, so that nobody has to wait for that.
 */
export async function startCluster(options: {
  readonly seed: number;
  readonly speed: number;
}): Promise<RunningSimulator> {
  const simulator: SimulatorOptions = {
    clock: fastClock(options.speed),
    pageservers,
    safekeepers,
    makeWorld: (address) =>
      createWorld({
        seed: options.seed,
        address,
        pageservers,
        azs: zones.length,
        safekeepers,
        tenants: 0,
        initial: tenants(),
        computes: 1,
        stripeSize,
        heartbeatMs: 1_000,
        offlineMs: 5_000,
        warmingUpMs: 120_000,
        backgroundMs: 5_000,
        heatmapPeriodMs: 5_000,
        startMs: systemClock.wallMs(),
      }),
  };
  return startSimulator({ ...simulator, listenBase: usualPort }).catch(() => startSimulator(simulator));
}
