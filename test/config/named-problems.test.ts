import { describe, expect, it } from 'vitest';
import { problemsWith } from './load-with.ts';

describe('a problem in the environment', () => {
  it.for([
    {
      case: 'a wrong value',
      env: { NEONWATCH_COLLECTION_INTERVAL: 'abc' },
      problem: 'environment NEONWATCH_COLLECTION_INTERVAL: expected a duration such as 15s, got "abc"',
    },
    {
      case: 'an unknown variable',
      env: { NEONWATCH_STORAGE_CONTROLLER_ULR: 'x' },
      problem:
        'environment NEONWATCH_STORAGE_CONTROLLER_ULR: unknown setting; did you mean NEONWATCH_STORAGE_CONTROLLER_URL?',
    },
    {
      case: 'a variable like nothing',
      env: { NEONWATCH_X: 'x' },
      problem: 'environment NEONWATCH_X: unknown setting; `neonwatch --help` lists them',
    },
    {
      case: 'a port that Kubernetes did not write',
      env: { NEONWATCH_HTTP_PORT: '9795' },
      problem: expect.stringContaining('environment NEONWATCH_HTTP_PORT: unknown setting'),
    },
    {
      case: 'a list that is no YAML',
      env: { NEONWATCH_PAGESERVERS_URLS: '[http://a' },
      problem:
        'environment NEONWATCH_PAGESERVERS_URLS: expected a list such as ["http://localhost:9898"] (YAML on one line), got a text that is none',
    },
    {
      case: 'one item of a list',
      env: { NEONWATCH_COMPUTES: '[{dsn: x}]' },
      problem: expect.stringMatching(
        /^environment NEONWATCH_COMPUTES \[0\]\.dsn: expected a Postgres connection string/,
      ),
    },
    {
      case: "the runbook's variable",
      env: { compute_dsn: 'x' },
      problem: expect.stringMatching(/^environment compute_dsn \[0\]\.dsn: expected a Postgres/),
    },
    {
      case: 'aliases in a list',
      env: { NEONWATCH_PAGESERVERS_URLS: '[&a http://a, *a]' },
      problem: expect.stringContaining('without YAML aliases'),
    },
  ])('$case', async ({ env, problem }) => {
    expect(await problemsWith({ env })).toEqual([problem]);
  });
});

describe('a problem in the flags', () => {
  it.for([
    {
      case: 'a wrong value',
      argv: ['--storage-controller.page-size', 'many'],
      problem: 'flag --storage-controller.page-size: expected a whole number from 1 to 5000, got "many"',
    },
    {
      case: 'an unknown flag',
      argv: ['--htp.listen=x'],
      problem: 'flag --htp.listen: unknown flag; did you mean --http.listen?',
    },
    {
      case: 'an unknown flag and its value',
      argv: ['--lisen', '127.0.0.1:0'],
      problem: 'flag --lisen: unknown flag; did you mean --listen?',
    },
    {
      case: 'a name of the language',
      argv: ['--constructor'],
      problem: expect.stringContaining('flag --constructor: unknown flag'),
    },
    {
      case: 'short flags',
      argv: ['-xyz'],
      problem: 'flag: unknown short flag; there are -h (--help) and -V (--version)',
    },
    {
      case: 'a flag twice',
      argv: ['--listen=a:1', '--http.listen=a:2'],
      problem: 'flag --http.listen: given twice, also as --listen; keep one',
    },
    {
      case: 'no value at the end',
      argv: ['--log.level'],
      problem: expect.stringMatching(
        /^flag --log\.level: expected one of .*, got nothing; write --log\.level=VALUE$/,
      ),
    },
    {
      case: 'no value before the next flag',
      argv: ['--log.level', '--listen=a:1'],
      problem: expect.stringMatching(/^flag --log\.level: .* got nothing/),
    },
    {
      case: 'no- before a setting that is no switch',
      argv: ['--no-series.max'],
      problem: 'flag --no-series.max: takes a value, --series.max=VALUE',
    },
    {
      case: 'a switch with another word',
      argv: ['--series.per-tenant=maybe'],
      problem: 'flag --series.per-tenant: expected true or false, got "maybe"',
    },
    {
      case: 'no file for --config',
      argv: ['--config'],
      problem: expect.stringMatching(/^flag --config: expected the path of a file, got nothing/),
    },
  ])('$case', async ({ argv, problem }) => {
    expect(await problemsWith({ argv })).toEqual([problem]);
  });
});

it('tells the problems of all layers at once, weakest first', async () => {
  const problems = await problemsWith({
    file: 'log: {levl: info}\nhttp: {listen: 1}\nstorageController: {token: a, tokenFile: b}\n',
    env: { NEONWATCH_LIMITS_BODY_TIMEOUT: '3' },
    argv: ['--series.max=x', '--unknown'],
    mustWatch: true,
  });
  expect(problems.map((line) => line.replace(/:.*/, ''))).toEqual([
    'neonwatch.yaml',
    'flag --unknown',
    'neonwatch.yaml',
    'environment NEONWATCH_LIMITS_BODY_TIMEOUT',
    'flag --series.max',
    'neonwatch.yaml',
  ]);
});
