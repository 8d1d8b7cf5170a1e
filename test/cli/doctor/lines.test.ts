import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counted, spanText, valueText, wrapped } from '../../../src/cli/doctor/lines.ts';

const at = (width: number | undefined) => ({ width, isColoured: false });

describe('lines of a report', () => {
  it.each<[string, string, number, number, string[]]>([
    ['stay whole where they fit', 'one two', 0, 0, ['one two']],
    ['are indented', 'one two', 4, 0, ['    one two']],
    [
      'hang after the first',
      'one two three four five six seven eight nine',
      2,
      3,
      ['  one two three four five six seven eight', '     nine'],
    ],
    ['keep a long word whole', `see ${'x'.repeat(60)} now`, 0, 2, ['see', `  ${'x'.repeat(60)}`, '  now']],
  ])('%s', (_, text, indent, hang, expected) => {
    expect(wrapped(text, indent, at(42), hang)).toEqual(expected);
  });

  it('lose no word and break at no other place than a space', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,20}$/), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        words,
        fc.integer({ min: 1, max: 200 }),
        fc.nat(8),
        fc.nat(8),
        (list, width, indent, hang) => {
          const lines = wrapped(list.join(' '), indent, at(width), hang);
          expect(lines.map((line) => line.trim()).join(' ')).toBe(list.join(' '));
          const room = Math.max(width, 40);
          for (const line of lines) expect(line.length <= room || !line.trim().includes(' ')).toBe(true);
        },
      ),
    );
  });

  it.each([
    [0, '0 s'],
    [-5, '0 s'],
    [119_000, '119 s'],
    [120_000, '2 min'],
    [7_200_000, '2 h'],
    [172_800_000, '2 days'],
  ])('%i ms are %s', (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });

  it.each<[string | number, string | undefined, string]>([
    ['Active', undefined, 'Active'],
    [3, 'shards', '3 shards'],
    [0.123456, 'seconds per second', '0.123 seconds per second'],
    [90, 'seconds', '90 s'],
    [0, 'bytes', '0 B'],
    [1023, 'bytes', '1023 B'],
    [1536, 'bytes', '1.5 KiB'],
    [20 * 1024 ** 3, 'bytes', '20 GiB'],
    [5 * 1024 ** 6, 'bytes', '5120 PiB'],
  ])('the value %s in %s is shown as %s', (value, unit, text) => {
    expect(valueText(value, unit)).toBe(text);
  });

  it('counts', () => {
    expect([counted(1, 'look'), counted(2, 'look'), counted(2, 'index', 'indexes')]).toEqual([
      '1 look',
      '2 looks',
      '2 indexes',
    ]);
  });
});
