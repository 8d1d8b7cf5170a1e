import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkout } from '../../scripts/run-program.ts';
import { detectors } from '../../src/alerts/registry.ts';
import { runbookPath } from '../../src/alerts/snapshot.ts';

const headings = [
  'What it says',
  'Why it matters',
  'See for yourself',
  'Put it right',
  'Do not',
  'What neonwatch shows before and after',
  'Tuning',
];

describe('detectors', () => {
  it('have ids and alert names that are their own', () => {
    expect(new Set(detectors.map(({ id }) => id)).size).toBe(detectors.length);
    expect(new Set(detectors.map(({ alert }) => alert)).size).toBe(detectors.length);
  });

  it.each(detectors)('$id is named as metrics, pages and alerts need it', ({ id, alert, summary }) => {
    expect(id).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(alert).toMatch(/^(Neon|NeuronDB)[A-Z]\w*$/);
    expect(summary).toMatch(/^[A-Z`].*\.$/);
  });

  it.each(detectors)('$id has a runbook page with all its headings, in order', ({ id, alert }) => {
    const path = join(checkout, runbookPath(id));
    expect(existsSync(path), `${runbookPath(id)} is missing`).toBe(true);
    const page = readFileSync(path, 'utf8');
    expect(page.split('\n')[0]).toBe(`# ${alert}`);
    const found = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(found).toEqual(headings);
    expect(page).toContain(`findings.disabled`);
  });
});
