import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkout } from '../../scripts/run-program.ts';
import { actionKinds } from '../../src/heal/action-kind.ts';
import { actedOn } from '../../src/heal/actions.ts';
import { gates } from '../../src/heal/gates.ts';
import { mutatingRoutes } from '../../src/heal/mutations.ts';
import { refusalReasons } from '../../src/heal/refusal.ts';

const read = (file: string) => readFileSync(join(checkout, file), 'utf8');
const page = read('docs/HEALING.md');
const part = (heading: string) => page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
const rowsOf = (heading: string) =>
  part(heading)
    .split('\n')
    .filter((line) => /^\| (?!-)/.test(line))
    .slice(1)
    .map((line) => line.split('|').map((cell) => cell.trim()));

describe('docs/HEALING.md', () => {
  it('has the gates of the list, in its order', () => {
    expect(rowsOf('Gates').map(([, id, name]) => [id, name])).toEqual(
      gates.map(({ id, name }) => [id, name]),
    );
  });

  it('has every reason and no other', () => {
    const named = [...part('Reasons').matchAll(/`(\w+)`/g)].map((match) => match[1]);
    expect([...new Set(named)].sort()).toEqual([...refusalReasons].sort());
  });

  it('has every kind of action, the finding it is for, and every route that may be sent', () => {
    const rows = rowsOf('What it would do');
    expect(rows.map(([, kind]) => kind?.replaceAll('`', ''))).toEqual([...actionKinds]);
    expect(rows.map(([, , finding]) => finding?.replaceAll('`', '')).sort()).toEqual([...actedOn].sort());
    for (const { route } of mutatingRoutes) expect(part('What it would do')).toContain(route);
  });

  it('names tests that there are', () => {
    const tests = globSync('test/heal/*.test.ts', { cwd: checkout })
      .filter((file) => !file.endsWith('healing-page.test.ts'))
      .map(read)
      .join('\n');
    const rows = rowsOf('Invariants');
    expect(rows.length).toBeGreaterThan(10);
    // A row of a table of cases has its beginning in the title of the table.
    const beginnings = /^(nothing is planned|is not filled when) /;
    const missing = rows
      .map(([, , name = '']) => name)
      .filter((name) => !tests.includes(name) && !tests.includes(`'${name.replace(beginnings, '')}'`));
    expect(missing).toEqual([]);
  });
});

describe('every reason', () => {
  it('is given by something', () => {
    const sources = globSync('src/heal/**/*.ts', { cwd: checkout })
      .filter((file) => !file.endsWith('heal/refusal.ts'))
      .map(read)
      .join('\n');
    expect(refusalReasons.filter((reason) => !sources.includes(`'${reason}'`))).toEqual([]);
  });

  it('is expected by a test', () => {
    const tests = globSync('test/heal/*.test.ts', { cwd: checkout }).map(read).join('\n');
    expect(refusalReasons.filter((reason) => !tests.includes(`'${reason}'`))).toEqual([]);
  });
});
