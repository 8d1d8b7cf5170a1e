import { describe, expect, it } from 'vitest';
import { parseBlocks } from '../../src/neon/guc-unit.ts';

describe('parseBlocks', () => {
  it.for([
    { case: 'a bare number is blocks', text: '2048', blocks: 2048 },
    { case: 'megabytes, as SHOW prints the default stripe', text: '16MB', blocks: 2048 },
    { case: 'kilobytes', text: '8kB', blocks: 1 },
    { case: 'a blank before the unit', text: ' 1 GB ', blocks: 131_072 },
    { case: 'bytes', text: '16384B', blocks: 2 },
    { case: 'half a megabyte', text: '0.5MB', blocks: 64 },
    { case: 'less than a block rounds to even', text: '4kB', blocks: 0 },
    { case: 'one and a half blocks round to even', text: '12kB', blocks: 2 },
    { case: 'hexadecimal', text: '0x800', blocks: 2048 },
    { case: 'octal, because Postgres reads it so', text: '010', blocks: 8 },
    { case: "the runbook's own odd figure", text: '65558', blocks: 65_558 },
    { case: 'a unit in the wrong case', text: '16mb', blocks: undefined },
    { case: 'a unit of time', text: '16ms', blocks: undefined },
    { case: 'nothing', text: '', blocks: undefined },
    { case: 'words', text: 'many', blocks: undefined },
    { case: 'more than an int', text: '2147483648', blocks: undefined },
    { case: 'more than an int by its unit', text: '17TB', blocks: undefined },
  ])('$case: $text', ({ text, blocks }) => {
    expect(parseBlocks(text)).toBe(blocks);
  });

  it('counts in the blocks of the server', () => {
    expect(parseBlocks('16MB', 32_768)).toBe(512);
  });
});
