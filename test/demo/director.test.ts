import { describe, expect, it } from 'vitest';
import { unreadSince, whatIsWrong } from '../../scripts/demo/calm.ts';
import { metricsOf, type Played, play, type Stage } from '../../scripts/demo/director.ts';
import { demoFaults } from '../../scripts/demo/faults/all-faults.ts';
import type { DemoFault } from '../../scripts/demo/faults/fault.ts';
import type { Scene } from '../../scripts/demo/scene.ts';
import { parseWatchExpression, readSamples } from '../../scripts/demo/watch-expression.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';

const calm = `neonwatch_collector_up 1
neon_compute_up{compute="shop"} 1
neon_storage_controller_ready 1
neon_shard_placements{agreement="agree"} 5
neon_node_info{node_id="1",pg_address="a:1"} 1
neon_compute_settings_info{tenant_id="t"} 1
neon_shard_attached_node_info{tenant_id="t",shard_id="0001",node_id="1"} 1
neon_compute_pageserver_info{shard_number="0",address="a:1"} 1
`;

/** A stage whose only fault is a line in the exposition. */
function stageWith(line: { text: string }): { stage: Stage; said: string[]; clock: ManualClock } {
  const said: string[] = [];
  const clock = manualClock();
  const stage: Stage = {
    scene: {} as Scene,
    scrape: async () => readSamples(`${calm}${line.text}`),
    say: (text) => void said.push(text),
    clock,
    patienceMs: 10_000,
    signal: new AbortController().signal,
  };
  return { stage, said, clock };
}

/** Lets time pass until the play is over. */
async function played(clock: ManualClock, playing: Promise<Played>): Promise<Played> {
  let isOver = false;
  const over = playing.finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(100);
  return over;
}

interface Case {
  readonly case: string;
  readonly before?: string;
  readonly during?: string;
  readonly after?: string;
  readonly begin?: () => never;
  readonly problem: RegExp | undefined;
}

describe('play', () => {
  it.for<Case>([
    { case: 'is content with a fault that shows and goes', during: 'x{node="3"} 1', problem: undefined },
    {
      case: 'tells of one that does not show',
      during: 'x{node="4"} 1',
      problem: /^not seen: x\{node="3"\} > 0$/,
    },
    {
      case: 'tells of one that was there before',
      before: 'x{node="3"} 1',
      during: 'x{node="3"} 1',
      problem: /before/,
    },
    {
      case: 'tells of one that leaves something behind',
      during: 'x{node="3"} 1',
      after: 'neon_compute_invalid_indexes 1',
      problem: /not well again/,
    },
    {
      case: 'tells of one that could not begin',
      begin: () => {
        throw new Error('no such node');
      },
      problem: /no such node/,
    },
  ])('$case', async ({ before = '', during = '', after = '', begin, problem }) => {
    const line = { text: before };
    const { stage, said, clock } = stageWith(line);
    const fault: DemoFault = {
      name: 'one',
      about: '',
      watch: ['x{node="%node%"} > 0'],
      async begin() {
        begin?.();
        line.text = during;
        return { story: 'node 3 broke', values: { node: '3' } };
      },
      async end() {
        line.text = after;
      },
    };
    const result = await played(clock, play(stage, fault, 0));
    if (problem === undefined) expect(result).toMatchObject({ problem, seenMs: expect.any(Number) });
    else expect(result.problem).toMatch(problem);
    if (begin === undefined) expect(said[0]).toMatch(/^\d\d:\d\d:\d\d node 3 broke: watch x$/);
  });

  it('does what else is to be done while the fault is there and was seen', async () => {
    const line = { text: '' };
    const { stage, clock } = stageWith(line);
    const seen: string[] = [];
    const whileBroken = async ({ name }: DemoFault) => void seen.push(`${name}: ${line.text}`);
    const fault: DemoFault = {
      name: 'one',
      about: '',
      watch: ['x > 0'],
      async begin() {
        line.text = 'x 1';
        return { story: '' };
      },
      async end() {
        line.text = '';
      },
    };
    await played(clock, play({ ...stage, whileBroken }, fault, 0));
    expect(seen).toEqual(['one: x 1']);
    const failing = async () => Promise.reject(new Error('doctor is ill'));
    const { problem } = await played(clock, play({ ...stage, whileBroken: failing }, fault, 0));
    expect(problem).toBe('doctor is ill');
  });

  it('calls well only what was read again after the fault was put right', async () => {
    const read = (atMs: number) =>
      `neonwatch_collector_last_success_timestamp_seconds{collector="leader",target="a:1"} ${atMs / 1_000}`;
    const clock = manualClock();
    const begunMs = clock.wallMs();
    let isBroken = false;
    const stage: Stage = {
      ...stageWith({ text: '' }).stage,
      clock,
      // The leader is read after five seconds, and never before.
      scrape: async () => {
        const leader = read(clock.wallMs() < begunMs + 5_000 ? begunMs - 1 : begunMs + 5_000);
        return readSamples(`${calm}${leader}\n${isBroken ? 'x 1' : ''}`);
      },
    };
    const fault: DemoFault = {
      name: 'one',
      about: '',
      watch: ['x > 0'],
      async begin() {
        isBroken = true;
        return { story: '' };
      },
      async end() {
        isBroken = false;
      },
    };
    const { seenMs, calmMs, problem } = await played(clock, play(stage, fault, 0));
    expect({ seenMs, calmMs, problem }).toEqual({ seenMs: 0, calmMs: 5_000, problem: undefined });
    const { problem: tooLate } = await played(
      clock,
      play(
        { ...stage, scrape: async () => readSamples(`${calm}${read(begunMs)}\n${isBroken ? 'x 1' : ''}`) },
        fault,
        0,
      ),
    );
    expect(tooLate).toBe('not well again: leader of a:1 was not read again');
  });

  it('gives up at once when the demo is asked to end', async () => {
    const ending = new AbortController();
    const { stage, clock } = stageWith({ text: '' });
    const fault: DemoFault = {
      name: 'one',
      about: '',
      watch: ['x > 0'],
      begin: async () => ({ story: '' }),
      end: async () => undefined,
    };
    const playing = play({ ...stage, patienceMs: 60_000, signal: ending.signal }, fault, 0);
    await clock.advance(100);
    // It waits now, and no time passes any more.
    ending.abort(new Error('asked to end'));
    await expect(playing).rejects.toThrow('asked to end');
    expect(clock.pending()).toBe(0);
  });
});

