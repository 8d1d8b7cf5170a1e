import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/args.ts';
import { doctorFlags } from '../../src/cli/doctor/doctor-flags.ts';
import { helpText } from '../../src/cli/help.ts';

const lines = helpText().split('\n');
const commandLines = lines.slice(lines.indexOf('Commands:') + 1, lines.indexOf('Flags:') - 1);

describe('the text of --help', () => {
  it('lists every command, its name in a column of its own', () => {
    const longest = Math.max(...Object.keys(commands).map(({ length }) => length));
    const columns = commandLines.map((line) => [line.slice(2, 2 + longest).trim(), line.slice(longest + 4)]);
    const names = columns.flatMap(([name]) => (name === '' ? [] : [name]));
    expect(names).toEqual(Object.keys(commands));
    for (const line of commandLines) expect(line.slice(2 + longest, longest + 4)).toBe('  ');
    const joined = columns.map(([, text]) => text).join(' ');
    for (const summary of Object.values(commands)) expect(joined).toContain(summary);
  });

  it('lists every flag of doctor', () => {
    for (const flag of Object.keys(doctorFlags)) {
      expect(lines.some((line) => line.startsWith(`  --${flag}`))).toBe(true);
    }
  });

  it('fits a terminal of 100 columns, but for the names of settings with long values', () => {
    const long = lines.filter((line) => line.length > 100 && !line.trimStart().startsWith('--'));
    expect(long.filter((line) => line.trim().includes(' '))).toEqual([]);
  });
});
