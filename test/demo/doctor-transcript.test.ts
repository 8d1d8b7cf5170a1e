import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { demoFaults } from '../../scripts/demo/faults/all-faults.ts';
import { expectedOfFault } from '../system/demo-doctor.ts';

const page = readFileSync(new URL('../../docs/doctor-transcript.md', import.meta.url), 'utf8');
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split('\n')[0] ?? '', section]),
);

/** What doctor printed until the first empty line, as one line. */
function firstLineOf(section: string): string {
  const [, said = ''] = /\$ npm run neonwatch -- doctor .*\n([\s\S]*?)\n(?:\n|```)/.exec(section) ?? [];
  return said.replaceAll('\n', ' ');
}

describe('docs/doctor-transcript.md', () => {
  it('has every fault of the demo, in its order, and the table of what doctor has to say of it, too', () => {
    const names = demoFaults.map(({ name }) => name);
    expect([...sections.keys()]).toEqual(names);
    expect(Object.keys(expectedOfFault).sort()).toEqual(names.toSorted());
  });

  it.for(demoFaults)('begins with what is wrong in $name', ({ name }) => {
    expect(firstLineOf(sections.get(name) ?? '')).toMatch(
      expectedOfFault[name]?.says ?? /a line in the table/,
    );
  });

  it('holds no password and no instant of the run that wrote it', () => {
    expect(page).not.toMatch(/postgres(ql)?:\/\/[^\s@]*:[^\s@]*@/);
    expect(
      page.match(/\b20\d\d-\d\d-\d\dT\S+/g)?.filter((at) => !at.startsWith('2026-01-01T')) ?? [],
    ).toEqual([]);
  });
});
