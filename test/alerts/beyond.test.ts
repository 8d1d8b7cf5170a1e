import { describe, expect, it } from 'vitest';
import { maxAlerts } from '../../src/alerts/beyond.ts';
import type { Evaluation } from '../../src/alerts/evaluate.ts';
import { findingFamilies } from '../../src/alerts/families.ts';
import type { Severity } from '../../src/alerts/finding.ts';
import { type AlertState, advance, emptyState } from '../../src/alerts/lifecycle.ts';
import { encodeState } from '../../src/alerts/saved-state.ts';
import { type FindingsSnapshot, findingsJson, showAlerts } from '../../src/alerts/snapshot.ts';
import { madeDetector, madeEvaluation, madeFinding, nodeSubject } from './made.ts';

const tickMs = 15_000;
const lasting = madeDetector();
const hasty = madeDetector({ id: 'hasty', hold: { forMs: 0, keepFiringMs: 0 } });
const detectors = [lasting, hasty];

/** Findings about so many nodes, the first of which has this id. */
function many(
  count: number,
  sample: number,
  options: { severity?: Severity; from?: number } = {},
): Evaluation {
  const { severity = 'warning', from = 0 } = options;
  const findings = Array.from({ length: count }, (_, at) =>
    madeFinding(nodeSubject(from + at), { severity }),
  );
  return madeEvaluation(lasting, { findings, sample: String(sample) });
}

function play(looks: readonly (readonly Evaluation[])[]) {
  let state: AlertState = emptyState;
  const fired = looks.map((evaluations, tick) => {
    const next = advance(state, evaluations, tick * tickMs);
    state = next.state;
    return next.changes.filter(({ kind }) => kind === 'fired').length;
  });
  return { state, fired };
}

function shown(state: AlertState): FindingsSnapshot {
  const alerts = showAlerts(detectors, state.alerts.values());
  return {
    version: 1,
    evaluatedAtMs: 0,
    durationMs: 0,
    detectors,
    alerts,
    unjudged: [],
    beyond: state.beyond,
  };
}

function seriesOf(snapshot: FindingsSnapshot, ...names: readonly string[]): string[] {
  return findingFamilies
    .filter(({ name }) => names.includes(name))
    .flatMap(({ name, samples }) =>
      [...samples(snapshot)].map(({ labels, value }) => [name, ...Object.values(labels), value].join(' ')),
    );
}

const named = ['neonwatch_finding', 'neonwatch_finding_pending'];

describe(`findings beyond ${maxAlerts}`, () => {
  const counted = 1000;
  const looks = (count: number) =>
    Array.from({ length: count }, (_, tick) => [many(maxAlerts + counted, tick)]);

  it('have no alert each, and are counted', () => {
    const { state } = play(looks(3));
    expect(state.alerts.size).toBe(maxAlerts);
    expect(seriesOf(shown(state), ...named)).toEqual([
      `neonwatch_finding made warning ${maxAlerts + counted}`,
      'neonwatch_finding hasty warning 0',
    ]);
    expect(findingsJson(shown(state)).unlisted).toEqual([
      { finding: 'made', severity: 'warning', phase: 'firing', count: counted },
    ]);
  });

  it('are pending for as long as the detector wants them to last', () => {
    const { state } = play(looks(2));
    expect(seriesOf(shown(state), ...named)).toEqual([
      'neonwatch_finding made warning 0',
      'neonwatch_finding hasty warning 0',
      `neonwatch_finding_pending made ${maxAlerts + counted}`,
    ]);
  });

  it('are not counted any more when they have gone', () => {
    const { state } = play([...looks(3), [many(10, 3)]]);
    expect(state.beyond?.size).toBe(0);
  });

  it('are counted on when nothing could be judged', () => {
    const blind = madeEvaluation(lasting, { unknown: [{ missing: ['nodes: refused'] }] });
    const { state } = play([...looks(3), [blind]]);
    expect(state.beyond?.get('made')?.count).toEqual({ critical: 0, warning: counted, info: 0 });
  });

  it('are never grave ones for the sake of less grave ones that were there before', () => {
    const infos = Array.from({ length: 3 }, (_, tick) => [many(maxAlerts, tick, { severity: 'info' })]);
    const critical = (sample: number) => {
      const grave = many(7, sample, { severity: 'critical', from: maxAlerts });
      const others = many(maxAlerts, sample, { severity: 'info' });
      return [
        madeEvaluation(lasting, { findings: [...others.findings, ...grave.findings], sample: `${sample}` }),
      ];
    };
    const { state } = play([...infos, critical(3), critical(4), critical(5)]);
    const graves = [...state.alerts.values()].filter(({ finding }) => finding.severity === 'critical');
    expect(graves.map(({ phase }) => phase)).toEqual(Array.from({ length: 7 }, () => 'firing'));
    expect(state.beyond?.get('made')?.count).toEqual({ critical: 0, warning: 0, info: 7 });
  });

  it('are those that came last', () => {
    const first = many(maxAlerts, 0, { from: counted });
    const { state } = play([[first], [many(maxAlerts + counted, 1)]]);
    expect(state.alerts.has('made node 0')).toBe(false);
    expect(state.alerts.has(`made node ${maxAlerts + counted - 1}`)).toBe(true);
  });

  it('are not told as fired, each time anew', () => {
    const { findings } = many(maxAlerts + counted, 0);
    const evaluation = madeEvaluation(hasty, { findings });
    expect(play([[evaluation], [evaluation], [evaluation]]).fired).toEqual([maxAlerts, 0, 0]);
  });

  it('are not in the saved state', () => {
    const { state } = play(looks(3));
    const whole = play([[many(maxAlerts, 0)], [many(maxAlerts, 1)], [many(maxAlerts, 2)]]).state;
    const bytes = (of: AlertState) => encodeState({ state: of, memories: new Map() }).length;
    expect(bytes(state)).toBe(bytes(whole));
  });
});

it('no more subjects than that are remembered for having flapped', () => {
  const gone = madeEvaluation(hasty);
  const one = (from: number) => {
    const { findings } = many(maxAlerts, 0, { from });
    return [[madeEvaluation(hasty, { findings })], [gone]];
  };
  const { state } = play([...one(0), ...one(maxAlerts)]);
  expect(state.flaps.size).toBe(maxAlerts);
  expect(state.flaps.has('hasty node 0')).toBe(false);
});
