import fc from 'fast-check';
import { expect, it } from 'vitest';
import { evaluate } from '../../src/alerts/evaluate.ts';
import { cluster, type Subject, subjectText } from '../../src/alerts/finding.ts';
import { fold } from '../../src/alerts/fold.ts';
import { type Alert, advance, alertKey } from '../../src/alerts/lifecycle.ts';
import { Thresholds } from '../../src/alerts/thresholds.ts';
import { createStore } from '../../src/collection/store.ts';
import { manualClock } from '../support/manual-clock.ts';
import { madeDetector, madeEvaluation, madeFinding, nodeSubject } from './made.ts';

const detectors = [
  madeDetector({ id: 'a', explainedBy: ['c', 'b'] }),
  madeDetector({ id: 'b', explainedBy: ['c'] }),
  madeDetector({ id: 'c' }),
];
const byId = new Map(detectors.map((one) => [one.id, one]));
const subject = fc.constantFrom<Subject>(
  cluster,
  { kind: 'controller', name: 'one' },
  nodeSubject(1),
  nodeSubject(2),
  nodeSubject(3),
);
const alert = fc
  .record({
    detectorId: fc.constantFrom('a', 'b', 'c'),
    subject,
    related: fc.array(subject, { maxLength: 2 }),
  })
  .map(({ detectorId, related, subject: of }): Alert => {
    const counts = { knownMs: 0, samples: 1, lastSample: '', goneMs: 0, isFrozen: false };
    const finding = madeFinding(of, { related });
    return { detectorId, finding, phase: 'firing', sinceMs: 0, firedAtMs: 0, ...counts };
  });
const keyOf = ({ detectorId, finding }: Alert) => alertKey(detectorId, finding.subject);

/** The direct cause, by looking at every alert. */
function causeOf(symptom: Alert, alerts: readonly Alert[]): Alert | undefined {
  const about = [symptom.finding.subject, ...(symptom.finding.related ?? [])].map(subjectText);
  return byId
    .get(symptom.detectorId)
    ?.explainedBy.flatMap((id) => alerts.filter(({ detectorId }) => detectorId === id))
    .find(({ finding }) => finding.subject.kind !== 'node' || about.includes(subjectText(finding.subject)));
}

it('folding looks causes up, and finds what looking at every alert finds', () => {
  fc.assert(
    fc.property(fc.uniqueArray(alert, { selector: keyOf, maxLength: 12 }), (alerts) => {
      const expected = alerts.flatMap((symptom) => {
        let cause = causeOf(symptom, alerts);
        for (let next = cause; next !== undefined; next = causeOf(next, alerts)) cause = next;
        return cause === undefined ? [] : [[keyOf(symptom), keyOf(cause)] as const];
      });
      expect(fold(alerts, byId)).toEqual(new Map(expected));
    }),
  );
});

it.each<[string, Subject, Subject, boolean]>([
  ['the same', nodeSubject(1), nodeSubject(1), true],
  ['another one', nodeSubject(2), nodeSubject(1), false],
  [
    'the compute that it is in',
    { kind: 'compute', name: 'main' },
    { kind: 'relation', name: 'main/app/x' },
    true,
  ],
  [
    'the database that it is in',
    { kind: 'database', name: 'main/app' },
    { kind: 'relation', name: 'main/app/x' },
    true,
  ],
  [
    'a compute of a longer name',
    { kind: 'compute', name: 'main' },
    { kind: 'database', name: 'main2/app' },
    false,
  ],
  ['what is in it', { kind: 'database', name: 'main/app' }, { kind: 'compute', name: 'main' }, false],
  [
    'a node with the name of the compute',
    { kind: 'node', name: 'main' },
    { kind: 'database', name: 'main/app' },
    false,
  ],
])(
  'an alert freezes when what is not known is the subject itself or what it is in: %s',
  (_, unknown, of, isFrozen) => {
    const detector = madeDetector({ hold: { forMs: 0, keepFiringMs: 60_000 } });
    const { state } = advance(
      { alerts: new Map(), flaps: new Map(), evaluatedAtMs: undefined },
      [madeEvaluation(detector, { findings: [madeFinding(of)] })],
      0,
    );
    const blind = madeEvaluation(detector, { unknown: [{ subject: unknown, missing: ['refused'] }] });
    const next = advance(state, [blind], 15_000);
    expect([...next.state.alerts.values()].map((one) => one.isFrozen)).toEqual([isFrozen]);
  },
);

it('what comes in during an evaluation is for the next one', async () => {
  const store = createStore(manualClock());
  const target = { kind: 'storage_controller', name: 'one', url: '' } as const;
  const put = (name: 'nodes' | 'tenants') =>
    store.put(name, { target, reading: {}, firstReadAtMs: 0, lastReadAtMs: 0 }, 60_000);
  const seen: (readonly (number | undefined)[])[] = [];
  const looking = madeDetector({
    needs: ['nodes'],
    detect({ readings }) {
      seen.push([readings.one('nodes')?.version, readings.one('tenants')?.version]);
      put('nodes');
      put('tenants');
      return { findings: [], unknown: [] };
    },
  });
  put('nodes');
  const looks = [
    { collector: 'tenants', target, up: undefined, skipped: new Map(), skippedParts: [] },
  ] as const;
  const input = {
    readings: store,
    looks: looks.map((one) => ({ ...one, lastSuccessAtMs: undefined, lastError: undefined })),
    thresholds: Thresholds.parse({}),
    nowMs: 0,
    memories: new Map(),
    breathe: () => undefined,
  };
  await evaluate([looking, looking], input);
  expect(seen).toEqual([
    [1, undefined],
    [1, undefined],
  ]);
});
