import type { Detector } from '../../src/alerts/detector.ts';
import type { Evaluation } from '../../src/alerts/evaluate.ts';
import type { Finding, Subject } from '../../src/alerts/finding.ts';

/** A detector that finds what the test says. */
export function madeDetector(changed: Partial<Detector> = {}): Detector {
  return {
    id: 'made',
    alert: 'NeonMade',
    layer: 'pageserver',
    severity: 'warning',
    summary: 'Made for a test.',
    classes: [],
    needs: [],
    hold: { forMs: 30_000, samples: 2, keepFiringMs: 60_000 },
    explainedBy: [],
    detect: () => ({ findings: [], unknown: [] }),
    ...changed,
  };
}

export function madeFinding(subject: Subject, changed: Partial<Finding> = {}): Finding {
  return {
    subject,
    severity: 'warning',
    summary: `Something is wrong with ${subject.name}.`,
    evidence: [],
    remedy: [],
    avoid: [],
    ...changed,
  };
}

export const nodeSubject = (id: number): Subject => ({ kind: 'node', name: String(id) });

/** One evaluation: of what is there, of what is unknown; every sample is another. */
export function madeEvaluation(detector: Detector, part: Partial<Evaluation> = {}): Evaluation {
  return { detector, findings: [], unknown: [], memory: undefined, sample: '', ...part };
}
