import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeSeats } from '../../../src/alerts/detectors/controller/named.ts';
import { notificationsFailing } from '../../../src/alerts/detectors/controller/notifications-failing.ts';
import { twoLeaders } from '../../../src/alerts/detectors/controller/two-leaders.ts';
import { nodeFlapping } from '../../../src/alerts/detectors/nodes/node-flapping.ts';
import { nodeStuck } from '../../../src/alerts/detectors/nodes/node-stuck.ts';
import {
  health,
  healthFails,
  leaderRow,
  metrics,
  peer,
  startedAtMs,
  threeNodes,
} from '../../findings/control-world.ts';
import { controller, node, nodes } from '../../findings/controller-world.ts';
import { type FindingCases, type PlayedLook, playEachLook, tickMs } from '../../findings/finding-case.ts';
import { alike, tenants } from '../../findings/placement-world.ts';
import { failure, type World } from '../../findings/world.ts';

type Detector = FindingCases['detector'];

/** Every look at these worlds, one after the other. */
async function play(detector: Detector, worlds: readonly World[]): Promise<PlayedLook[]> {
  const steps = worlds.map((world) => ({ forMs: tickMs, world }));
  const played: PlayedLook[] = [];
  for await (const look of playEachLook(detector, { name: 'a property', steps, firing: [] })) {
    played.push(look);
  }
  return played;
}

describe('takeSeats', () => {
  const names = fc.uniqueArray(fc.constantFrom(...'abcdefghij'), { maxLength: 10 });

  it('gives seats to as many as there are, keeps who has one, and counts the rest', async () => {
    await fc.assert(
      fc.asyncProperty(names, names, fc.integer({ min: 1, max: 6 }), async (before, present, seats) => {
        const held = before.slice(0, seats);
        const taken = await takeSeats(held, new Set(present), seats, () => undefined);
        const { named, others, examples } = taken;
        const kept = held.filter((name) => present.includes(name));
        const waiting = present.filter((name) => !kept.includes(name)).sort();
        const free = seats - kept.length;
        expect(named).toEqual([...kept, ...waiting.slice(0, free)]);
        expect(others).toBe(waiting.slice(free).length);
        expect(examples).toEqual(waiting.slice(free, free + 3));
      }),
    );
  });
});

describe('node_flapping', () => {
  it('counts the changes of the window and nothing else, also over looks without an answer', async () => {
    const state = fc.constantFrom('Active', 'Offline', 'WarmingUp', 'unread');
    await fc.assert(
      fc.asyncProperty(fc.array(state, { minLength: 1, maxLength: 200 }), async (states) => {
        const played = await play(
          nodeFlapping,
          states.map((availability) =>
            availability === 'unread'
              ? [failure('nodes', controller, 'refused')]
              : [nodes([node(2, { availability })])],
          ),
        );
        const changedAt: number[] = [];
        let was: boolean | undefined;
        for (const [at, availability] of states.entries()) {
          if (availability === 'unread') continue;
          const isActive = availability === 'Active';
          if (was !== undefined && was !== isActive) changedAt.push(at);
          was = isActive;
          const recent = changedAt.filter((change) => (at - change) * tickMs < 1_800_000);
          expect(played[at]?.evaluation.findings.length).toBe(recent.length >= 5 ? 1 : 0);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('remembers a bounded number of changes of the nodes that there are', async () => {
    const flip = Array.from({ length: 400 }, (_, at) => [
      nodes([node(at % 7, { availability: at % 2 === 0 ? 'Active' : 'Offline' })]),
    ]);
    const last = (await play(nodeFlapping, flip)).at(-1);
    expect(Object.keys(last?.evaluation.memory ?? {})).toEqual([String(399 % 7)]);
  });
});

describe('node_stuck', () => {
  it('never fires for a drain that moves a shard at least every ten minutes', async () => {
    const pause = fc.integer({ min: 1, max: 39 });
    await fc.assert(
      fc.asyncProperty(fc.array(pause, { minLength: 1, maxLength: 6 }), async (pauses) => {
        const worlds = pauses.flatMap((looks, moved): World[] =>
          Array.from({ length: looks }, () => [
            threeNodes({ scheduling: 'Draining' }),
            tenants(alike(pauses.length - moved, 1, { at: 2, with: [1] })),
            metrics(),
          ]),
        );
        const played = await play(nodeStuck, worlds);
        expect(played.flatMap(({ evaluation }) => evaluation.findings)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('remembers only nodes in the middle of something', async () => {
    const busy: World = [threeNodes({ scheduling: 'Filling' }), metrics()];
    const played = await play(nodeStuck, [busy, [threeNodes(), metrics()]]);
    expect(played.map(({ evaluation }) => evaluation.memory)).toMatchObject([
      { nodes: { 2: { stuckClass: 'filling' } } },
      { nodes: {} },
    ]);
    expect(JSON.stringify(played.at(-1)?.evaluation.memory)).not.toContain('filling');
  });
});

describe('two_leaders', () => {
  interface Epoch {
    readonly who: string;
    readonly looks: number;
    /** For so many looks the database still names the former leader. */
    readonly lag: number;
  }
  const epoch: fc.Arbitrary<Epoch> = fc.record({
    who: fc.constantFrom(controller, peer),
    looks: fc.integer({ min: 3, max: 10 }),
    // The row is written before its writer says that it leads; a look is at most as old as the interval of the route.
    lag: fc.integer({ min: 0, max: 1 }),
  });
  const address = (at: number) => `http://10.0.0.${at}:1234/`;

  it('never takes one leader after the other for two, whoever they are and wherever they listen', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(epoch, { minLength: 1, maxLength: 8 }), async (epochs) => {
        const worlds = epochs.flatMap(({ who, looks, lag }, at): World[] => {
          const since = startedAtMs + at * 600_000;
          const other = who === controller ? peer : controller;
          return Array.from({ length: looks }, (_, look) => [
            health(true, true, who),
            metrics({ startedAtMs: since }, who),
            healthFails('refused', other),
            look < lag && at > 0
              ? leaderRow(address(at - 1), since - 600_000)
              : leaderRow(address(at), since + 20_000),
          ]);
        });
        const played = await play(twoLeaders, worlds);
        const fired = played.flatMap(({ changes }) => changes.filter(({ kind }) => kind === 'fired'));
        expect(fired).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('notifications_failing', () => {
  it('sees a rise when the counter rose within the window, and never when it only began anew', async () => {
    const step = fc.constantFrom(0, 0, 0, 1, 5, 'restart' as const);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
        let count = 7;
        const counts = steps.map((one) => {
          count = one === 'restart' ? 0 : count + one;
          return count;
        });
        const played = await play(
          notificationsFailing,
          counts.map((value) => [metrics({ reconcileComplete: new Map([['ok_no_notify', value]]) })]),
        );
        for (const [at, look] of played.entries()) {
          // The two minutes end half a second after the eighth look back.
          const window = counts.slice(Math.max(0, at - 7), at + 1);
          const lastReset = window.findLastIndex((value, i) => i > 0 && value < (window[i - 1] ?? 0));
          const since = window.slice(Math.max(0, lastReset));
          const rise = (since.at(-1) ?? 0) - (since[0] ?? 0);
          expect(look.evaluation.findings.length).toBe(rise > 0 ? 1 : 0);
        }
      }),
      { numRuns: 60 },
    );
  });
});
