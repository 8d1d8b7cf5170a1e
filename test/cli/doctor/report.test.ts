import { describe, expect, it } from 'vitest';
import type { Look } from '../../../src/alerts/detector.ts';
import type { Finding } from '../../../src/alerts/finding.ts';
import { type FindingsSnapshot, showAlerts } from '../../../src/alerts/snapshot.ts';
import { type Diagnosis, exitCodeOf } from '../../../src/cli/doctor/diagnosis.ts';
import { reportLines } from '../../../src/cli/doctor/report.ts';
import { madeDetector, madeFinding, nodeSubject } from '../../alerts/made.ts';
import { failure, looksOf, reading } from '../../findings/world.ts';

const nowMs = Date.UTC(2026, 10, 22);
const offline = madeDetector({ id: 'node_offline', severity: 'critical' });
const cold = madeDetector({ id: 'cold_secondary', explainedBy: ['node_offline'] });
const open = madeDetector({ id: 'controller_open', layer: 'controller', severity: 'info' });
const drifted = madeDetector({ id: 'connstring_drift', layer: 'compute' });
const crooked = madeDetector({
  id: 'az_violation',
  hold: { forMs: 900_000, samples: 3, keepFiringMs: 300_000 },
});
const detectors = [offline, cold, open, crooked, drifted];
const read = looksOf([reading('nodes', 'controller:1234', { nodes: [] })], nowMs);

function diagnosis(
  found: readonly [(typeof detectors)[number], Partial<Finding>][],
  looks: readonly Look[] = read,
  unjudged: FindingsSnapshot['unjudged'] = [],
  noticed: Diagnosis['noticed'] = [],
): Diagnosis {
  const alerts = found.map(([{ id, severity }, changed]) => ({
    detectorId: id,
    finding: madeFinding(nodeSubject(2), { severity, ...changed }),
    phase: 'firing' as const,
    sinceMs: nowMs,
    firedAtMs: nowMs,
    knownMs: 0,
    samples: 1,
    lastSample: '',
    goneMs: 0,
    isFrozen: false,
  }));
  const shown = showAlerts(detectors, alerts);
  const shared = { version: 1, evaluatedAtMs: nowMs, durationMs: 1, detectors };
  return { snapshot: { ...shared, alerts: shown, unjudged }, looks, facts: {}, noticed, nowMs };
}

const plain = { width: undefined, isColoured: false };
const text = (one: Diagnosis) => reportLines(one, plain).join('\n');

