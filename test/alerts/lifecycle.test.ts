import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../src/alerts/evaluate.ts';
import { type AlertState, advance, type Change, emptyState } from '../../src/alerts/lifecycle.ts';
import { decodeState, encodeState } from '../../src/alerts/saved-state.ts';
import { madeDetector, madeEvaluation, madeFinding, nodeSubject } from './made.ts';

const detector = madeDetector();
const tickMs = 15_000;

/** What a look finds of node 1: there, gone, or not to be judged; `same` is there in the same reading as before. */
type Seen = 'there' | 'gone' | 'unknown' | 'same';

function evaluationOf(seen: Seen, sample: string): Evaluation {
  const findings = seen === 'there' || seen === 'same' ? [madeFinding(nodeSubject(1))] : [];
  const unknown = seen === 'unknown' ? [{ missing: ['nodes: refused'] }] : [];
  return madeEvaluation(detector, { findings, unknown, sample });
}

function play(looks: readonly Seen[], start: AlertState = emptyState, atMs = 0) {
  let state = start;
  let sample = 0;
  const changes: (Change & { readonly tick: number })[] = [];
  for (const [tick, seen] of looks.entries()) {
    if (seen !== 'same') sample += 1;
    const next = advance(state, [evaluationOf(seen, String(sample))], atMs + tick * tickMs);
    state = next.state;
    changes.push(...next.changes.map((change) => ({ ...change, tick })));
  }
  return { state, changes, told: changes.map(({ kind, tick }) => `${kind} at ${tick}`) };
}

const times = (count: number, seen: Seen) => Array.from({ length: count }, () => seen);

describe('a finding that must last 30 s in 2 readings and be gone for 60 s', () => {
  it.each<[string, readonly Seen[], readonly string[]]>([
    ['fires at the third look, when it has lasted 30 s', times(4, 'there'), ['fired at 2']],
    ['does not fire after two looks', times(2, 'there'), []],
    ['does not fire when it was gone in between', ['there', 'there', 'gone', 'there', 'there'], []],
    ['does not fire on one reading, however long it is looked at', ['there', ...times(10, 'same')], []],
    ['does not count time in which nothing could be judged', ['there', ...times(9, 'unknown'), 'there'], []],
    ['counts on after it', ['there', 'there', ...times(9, 'unknown'), 'there', 'there'], ['fired at 12']],
    [
      'resolves when it has been gone for 60 s',
      [...times(3, 'there'), ...times(5, 'gone')],
      ['fired at 2', 'resolved at 6'],
    ],
    ['does not resolve a look earlier', [...times(3, 'there'), ...times(3, 'gone')], ['fired at 2']],
    [
      'does not resolve while nothing can be judged',
      [...times(3, 'there'), ...times(50, 'unknown')],
      ['fired at 2'],
    ],
    [
      'does not fire again when it came back before it resolved',
      [...times(3, 'there'), 'gone', 'gone', ...times(3, 'there')],
      ['fired at 2'],
    ],
  ])('%s', (_, looks, told) => {
    expect(play(looks).told).toEqual(told);
  });

  it('must stay gone for longer each time it returns within an hour', () => {
    const once: Seen[] = [...times(3, 'there'), ...times(4, 'gone')];
    expect(play([...once, ...once, ...times(4, 'gone')]).told).toEqual([
      'fired at 2',
      'resolved at 6',
      'fired at 9',
      'resolved at 17',
    ]);
  });

  it('says so when its severity changes while it fires', () => {
    const { state } = play(times(3, 'there'));
    const graver = madeFinding(nodeSubject(1), { severity: 'critical' });
    const evaluation = madeEvaluation(detector, { findings: [graver], sample: 'x' });
    expect(advance(state, [evaluation], 100_000).changes.map(({ kind }) => kind)).toEqual(['changed']);
  });

  it('counts no more than two minutes between two looks as known', () => {
    const slow = madeDetector({ hold: { forMs: 600_000, keepFiringMs: 0 } });
    const evaluation = madeEvaluation(slow, { findings: [madeFinding(nodeSubject(1))] });
    const first = advance(emptyState, [evaluation], 0).state;
    expect(advance(first, [evaluation], 86_400_000).changes).toEqual([]);
  });

  it('goes on after a restart where it was, and the time in between does not count', () => {
    const before = play(times(2, 'there'));
    const saved = decodeState(encodeState({ state: before.state, memories: new Map() }));
    if (typeof saved === 'string') throw new Error(saved);
    const after = play(times(3, 'there'), saved.state, 10 * tickMs);
    expect(after.told).toEqual(['fired at 1']);
    expect([...after.state.alerts.values()][0]?.sinceMs).toBe(0);
  });

  it('does not tell again of what fired before a restart', () => {
    const before = play(times(5, 'there'));
    const saved = decodeState(encodeState({ state: before.state, memories: new Map() }));
    if (typeof saved === 'string') throw new Error(saved);
    expect(play(times(5, 'there'), saved.state, 10 * tickMs).told).toEqual([]);
  });

  it('is dropped without a word when its detector is switched off', () => {
    const { state } = play(times(5, 'there'));
    expect(advance(state, [], 1_000_000)).toMatchObject({ changes: [], state: { alerts: new Map() } });
  });
});

describe('any sequence of looks', () => {
  const seen = fc.constantFrom<Seen>('there', 'gone', 'unknown', 'same');

  it('fires and resolves in turn, and never at a look that could judge nothing', () => {
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 80 }), (looks) => {
        const { changes } = play(looks);
        for (const [at, change] of changes.entries()) {
          expect(change.kind).toBe(at % 2 === 0 ? 'fired' : 'resolved');
          expect(looks[change.tick]).not.toBe('unknown');
        }
      }),
    );
  });

  it('fires only after as much known time as it must last', () => {
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 80 }), (looks) => {
        for (const { kind, alert } of play(looks).changes) {
          if (kind === 'fired') expect(alert.knownMs).toBeGreaterThanOrEqual(detector.hold.forMs);
        }
      }),
    );
  });
});
