import { describe, expect, it } from 'vitest';
import { cluster } from '../../src/alerts/finding.ts';
import { fold } from '../../src/alerts/fold.ts';
import type { Alert } from '../../src/alerts/lifecycle.ts';
import { showAlerts } from '../../src/alerts/snapshot.ts';
import { madeDetector, madeFinding, nodeSubject } from './made.ts';

const offline = madeDetector({ id: 'offline', severity: 'critical', explainedBy: ['database'] });
const database = madeDetector({ id: 'database', layer: 'database' });
const drift = madeDetector({ id: 'drift', layer: 'compute', explainedBy: ['offline'] });
const open = madeDetector({ id: 'open', layer: 'controller', severity: 'info' });
const left = madeDetector({ id: 'left', explainedBy: ['right'] });
const right = madeDetector({ id: 'right', explainedBy: ['left'] });
const detectors = [offline, database, drift, open, left, right];
const byId = new Map(detectors.map((one) => [one.id, one]));

function alert(
  detectorId: string,
  changed: Partial<Alert['finding']> = {},
  phase: Alert['phase'] = 'firing',
): Alert {
  const finding = madeFinding(nodeSubject(1), changed);
  const counts = { knownMs: 0, samples: 1, lastSample: '', goneMs: 0, isFrozen: false };
  return { detectorId, finding, phase, sinceMs: 0, firedAtMs: 0, ...counts };
}
const compute = { kind: 'compute', name: 'main' } as const;

describe('folding', () => {
  it.each<[string, readonly Alert[], Record<string, string>]>([
    ['leaves a finding alone that nothing explains', [alert('offline')], {}],
    [
      'hangs a symptom on its cause when they share a subject',
      [alert('offline'), alert('drift', { subject: compute, related: [nodeSubject(1)] })],
      { 'drift compute main': 'offline node 1' },
    ],
    [
      'does not when the cause is about another one',
      [
        alert('offline', { subject: nodeSubject(2) }),
        alert('drift', { subject: compute, related: [nodeSubject(1)] }),
      ],
      {},
    ],
    [
      'hangs everything on what has to be mended first',
      [
        alert('database', { subject: cluster }),
        alert('offline'),
        alert('drift', { subject: compute, related: [nodeSubject(1)] }),
      ],
      { 'drift compute main': 'database cluster', 'offline node 1': 'database cluster' },
    ],
    [
      'is not done by a cause that is only pending',
      [alert('offline', {}, 'pending'), alert('drift', { subject: compute, related: [nodeSubject(1)] })],
      {},
    ],
    ['leaves a circle alone', [alert('left'), alert('right')], {}],
  ])('%s', (_, alerts, folded) => {
    expect(Object.fromEntries(fold(alerts, byId))).toEqual(folded);
  });
});

describe('the order of findings', () => {
  it('is that of what depends on what; what is merely worth knowing comes last', () => {
    const alerts = [
      alert('drift', { subject: compute }),
      alert('open', { severity: 'info' }),
      alert('offline'),
      alert('database'),
    ];
    const order = showAlerts(detectors, alerts).map(({ detector }) => detector.id);
    expect(order).toEqual(['database', 'offline', 'drift', 'open']);
  });
});
