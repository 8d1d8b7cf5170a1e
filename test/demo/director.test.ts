import { describe, expect, it } from 'vitest';
import { metricsOf, play, type Stage } from '../../scripts/demo/director.ts';
import { demoFaults } from '../../scripts/demo/faults/all-faults.ts';
import type { DemoFault } from '../../scripts/demo/faults/fault.ts';
import type { Scene } from '../../scripts/demo/scene.ts';
import { parseWatchExpression, readSamples } from '../../scripts/demo/watch-expression.ts';

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
function stageWith(line: { text: string }): { stage: Stage; said: string[] } {
  const said: string[] = [];
  const stage: Stage = {
    scene: {} as Scene,
    scrape: async () => readSamples(`${calm}${line.text}`),
    say: (text) => void said.push(text),
    wallMs: () => 0,
    patienceMs: 300,
    signal: new AbortController().signal,
  };
  return { stage, said };
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
    const { stage, said } = stageWith(line);
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
    const played = await play(stage, fault, 0);
    if (problem === undefined) expect(played).toMatchObject({ problem, seenMs: expect.any(Number) });
    else expect(played.problem).toMatch(problem);
    if (begin === undefined) expect(said[0]).toMatch(/^\d\d:\d\d:\d\d node 3 broke: watch x$/);
  });

  it('gives up at once when the demo is asked to end', async () => {
    const ending = new AbortController();
    const { stage } = stageWith({ text: '' });
    const fault: DemoFault = {
      name: 'one',
      about: '',
      watch: ['x > 0'],
      begin: async () => ({ story: '' }),
      end: async () => undefined,
    };
    const playing = play({ ...stage, patienceMs: 60_000, signal: ending.signal }, fault, 0);
    ending.abort(new Error('asked to end'));
    await expect(playing).rejects.toThrow();
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