describe('whatIsWrong', () => {
  const job = '{collector="nodes",target="a:1"}';
  it.for([
    { case: 'nothing when all is well', more: '', wrong: [] },
    {
      case: 'what is out of order',
      more: 'neon_compute_invalid_indexes 1',
      wrong: ['neon_compute_invalid_indexes > 0'],
    },
    {
      case: 'what was not read yet',
      more: `neonwatch_collector_attempts_total${job} 0`,
      wrong: ['nodes of a:1 was never read'],
    },
    {
      case: 'not what was read',
      more: `neonwatch_collector_attempts_total${job} 1\nneonwatch_collector_last_success_timestamp_seconds${job} 5`,
      wrong: [],
    },
    {
      case: 'a compute that reads from elsewhere',
      more: 'neon_compute_pageserver_info{shard_number="1",address="b:1"} 1',
      wrong: ['the compute reads from where its shards are not'],
    },
  ])('names $case', ({ more, wrong }) => {
    expect(whatIsWrong(readSamples(`${calm}${more}\n`))).toEqual(wrong);
  });
});

describe('unreadSince', () => {
  const lines = (lastS: number, durationS: number) => `
neonwatch_collector_last_success_timestamp_seconds{collector="nodes",target="a:1"} ${lastS}
neonwatch_collector_duration_seconds{collector="nodes",target="a:1"} ${durationS}
neonwatch_collector_duration_seconds{collector="nodes",target="b:1"} 100`;
  it.for([
    { case: 'was read and begun after', lastS: 12, durationS: 1, unread: [] },
    { case: 'was begun at that moment', lastS: 12, durationS: 2, unread: [] },
    { case: 'ended after and began before', lastS: 12, durationS: 3, unread: ['nodes of a:1'] },
    { case: 'was read before', lastS: 9, durationS: 1, unread: ['nodes of a:1'] },
  ])('judges what $case', ({ lastS, durationS, unread }) => {
    expect(unreadSince(readSamples(lines(lastS, durationS)), 10_000)).toEqual(unread);
  });
});

describe('the faults of the demo', () => {
  it('have names of their own', () => {
    const names = demoFaults.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
  });

  it.for(demoFaults)('$name: is watched by what can be understood', (fault) => {
    const expressions = fault.watch.map((text) => parseWatchExpression(text.replaceAll('%', '')));
    expect(expressions.length).toBeGreaterThan(0);
    expect(metricsOf(fault).every((metric) => /^(neon|neonwatch|neurondb|pg)_/.test(metric))).toBe(true);
  });
});
