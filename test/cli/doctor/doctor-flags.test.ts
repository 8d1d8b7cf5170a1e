import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../../src/cli/args.ts';
import { type DoctorOptions, doctorOptions } from '../../../src/cli/doctor/doctor-flags.ts';

const options = (...argv: string[]) => doctorOptions(parseArguments(['doctor', ...argv]).own);

describe('the flags of doctor', () => {
  it.for<{ case: string; argv: string[]; expected: Partial<DoctorOptions> }>([
    {
      case: 'have defaults',
      argv: [],
      expected: {
        tenant: undefined,
        isJson: false,
        isWatching: false,
        intervalMs: 15_000,
        timeoutMs: 30_000,
      },
    },
    {
      case: 'are durations in milliseconds',
      argv: ['--interval=2m', '--timeout=500ms'],
      expected: { intervalMs: 120_000, timeoutMs: 500 },
    },
    { case: 'are files', argv: ['--save', 'a', '--tenant', 'ab'], expected: { saveTo: 'a', tenant: 'ab' } },
    { case: 'are off with no-', argv: ['--json', '--no-json'], expected: { isJson: false } },
    { case: 'count as they came last', argv: ['--save=a', '--save=b'], expected: { saveTo: 'b' } },
  ])('$case', ({ argv, expected }) => {
    expect(options(...argv)).toMatchObject(expected);
  });

  it.for<[string, string[], string[]]>([
    [
      'a duration that is none',
      ['--interval=soon'],
      ['--interval: expected a duration such as 30s, got "soon"'],
    ],
    [
      'no value, each by itself',
      ['--against=', '--save'],
      ['--save: expected a value, as in --save=VALUE', '--against: expected a value, as in --against=VALUE'],
    ],
    [
      'a tenant id that is none',
      ['--tenant=XYZ'],
      ['--tenant: expected a tenant id, or the beginning of one: up to 32 hexadecimal digits'],
    ],
    ['a tenant id that is too long', [`--tenant=${'a'.repeat(33)}`], [expect.stringMatching(/^--tenant: /)]],
    [
      '--watch with --json',
      ['--watch', '--json'],
      ['--watch and --json exclude each other: give one of them'],
    ],
    ['--watch with --save', ['--watch', '--save=a'], [expect.stringMatching(/^--watch and --save /)]],
    [
      '--watch with --against',
      ['--watch', '--against=a'],
      [expect.stringMatching(/^--watch and --against /)],
    ],
    [
      '--tenant with --against',
      ['--tenant=a', '--against=a'],
      [expect.stringMatching(/^--tenant and --against /)],
    ],
  ])('refuse %s', ([, argv, problems]) => {
    expect(() => options(...argv)).toThrow(expect.objectContaining({ problems }));
  });
});
