import { describe, expect, it } from 'vitest';
import { type JobStatus, startJob, type Taken } from '../../src/collection/job.ts';
import type { ReadingBase, Skipped } from '../../src/collectors/collector.ts';
import { SourceError } from '../../src/errors.ts';
import { manualClock } from '../support/manual-clock.ts';

type Collect = (signal: AbortSignal) => Promise<ReadingBase | Skipped>;

const target = { kind: 'pageserver', name: 'pageserver2:9898', url: 'http://localhost:9899' } as const;

/** A job whose runs are `collect`, at 10 s with a deadline of 4 s, the first within 250 ms, without jitter at 0.5. */
function harness(
  collect: Collect,
  {
    timeoutMs = 4_000,
    random = 0.5,
    onTaken,
  }: { timeoutMs?: number; random?: number; onTaken?: () => void } = {},
) {
  const clock = manualClock();
  const taken: Taken[] = [];
  const ended: JobStatus[] = [];
  const job = startJob(
    { collector: 'probe', target, intervalMs: 10_000, timeoutMs },
    {
      collect: async (signal) => {
        const reading = await collect(signal);
        return 'skipped' in reading ? reading : { reading, firstReadAtMs: 1, lastReadAtMs: 2 };
      },
      clock,
      random: () => random,
      onTaken: onTaken ?? ((one) => taken.push(one)),
      onEnd: (status) => ended.push(status),
    },
  );
  return { clock, job, taken, ended };
}

/** A run that ends when `finish` is called. */
function slowRuns() {
  const finishes: ((reading: ReadingBase) => void)[] = [];
  const signals: AbortSignal[] = [];
  const collect: Collect = (signal) =>
    new Promise((resolve) => {
      signals.push(signal);
      finishes.push(resolve);
    });
  return { collect, finishes, signals };
}

describe('startJob', () => {
  it('runs at once, then at its interval', async () => {
    const { clock, job, taken } = harness(async () => ({}));
    await clock.advance(1_000);
    expect(taken).toHaveLength(1);
    await clock.advance(30_000);
    expect(taken).toHaveLength(4);
    expect(job.status()).toMatchObject({ up: true, attempts: 4 });
  });

  it('counts a tick that finds the former run under way, and does not queue it', async () => {
    const { collect, finishes } = slowRuns();
    // With jitter at its least the tick at 9.5 s comes before the deadline at 10 s.
    const { clock, job } = harness(collect, { timeoutMs: 10_000, random: 0 });
    await clock.advance(9_900);
    expect(finishes).toHaveLength(1);
    expect(job.status().skipped.get('still_running')).toBe(1);
    finishes[0]?.({});
    await clock.advance(9_000);
    expect(finishes).toHaveLength(1);
    await clock.advance(500);
    expect(finishes).toHaveLength(2);
  });

  it('ends a run at its deadline with reason timeout, aborts it, and runs again at the next tick', async () => {
    const { collect, signals } = slowRuns();
    const { clock, job, ended } = harness(collect);
    await clock.advance(5_000);
    expect(signals[0]?.aborted).toBe(true);
    expect(ended[0]).toMatchObject({ up: false, durationMs: 4_000 });
    expect(ended[0]?.lastError).toMatchObject({ reason: 'timeout' });
    expect(ended[0]?.lastError?.message).toContain('4000 ms');
    await clock.advance(6_000);
    expect(signals).toHaveLength(2);
    expect(job.status().failures.get('timeout')).toBe(1);
  });

  it('takes nothing from a run that answers after its deadline', async () => {
    const { collect, finishes } = slowRuns();
    const { clock, taken } = harness(collect);
    await clock.advance(5_000);
    finishes[0]?.({});
    await clock.advance(1);
    expect(taken).toEqual([]);
  });

  it.for([
    { case: 'a SourceError keeps its reason', thrown: new SourceError('denied', 'no'), reason: 'denied' },
    {
      case: 'a programming mistake is unexpected',
      thrown: new TypeError('x is undefined'),
      reason: 'unexpected',
    },
    { case: 'a thrown text is unexpected', thrown: 'oops', reason: 'unexpected' },
  ] as const)('$case', async ({ thrown, reason }) => {
    const { clock, job } = harness(async () => {
      throw thrown;
    });
    await clock.advance(1_000);
    expect(job.status()).toMatchObject({ up: false, attempts: 1 });
    expect([...job.status().failures]).toEqual([[reason, 1]]);
  });

  it('aborts what a failed run still has under way', async () => {
    const signals: AbortSignal[] = [];
    const { clock } = harness(async (signal) => {
      signals.push(signal);
      throw new SourceError('refused', 'no');
    });
    await clock.advance(1_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('counts a run once whose reading could not be taken', async () => {
    const { clock, job } = harness(async () => ({}), {
      onTaken: () => {
        throw new TypeError('x is undefined');
      },
    });
    await clock.advance(1_000);
    expect(job.status()).toMatchObject({ up: false, attempts: 1 });
  });

  it('is well again after a success, and keeps the count of failures', async () => {
    let runs = 0;
    const { clock, job } = harness(async () => {
      runs += 1;
      if (runs === 1) throw new SourceError('refused', 'no');
      return { setAside: { duplicate: 2 } };
    });
    await clock.advance(12_000);
    expect(job.status()).toMatchObject({ up: true, attempts: 2, setAside: { duplicate: 2 } });
    expect(job.status().lastError).toBeUndefined();
    expect(job.status().failures.get('refused')).toBe(1);
  });

  it('tries again after a second when it only waits for another collector, and counts no attempt', async () => {
    let runs = 0;
    const { clock, job, taken } = harness(async () => {
      runs += 1;
      const result: ReadingBase | Skipped = runs < 3 ? { skipped: 'waiting_for_locations' } : {};
      return result;
    });
    await clock.advance(3_000);
    expect(taken).toHaveLength(1);
    expect(job.status()).toMatchObject({ attempts: 1, up: true });
    expect(job.status().skipped.get('waiting_for_locations')).toBe(2);
  });

  it('stops for good: the run under way is aborted and nothing is taken or reported from it', async () => {
    const { collect, signals, finishes } = slowRuns();
    const { clock, job, taken, ended } = harness(collect);
    await clock.advance(1_000);
    job.stop();
    expect(signals[0]?.aborted).toBe(true);
    finishes[0]?.({});
    await clock.advance(60_000);
    expect([taken, ended, signals.length]).toEqual([[], [], 1]);
    expect(clock.pending()).toBe(0);
  });

  it('keeps its pace and its durations when the wall clock jumps', async () => {
    const { clock, job, taken } = harness(async () => ({}));
    await clock.advance(1_000);
    clock.jump(-86_400_000);
    await clock.advance(20_000);
    expect(taken).toHaveLength(3);
    expect(job.status().durationMs).toBe(0);
  });
});
