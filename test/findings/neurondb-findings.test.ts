import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/alerts/finding.ts';
import { alertKey } from '../../src/alerts/lifecycle.ts';
import { detectors } from '../../src/alerts/registry.ts';
import { caseTables } from './case-tables.ts';
import { type FindingCase, playCase } from './finding-case.ts';
import { at, changing, database, index, neurondb, relations, statements, vectors } from './neurondb-world.ts';
import { looksOf } from './world.ts';

const own = caseTables.filter(({ detector }) => detector.layer === 'neurondb');

async function findingsOf(id: string, row: FindingCase): Promise<readonly Finding[]> {
  const detector = detectors.find((one) => one.id === id);
  if (detector === undefined) throw new Error(`there is no detector ${id}`);
  const { state } = await playCase(detector, row);
  return [...state.alerts.values()].filter(({ phase }) => phase === 'firing').map(({ finding }) => finding);
}

describe.each(own)('what $detector.id says', ({ detector, cases }) => {
  it('names its subject, has numbers with sources, steps in order and what not to do', async () => {
    for (const row of cases.filter(({ firing }) => firing.length > 0)) {
      for (const finding of await findingsOf(detector.id, row)) {
        for (const part of finding.subject.name.split(/[/.]/)) expect(finding.summary).toContain(part);
        expect(finding.summary).toMatch(/^[A-Z].*\.$/s);
        expect(finding.evidence.length).toBeGreaterThan(0);
        expect(finding.remedy.length).toBeGreaterThan(1);
        expect(finding.avoid.length).toBeGreaterThan(0);
        expect(JSON.stringify(finding)).not.toMatch(/undefined|NaN|\[object/);
        if (detector.classes.length > 0) expect(detector.classes).toContain(finding.className);
      }
    }
  });

  it('gives every class in some case', () => {
    const given = new Set(
      cases.flatMap(({ firing }) => firing.flatMap((text) => /\[(\w+)\]$/.exec(text)?.[1] ?? [])),
    );
    expect([...given].sort()).toEqual([...detector.classes].sort());
  });
});

describe('names that somebody chose', () => {
  const strange = `a"b'c$(touch x);--`;
  const steps = (world: FindingCase['steps'][number]['world']) => [{ forMs: 1_500_000, world }];

  it.each<{ id: string; row: Pick<FindingCase, 'steps'> }>([
    {
      id: 'vector_index_invalid',
      row: {
        steps: steps([vectors([index(strange, { isValid: false, schemaname: strange })], [], strange)]),
      },
    },
    {
      id: 'vector_index_suspect',
      row: {
        steps: steps([
          neurondb([database(strange)], { begin: { recoveredAtMs: at(-5) } }),
          vectors([index(strange, { tuplesRead: 0n })], [], strange),
        ]),
      },
    },
    {
      id: 'llm_config_public',
      row: { steps: steps([neurondb([database(strange, { isLlmConfigPublic: true })])]) },
    },
    {
      id: 'vector_sequential_scans',
      row: {
        steps: changing(40, (step) => [
          vectors([], [{ schemaname: 'public', relname: strange, isIndexed: true }], strange),
          relations([{ relname: strange, scans: step * 4, rows: step * 400_000 }], strange),
        ]),
      },
    },
  ])('are one word of the shell in every command of $id', async ({ id, row }) => {
    const findings = await findingsOf(id, { name: id, firing: [], ...row });
    expect(findings).toHaveLength(1);
    const commands = findings.flatMap(({ remedy }) => remedy.flatMap(({ command }) => command ?? []));
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      const printed = execFileSync('sh', ['-c', `psql() { printf '%s\\n' "$@"; }; ${command}`], {
        encoding: 'utf8',
      });
      const words = printed.trimEnd().split('\n');
      expect(words.slice(words.indexOf('-d'), words.indexOf('-d') + 3)).toEqual(['-d', strange, '-c']);
      expect(words).toHaveLength(8);
    }
  });
});

describe('what is remembered', () => {
  it('of statements is for vector statements only, and bounded', async () => {
    const detector = detectors.find(({ id }) => id === 'slow_vector_statement');
    if (detector === undefined) throw new Error('there is no such detector');
    const many = (step: number) =>
      Array.from({ length: 50 }, (_, number) => ({
        queryid: String(number),
        calls: step * 10,
        ms: step * 1_234.567,
        class: number < 10 ? ('vector' as const) : ('other' as const),
      }));
    const row = { name: 'many', steps: changing(200, (step) => [statements(many(step))]), firing: [] };
    const { last } = await playCase(detector, row);
    const text = JSON.stringify(last.memory);
    expect(text).toContain('app/9');
    expect(text).not.toContain('app/10"');
    expect(text.length).toBeLessThan(10 * 1_000);
  });

  it('of a compute that is watched no more is forgotten', async () => {
    const detector = detectors.find(({ id }) => id === 'vector_index_unused');
    if (detector === undefined) throw new Error('there is no such detector');
    const row = {
      name: 'gone',
      steps: [
        { forMs: 60_000, world: [vectors([index()])] },
        {
          forMs: 60_000,
          world: [{ ...vectors([index()]), target: { kind: 'compute' as const, name: 'next', url: '' } }],
        },
      ],
      firing: [],
    };
    const { last } = await playCase(detector, row);
    expect(Object.keys((last.memory as { computes: object }).computes)).toEqual(['next']);
  });

  it('by another version of the detector is not used', async () => {
    const detector = detectors.find(({ id }) => id === 'gpu_missing');
    if (detector === undefined) throw new Error('there is no such detector');
    const input = {
      readings: { one: () => undefined, all: () => [], locations: () => [] },
      looks: looksOf([neurondb()], 0),
      thresholds: {} as never,
      nowMs: 0,
      breathe: () => undefined,
      memory: { version: 0, computes: { main: 'something else' } },
    };
    const { memory } = await detector.detect(input);
    expect(memory).toEqual({ version: 1, computes: {} });
  });
});

describe('an unknown compute', () => {
  it('leaves what is in it as it is, and nothing else', async () => {
    const { advance, emptyState } = await import('../../src/alerts/lifecycle.ts');
    const [detector] = detectors.filter(({ id }) => id === 'llm_config_public');
    if (detector === undefined) throw new Error('there is no such detector');
    const finding = (name: string): Finding => ({
      subject: { kind: 'database', name },
      severity: 'warning',
      summary: 'A.',
      evidence: [],
      remedy: [],
      avoid: [],
    });
    const shared = { detector, memory: undefined };
    const names = ['main/app', 'mainly/app'];
    let state = emptyState;
    for (let look = 0; look < 10; look += 1) {
      const evaluation = { ...shared, findings: names.map(finding), unknown: [], sample: String(look) };
      state = advance(state, [evaluation], look * 15_000).state;
    }
    for (let look = 10; look < 20; look += 1) {
      const unknown = [
        { subject: { kind: 'compute' as const, name: 'main' }, missing: ['neurondb of main: refused'] },
      ];
      state = advance(state, [{ ...shared, findings: [], unknown, sample: '' }], look * 15_000).state;
    }
    expect([...state.alerts.keys()]).toEqual([alertKey(detector.id, { kind: 'database', name: 'main/app' })]);
  });
});