describe('the report of doctor', () => {
  it('says in its first line what is wrong', () => {
    const one = diagnosis([[offline, { summary: 'Pageserver 2 is Offline.' }]]);
    expect(reportLines(one, plain)[0]).toBe('Pageserver 2 is Offline.');
  });

  it('puts a symptom under what explains it, and the first line speaks of the cause', () => {
    const one = diagnosis([
      [cold, { summary: 'A secondary is cold.' }],
      [offline, { summary: 'Pageserver 2 is Offline.' }],
    ]);
    expect(text(one)).toMatch(/^Pageserver 2 is Offline\. \(1 more finding below\)/);
    expect(text(one)).toContain('  explains cold_secondary, node 2: A secondary is cold.');
  });

  it.each<[string, Parameters<typeof diagnosis>[0], Diagnosis['noticed'], RegExp]>([
    [
      'what hurts a user now, though something else comes first in the chain',
      [
        [cold, { summary: 'A secondary is cold.' }],
        [drifted, { severity: 'critical', summary: 'Compute main has drifted.' }],
      ],
      [],
      /^Compute main has drifted\. \(1 more finding below\)$/,
    ],
    [
      'the first in the chain of those that are as grave',
      [
        [drifted, { summary: 'Compute main has drifted.' }],
        [cold, { summary: 'A secondary is cold.' }],
      ],
      [],
      /^A secondary is cold\./,
    ],
    [
      'what does not often pass by itself, before what does',
      [
        [crooked, { summary: 'A shard is in another zone.' }],
        [drifted, { summary: 'Compute main has drifted.' }],
      ],
      [],
      /^Compute main has drifted\./,
    ],
    [
      'what is under way, before findings that it may explain',
      [[crooked, { summary: 'A shard is in another zone.' }]],
      [
        { text: 'Safekeeper 2 is paused.', isMotion: false },
        { text: 'A shard moves.', isMotion: true },
      ],
      /^A shard moves\. \(1 finding below, which that may explain\)$/,
    ],
    [
      'a finding, though something is noticed that does not pass',
      [[crooked, { summary: 'A shard is in another zone.' }]],
      [{ text: 'Safekeeper 2 is paused.', isMotion: false }],
      /^A shard is in another zone\.$/,
    ],
    [
      'a finding that is believed soon, though something is under way',
      [[drifted, { summary: 'Compute main has drifted.' }]],
      [{ text: 'A shard moves.', isMotion: true }],
      /^Compute main has drifted\.$/,
    ],
    [
      'what is noticed, when there is no finding',
      [],
      [
        { text: 'A shard moves.', isMotion: true },
        { text: 'Safekeeper 2 is paused.', isMotion: false },
      ],
      /^No finding yet, but: A shard moves\. \(1 more noticed below\)$/,
    ],
  ])('speaks first of %s', (_, found, noticed, line) => {
    const lines = reportLines(diagnosis(found, read, [], noticed), { width: 1_000, isColoured: false });
    expect(lines[0]).toMatch(line);
    for (const { text: told } of noticed) expect(lines).toContain(`  ${told}`);
  });

  it('puts a cause before others when what it explains is graver than they are', () => {
    const one = diagnosis([
      [offline, { severity: 'warning', summary: 'Pageserver 2 is Offline.' }],
      [cold, { severity: 'critical', summary: 'A secondary is cold.' }],
    ]);
    expect(text(one)).toMatch(/^Pageserver 2 is Offline\./);
  });

  it('begins with the finding of its first line, and goes on in the order of the chain', () => {
    const one = diagnosis([
      [cold, {}],
      [drifted, { severity: 'critical' }],
      [open, { severity: 'info' }],
    ]);
    const heads = reportLines(one, plain).filter((line) => /^(critical|warning|info) /.test(line));
    expect(heads.map((line) => line.split(/ +|,/)[1])).toEqual([
      'connstring_drift',
      'cold_secondary',
      'controller_open',
    ]);
  });

  it('says which look failed when nothing is found wrong', () => {
    const looks = [...read, ...looksOf([failure('leader', 'controller:1234', 'refused')], nowMs)];
    expect(text(diagnosis([], looks))).toMatch(
      /^Nothing is found wrong, but 1 of 2 looks failed: leader of controller:1234: refused/,
    );
  });

  it('shows evidence with unit, source and age, commands as they are typed, and what not to run', () => {
    const one = diagnosis([
      [
        offline,
        {
          evidence: [
            {
              what: 'missed',
              value: 90,
              unit: 'seconds',
              source: 'GET /control/v1/node',
              atMs: nowMs - 3_000,
            },
            { what: 'on disk', value: 3 * 1024 ** 3, unit: 'bytes', source: 'GET /v1/utilization' },
          ],
          remedy: [{ text: 'Look.', command: `curl ${'x'.repeat(200)}` }],
          avoid: [{ what: 'DELETE it', why: 'it leaves a tombstone' }],
        },
      ],
    ]);
    expect(text(one)).toContain('    missed: 90 s (GET /control/v1/node, 3 s ago)');
    expect(text(one)).toContain('    on disk: 3.0 GiB (GET /v1/utilization)');
    expect(text(one)).toContain(`\n      curl ${'x'.repeat(200)}\n`);
    expect(text(one)).toContain('  do not: DELETE it, because it leaves a tombstone');
    expect(text(one)).toContain('  more: docs/runbooks/node_offline.md');
  });

  it('says once what could not be looked at, with the collectors that failed alike', () => {
    const looks = looksOf(
      [
        failure('nodes', 'controller:1234', 'refused'),
        reading('leader', 'controller:1234', { leader: undefined }),
      ],
      nowMs,
    );
    expect(text(diagnosis([], looks))).toContain(
      'storage_controller controller:1234: nodes of controller:1234: refused [nodes]',
    );
  });

  it('says what could not be judged, one line a cause', () => {
    const missing = ['nodes: refused'];
    const unjudged = [
      { detector: offline, unknown: [{ missing }] },
      { detector: cold, unknown: [{ subject: nodeSubject(3), missing }] },
    ];
    expect(text(diagnosis([], read, unjudged))).toContain(
      '  nodes: refused; leaves open node_offline, cold_secondary',
    );
  });

  it('says that all is well when it is', () => {
    expect(text(diagnosis([]))).toMatch(/^All is well: 1 target, 1 look, nothing found wrong\./);
  });

  it('colours severities on a screen, and nowhere else', () => {
    const one = diagnosis([[offline, {}]]);
    expect(reportLines(one, { width: 80, isColoured: true }).join('\n')).toContain(
      '\u001b[31;1mcritical\u001b[0m',
    );
    expect(text(one)).not.toContain('\u001b');
  });

  it('wraps sentences at the width of the screen', () => {
    const one = diagnosis([[offline, { summary: 'word '.repeat(60).trim() }]]);
    const lines = reportLines(one, { width: 60, isColoured: false });
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(60);
  });
});

describe('the exit code of doctor', () => {
  it.each<[string, Diagnosis, number]>([
    ['0 when nothing is wrong', diagnosis([]), 0],
    ['0 when something is only worth knowing', diagnosis([[open, { severity: 'info' }]]), 0],
    ['1 when something is wrong', diagnosis([[cold, {}]]), 1],
    [
      '1 when something is wrong and some looks failed',
      diagnosis([[cold, {}]], [...read, ...looksOf([failure('leader', 'c', 'refused')], nowMs)]),
      1,
    ],
    [
      '2 when nothing could be read, though that silence is a finding',
      diagnosis([[offline, {}]], looksOf([failure('nodes', 'c', 'refused')], nowMs)),
      2,
    ],
    ['2 when nothing could be read', diagnosis([], looksOf([failure('nodes', 'c', 'refused')], nowMs)), 2],
    ['2 when there was nothing to look at', diagnosis([], []), 2],
  ])('is %s', (_, one, code) => {
    expect(exitCodeOf(one)).toBe(code);
  });
});
