import { describe, expect, it } from 'vitest';
import { isAwakeByOthers, piggybackGate } from '../../src/collection/wake-gate.ts';
import { SourceError } from '../../src/errors.ts';
import { fakeReader } from '../support/fake-reader.ts';
import { manualClock } from '../support/manual-clock.ts';

const nowMs = 1_000_000;
const running = (agoMs: number) => ({ isRunning: true, lastActiveAtMs: nowMs - agoMs });

describe('isAwakeByOthers', () => {
  it.for([
    {
      case: 'active a moment ago, and never looked at by us',
      status: running(1_000),
      ours: undefined,
      awake: true,
    },
    { case: 'active a minute ago', status: running(60_000), ours: undefined, awake: true },
    { case: 'active longer ago than that', status: running(60_001), ours: undefined, awake: false },
    {
      case: 'active only as the echo of our own look',
      status: running(1_000),
      ours: nowMs - 2_000,
      awake: false,
    },
    { case: 'active well after our own look', status: running(1_000), ours: nowMs - 30_000, awake: true },
    {
      case: 'never active',
      status: { isRunning: true, lastActiveAtMs: undefined },
      ours: undefined,
      awake: false,
    },
    { case: 'not running', status: { ...running(1_000), isRunning: false }, ours: undefined, awake: false },
  ])('$case: $awake', ({ status, ours, awake }) => {
    expect(isAwakeByOthers(status, nowMs, ours)).toBe(awake);
  });
});

/** A compute that suspends after `idleMs` without activity, and counts our SQL as activity as compute_ctl does. */
function suspendingCompute(idleMs: number) {
  const clock = manualClock(0);
  let lastActiveMs = 0;
  let wakeUps = 0;
  const isSuspended = (): boolean => clock.wallMs() - lastActiveMs > idleMs;
  const touch = (): void => {
    if (isSuspended()) wakeUps += 1;
    lastActiveMs = clock.wallMs();
  };
  const http = fakeReader({
    '/status': () => {
      if (isSuspended()) throw new SourceError('refused', 'connection refused');
      return { status: 'running', last_active: new Date(lastActiveMs).toISOString() };
    },
  });
  return { clock, http, touch, isSuspended, wakeUps: () => wakeUps };
}

describe('piggybackGate', () => {
  it('lets an idle compute suspend, and never wakes it, however often we would look', async () => {
    const { clock, http, touch, isSuspended, wakeUps } = suspendingCompute(300_000);
    const gate = piggybackGate(http, clock);
    const signal = AbortSignal.any([]);
    let looks = 0;
    // A user works for two minutes, then leaves; three idle times pass.
    for (let second = 0; second < 120 + 3 * 300; second += 15) {
      if (second < 120) touch();
      for (let collector = 0; collector < 8; collector += 1) {
        if ((await gate.enter(signal)) !== undefined) continue;
        looks += 1;
        touch();
        gate.leave();
      }
      await clock.advance(15_000);
    }
    expect(looks).toBeGreaterThan(8);
    expect(isSuspended()).toBe(true);
    expect(wakeUps()).toBe(0);
  });

  it.for([
    { case: 'whose statements take long', lookEveryMs: 30_000, runs: 1 },
    { case: 'whose runs overlap', lookEveryMs: 8_000, runs: 2 },
  ])('does not take our own looks for somebody else, $case', async ({ lookEveryMs, runs }) => {
    const { clock, http, touch, isSuspended, wakeUps } = suspendingCompute(300_000);
    const gate = piggybackGate(http, clock);
    const signal = AbortSignal.any([]);
    touch();
    const underWay: number[] = [];
    // Each run keeps the server busy for twelve seconds; nobody else is there.
    for (let second = 0; second < 900; second += 1) {
      if (underWay.length > 0) touch();
      while (underWay[0] !== undefined && underWay[0] <= clock.wallMs()) {
        underWay.shift();
        gate.leave();
      }
      const isDue = (second * 1000) % lookEveryMs === 0 && underWay.length < runs;
      if (isDue && (await gate.enter(signal)) === undefined) underWay.push(clock.wallMs() + 12_000);
      await clock.advance(1_000);
    }
    expect(isSuspended()).toBe(true);
    expect(wakeUps()).toBe(0);
  });

  it('lets all collectors of one moment through, not only the first', async () => {
    const { clock, http, touch } = suspendingCompute(300_000);
    touch();
    const gate = piggybackGate(http, clock);
    const signal = AbortSignal.any([]);
    expect([await gate.enter(signal), await gate.enter(signal), await gate.enter(signal)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(http.asked).toHaveLength(1);
  });

  it.for([
    { case: 'is not there, as when it is suspended', reason: 'refused' as const, fails: false },
    { case: 'refuses the token', reason: 'denied' as const, fails: true },
    { case: 'is no compute_ctl', reason: 'malformed' as const, fails: true },
  ])('a compute_ctl that $case fails the run: $fails', async ({ reason, fails }) => {
    const gate = piggybackGate(fakeReader({ '/status': new SourceError(reason, 'no') }), manualClock());
    const entered = gate.enter(AbortSignal.any([]));
    await (fails
      ? expect(entered).rejects.toMatchObject({ reason })
      : expect(entered).resolves.toBe('suspended'));
  });
});
