import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { worldNames } from '../../replay/world.ts';
import { findingsOf } from './recorded-world.ts';

interface Expected {
  readonly finding: string;
  readonly under?: string;
  readonly why: string;
}

const file = new URL('../../fixtures/neon/expected-findings.json', import.meta.url);
const { states } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly states: Readonly<Record<string, readonly Expected[]>>;
};

/** Longer than the longest hold and the longest time that something may take. */
const lastsMs = 2_400_000;

function shown({ finding, under }: Expected): string {
  return under === undefined ? finding : `${finding} <- ${under}`;
}

describe('a recorded state that lasts', () => {
  it('has its findings written down, whichever it is', () => {
    expect(Object.keys(states).sort()).toEqual([...worldNames].sort());
  });

  it.each(worldNames)('%s gives just the findings that are right for it', async (name) => {
    expect(await findingsOf(name, lastsMs)).toEqual((states[name] ?? []).map(shown).sort());
  });

  it('is not believed at one look', async () => {
    expect(await findingsOf('node_down', 20_000)).not.toContain('node_offline node 3');
  });
});
