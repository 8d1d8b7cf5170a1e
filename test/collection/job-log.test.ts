import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { JobStatus } from '../../src/collection/job.ts';
import { createJobLog } from '../../src/collection/job-log.ts';
import { SourceError } from '../../src/errors.ts';
import { manualClock } from '../support/manual-clock.ts';

function status(collector: string, message?: string): JobStatus {
  return {
    collector,
    target: { kind: 'compute', name: 'main', url: '' },
    up: message === undefined,
    attempts: 1,
    failures: new Map(),
    skipped: new Map(),
    lastAttemptAtMs: 0,
    lastSuccessAtMs: undefined,
    durationMs: 1,
    setAside: {},
    skippedParts: [],
    lastError: message === undefined ? undefined : new SourceError('refused', message),
  };
}

function log() {
  const lines: { collector: string; msg: string; error?: string; repeats?: number }[] = [];
  const clock = manualClock();
  const logger = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { lines, clock, end: createJobLog(logger, clock) };
}

describe('the log of failing collectors', () => {
  it('says a failure once, and again after ten minutes with how often it was kept back', async () => {
    const { lines, clock, end } = log();
    for (let run = 0; run < 5; run += 1) end(status('statements', 'connection refused'));
    await clock.advance(600_000);
    end(status('statements', 'connection refused'));
    expect(lines.map(({ repeats }) => repeats)).toEqual([0, 4]);
  });

  it('says at once when the failure is another one, and when it is over', () => {
    const { lines, end } = log();
    end(status('statements', 'connection refused'));
    end(status('statements', 'wrong password'));
    end(status('statements'));
    end(status('statements'));
    expect(lines.map(({ error, msg }) => error ?? msg)).toEqual([
      'connection refused',
      'wrong password',
      'collector is well again',
    ]);
  });

  it('says once what all collectors of a target say in the same words', () => {
    const { lines, end } = log();
    for (const collector of ['statements', 'relations', 'neurondb'])
      end(status(collector, 'connection refused'));
    expect(lines.map(({ collector }) => collector)).toEqual(['statements']);
  });

  it('says it again when it was well in between', () => {
    const { lines, end } = log();
    end(status('statements', 'connection refused'));
    end(status('statements'));
    end(status('statements', 'connection refused'));
    expect(lines).toHaveLength(3);
  });

  it('says nothing of a collector that was never ill', () => {
    const { lines, end } = log();
    end(status('statements'));
    expect(lines).toEqual([]);
  });
});
