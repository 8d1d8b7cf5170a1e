import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/alerts/finding.ts';
import { severities, subjectText } from '../../src/alerts/finding.ts';
import { caseTables } from './case-tables.ts';
import { type FindingCases, playEachLook } from './finding-case.ts';

/** A sentence about one of these needs no name: there is only one. */
const oneOfAKind = ['cluster', 'controller', 'controller_database', 'broker', 'compute_hook'];

/** Every finding that any look of any case gives. */
async function findingsOf({ detector, cases }: FindingCases): Promise<readonly Finding[]> {
  const found = new Map<string, Finding>();
  for (const row of cases) {
    for await (const { evaluation } of playEachLook(detector, row)) {
      const subjects = evaluation.findings.map(({ subject }) => subjectText(subject));
      expect(new Set(subjects).size, `${row.name}: a subject twice`).toBe(subjects.length);
      for (const finding of evaluation.findings) {
        found.set(JSON.stringify([finding.subject, finding.className, finding.severity]), finding);
      }
    }
  }
  return [...found.values()];
}

/** What bash says of the syntax of these commands; empty when nothing is wrong. */
function syntaxErrors(commands: readonly string[]): string {
  const { stderr } = spawnSync('bash', ['-n'], { input: commands.join('\n'), encoding: 'utf8' });
  return stderr;
}

describe.each(caseTables)('what $detector.id says', (table) => {
  const { detector } = table;

  it('is complete: a sentence about its subject, evidence, steps, and what not to do', async () => {
    const findings = await findingsOf(table);
    expect(findings.length).toBeGreaterThan(0);
    for (const { subject, summary, evidence, remedy, avoid } of findings) {
      expect(summary).toMatch(/^[A-Z\d][^\n]*[.]$/);
      expect(summary.length).toBeLessThan(400);
      if (!oneOfAKind.includes(subject.kind)) expect(summary).toContain(subject.name.split('/').at(-1));
      expect(evidence.length).toBeGreaterThan(0);
      expect(remedy.length).toBeGreaterThan(0);
      expect(avoid.length).toBeGreaterThan(0);
    }
  });

  it('keeps to its own classes and is no graver than it says', async () => {
    for (const { className, severity } of await findingsOf(table)) {
      if (detector.classes.length === 0) expect(className).toBeUndefined();
      else expect(detector.classes).toContain(className);
      expect(severities.indexOf(severity)).toBeGreaterThanOrEqual(severities.indexOf(detector.severity));
    }
  });

  it('has commands that a shell understands, with nothing left to fill in', async () => {
    const commands = (await findingsOf(table)).flatMap(({ remedy }) =>
      remedy.flatMap(({ command }) => command ?? []),
    );
    expect(syntaxErrors(commands)).toBe('');
    expect(commands.filter((command) => /undefined|NaN|\[object|<[a-z_-]+>/.test(command))).toEqual([]);
  });
});
