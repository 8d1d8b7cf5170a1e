import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/args.ts';
import { runConfigCommand } from '../../src/cli/config-command.ts';
import { helpText } from '../../src/cli/help.ts';
import { settings } from '../../src/config/schema.ts';

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const { rest, flags } = parseArguments(['config', ...argv]);
  return await runConfigCommand(rest, { flags, env, readFile: async () => '' });
}

const watching = { storcon_api: 'http://localhost:1234' };

describe('config', () => {
  it.for([
    {
      case: 'check says ok',
      argv: ['check'],
      env: watching,
      expected: { exitCode: 0, stdout: 'ok\n', stderr: '' },
    },
    {
      case: 'check says ok with warnings',
      argv: ['check', '--pageservers.token=x'],
      env: watching,
      expected: { exitCode: 0, stdout: 'ok\n', stderr: expect.stringMatching(/^warning: flag .*\n$/) },
    },
    {
      case: 'check tells every problem',
      argv: ['check', '--listen=x', '--log.level=y'],
      env: watching,
      expected: {
        exitCode: 2,
        stdout: '',
        stderr: expect.stringMatching(/^flag --listen: .*\nflag --log\.level: .*\n$/),
      },
    },
    {
      case: 'check refuses to watch nothing, as serve does',
      argv: ['check'],
      env: {},
      expected: { exitCode: 2, stdout: '', stderr: expect.stringMatching(/^nothing to watch: .*\n$/) },
    },
    {
      case: 'print shows even a configuration that watches nothing',
      argv: ['print'],
      env: {},
      expected: {
        exitCode: 0,
        stdout: expect.stringMatching(/^http:\n {2}listen: 127\.0\.0\.1:9795 # default\n/),
        stderr: '',
      },
    },
    {
      case: 'schema is JSON',
      argv: ['schema'],
      env: {},
      expected: { exitCode: 0, stdout: expect.stringMatching(/^\{\n {2}"\$schema"/), stderr: '' },
    },
    {
      case: 'schema refuses unknown flags',
      argv: ['schema', '--x.y.z'],
      env: {},
      expected: { exitCode: 2, stdout: '' },
    },
    {
      case: 'without a word',
      argv: [],
      env: {},
      expected: { exitCode: 2, stderr: 'config: expected one of check, print, schema, got nothing\n' },
    },
    {
      case: 'a misspelled word',
      argv: ['prnt'],
      env: {},
      expected: {
        exitCode: 2,
        stderr: 'config: expected one of check, print, schema; did you mean "print"?\n',
      },
    },
    {
      case: 'two words',
      argv: ['check', 'print'],
      env: {},
      expected: { exitCode: 2, stderr: 'config: expected one of check, print, schema, got 2 words\n' },
    },
  ])('$case', async ({ argv, env, expected }) => {
    expect(await run(argv, env)).toMatchObject(expected);
  });
});

describe('--help', () => {
  const text = helpText();
  it('names every setting, every variable and every default, collectors once', () => {
    const flat = text.replaceAll(/\s+/g, ' ');
    const missing = settings
      .filter(({ keys }) => keys[0] !== 'collectors' || keys[1] === 'NAME')
      .flatMap(({ flag, env, envAliases }) => [flag, `$${env}`, ...envAliases.map(({ name }) => `$${name}`)])
      .filter((name) => !flat.includes(name));
    expect(missing).toEqual([]);
    expect(flat).toContain('--collectors.NAME.max-series');
    expect(flat).toContain('leader.timeout 40s');
  });

  it('fits a terminal of 100 columns', () => {
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });
});
