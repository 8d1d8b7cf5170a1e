import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/cli/doctor/facts.ts';
import {
  changeLines,
  changesJson,
  changesSince,
  diagnosisJson,
  headlineSince,
  parseSaved,
  type Saved,
} from '../../../src/cli/doctor/saved.ts';

const nowMs = Date.UTC(2026, 10, 22);
const offline = { key: 'node_offline node 3', severity: 'critical', summary: 'Pageserver 3 is Offline.' };
const cold = { key: 'cold_secondary node 2', severity: 'warning', summary: 'Pageserver 2 has cold ones.' };

function saved(findings: Saved['findings'] = [], facts: Facts = {}): Saved {
  return { neonwatch: '0.1.0', at: new Date(nowMs).toISOString(), findings, facts };
}

describe('what has changed since a saved look', () => {
  it.each<[string, Saved, Saved, string[]]>([
    ['nothing', saved([cold], { shards: 4 }), saved([cold], { shards: 4 }), []],
    ['a finding that is new', saved(), saved([offline]), ['new critical: Pageserver 3 is Offline.']],
    ['a finding that is gone', saved([offline]), saved(), ['gone critical: Pageserver 3 is Offline.']],
    [
      'a finding that only says it in other numbers: none',
      saved([cold]),
      saved([{ ...cold, summary: 'Pageserver 2 has 7 cold ones.' }]),
      [],
    ],
    [
      'facts, by name',
      saved([], { shards: 4, 'node 3 az': 'az-c', 'node 1 az': 'az-a' }),
      saved([], { shards: 8, 'node 3 az': 'az-c', 'node 9 az': 'az-a' }),
      ['node 1 az: az-a → (not there)', 'node 9 az: (not there) → az-a', 'shards: 4 → 8'],
    ],
    [
      'findings before facts',
      saved([offline], { shards: 4 }),
      saved([cold], { shards: 8 }),
      [
        'new warning: Pageserver 2 has cold ones.',
        'gone critical: Pageserver 3 is Offline.',
        'shards: 4 → 8',
      ],
    ],
  ])('%s', (_, before, now, changes) => {
    expect(changesSince(before, now)).toEqual(changes);
    expect(changesJson(before, now)).toEqual({ at: before.at, neonwatch: '0.1.0', changes });
  });

  it('is said, also when it is nothing', () => {
    const setting = { width: undefined, isColoured: false };
    const title = 'Since 2026-11-22T00:00:00.000Z (neonwatch 0.1.0):';
    expect(changeLines(saved(), saved(), setting)).toEqual(['', title, '  nothing has changed']);
    const changed = changeLines(saved(), saved([], { shards: 1 }), setting);
    expect(changed).toEqual(['', title, '  shards: (not there) → 1']);
  });

  it('is nothing between a look and itself, whatever it holds', () => {
    const facts = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double({ noNaN: true })));
    fc.assert(
      fc.property(facts, (some) => {
        expect(changesSince(saved([cold], some), saved([cold], some))).toEqual([]);
      }),
    );
  });
});

describe('the first line with --against', () => {
  const now = (exitCode: 0 | 1 | 2, facts: Facts) => ({
    ...saved([], facts),
    headline: 'All is well.',
    exitCode,
  });

  it.each<[string, ReturnType<typeof now>, string]>([
    ['is the usual one when nothing has changed', now(0, {}), 'All is well.'],
    ['is the usual one when something is wrong', now(1, { shards: 8 }), 'All is well.'],
    [
      'says what has changed when nothing is wrong',
      now(0, { shards: 8 }),
      'Nothing is found wrong, but since 2026-11-22T00:00:00.000Z this has changed: shards: (not there) → 8',
    ],
    [
      'says how much more has changed',
      now(0, { a: 1, b: 2, c: 3 }),
      'Nothing is found wrong, but since 2026-11-22T00:00:00.000Z this has changed: a: (not there) → 1 (2 more changes below)',
    ],
  ])('%s', (_, one, line) => {
    expect(headlineSince(saved(), one)).toBe(line);
  });
});

describe('a saved look', () => {
  it('comes back as it was written', () => {
    const snapshot = {
      version: 1,
      evaluatedAtMs: nowMs,
      durationMs: 1,
      detectors: [],
      alerts: [],
      unjudged: [],
    };
    const diagnosis = { snapshot, looks: [], facts: { shards: 4 }, noticed: [], nowMs };
    const written = JSON.stringify(diagnosisJson(diagnosis, '0.1.0'));
    expect(parseSaved(written)).toEqual(saved([], { shards: 4 }));
  });

  it.each([
    ['no JSON', '{', /^it is not JSON/],
    ['no object', '[]', /^it is not what/],
    [
      'findings without a key',
      JSON.stringify({ ...saved(), findings: [{ severity: 'x' }] }),
      /^it is not what/,
    ],
    ['facts that are none', JSON.stringify({ ...saved(), facts: { shards: [] } }), /^it is not what/],
  ])('is refused when it is %s', (_, text, problem) => {
    expect(parseSaved(text)).toMatch(problem);
  });

  it('may be any text: it is read or refused, and nothing is thrown', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseSaved(text)));
  });
});
