import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, emptyState } from '../../src/alerts/lifecycle.ts';
import { decodeState, encodeState } from '../../src/alerts/saved-state.ts';
import { stateFile } from '../../src/sources/state-file.ts';
import { madeDetector, madeEvaluation, madeFinding, nodeSubject } from './made.ts';

const evaluation = madeEvaluation(madeDetector(), { findings: [madeFinding(nodeSubject(1))] });
const { state } = advance(emptyState, [evaluation], 1_000);
const memories = new Map([['made', { seen: [1, 2, 3] }]]);

describe('saved findings', () => {
  it('come back as they were, frozen', () => {
    const back = decodeState(encodeState({ state, memories }));
    if (typeof back === 'string') throw new Error(back);
    const [alert] = back.state.alerts.values();
    expect(alert).toMatchObject({ detectorId: 'made', phase: 'pending', sinceMs: 1_000, isFrozen: true });
    expect(back.memories).toEqual(memories);
  });

  it.each([
    ['no JSON', '{"version":', 'it is not JSON'],
    ['another version', '{"version":2}', 'it is not what this version writes (at version)'],
    ['no object', '[]', 'it is not what this version writes (at its root)'],
    [
      'an unknown phase',
      encodeState({ state, memories }).replace('"pending"', '"worrying"'),
      'it is not what this version writes (at alerts.0.1.phase)',
    ],
  ])('are refused with a reason when they are %s', (_, text, reason) => {
    expect(decodeState(text)).toBe(reason);
  });

  it('never throw, whatever the file holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        decodeState(text);
      }),
    );
  });
});

describe('the state file', () => {
  const folder = () => mkdtempSync(join(tmpdir(), 'neonwatch-state-'));

  it('is absent at first, and its folder is made', async () => {
    const file = stateFile(join(folder(), 'a', 'b'), 'findings.json');
    expect(await file.read()).toBeUndefined();
    await file.write('one');
    await file.write('two');
    expect(await file.read()).toBe('two');
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
  });

  it('keeps the former text when it cannot be written, and says which file and what to do', async () => {
    const dataDir = folder();
    const file = stateFile(dataDir, 'findings.json');
    await file.write('one');
    // A folder in the place of the temporary file: refused to root as well.
    const inTheWay = stateFile(join(dataDir, 'findings.json'), 'deeper.json');
    await expect(inTheWay.write('two')).rejects.toThrow(/deeper\.json cannot be written \(\w+\): /);
    expect(readFileSync(file.path, 'utf8')).toBe('one');
  });

  it.skipIf(process.getuid?.() === 0)('names the remedy when the folder may not be written', async () => {
    const dataDir = folder();
    writeFileSync(join(dataDir, 'findings.json'), 'one');
    chmodSync(dataDir, 0o500);
    await expect(stateFile(dataDir, 'findings.json').write('two')).rejects.toThrow(/EACCES.*dataDir/);
  });
});
