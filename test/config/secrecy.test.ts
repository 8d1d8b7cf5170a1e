import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/args.ts';
import { runConfigCommand } from '../../src/cli/config-command.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { settings } from '../../src/config/schema.ts';

/** The part of every secret that must not be seen, so that a secret cut or escaped is caught too. */
const core = 'zQ9-core';
const padding = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom(
    '',
    ' ',
    ': ',
    '!',
    '*',
    '&',
    '- ',
    '{',
    '[',
    '"',
    "'",
    '@',
    '%',
    '#',
    'x: ',
    '-',
    '--',
    '|\n ',
  ),
);
const anySecret = fc.tuple(padding, padding).map(([before, after]) => `${before}${core}${after}`);

/** A secret as it may be put into each secret setting, and beside it: right, wrong, and in a DSN or URL. */
const anyWrapped = fc
  .tuple(
    anySecret,
    fc.constantFrom(
      (secret: string) => secret,
      (secret: string) => `postgres://user:${secret}@host/db`,
      (secret: string) => `host=h password=${secret}`,
      (secret: string) => `http://user:${secret}@host`,
    ),
  )
  .map(([secret, wrap]) => wrap(secret));

const secretSettings = settings.filter(({ secret }) => secret);

/** The lines in which neonwatch shows a secret, of all that it says about a configuration. */
async function linesThatTell(
  argv: readonly string[],
  env: Record<string, string>,
  file: string,
): Promise<string[]> {
  const said: string[] = [];
  for (const action of ['check', 'print']) {
    try {
      const { rest, flags } = parseArguments(['config', action, ...argv]);
      const readFile = async () => file;
      const { stdout, stderr } = await runConfigCommand(rest, { flags, env, readFile });
      said.push(stdout, stderr);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      said.push(error.message);
    }
  }
  return said.flatMap((text) => text.split('\n')).filter((line) => line.includes(core));
}

const inFile = ['--config', 'neonwatch.yaml'];

describe.for(secretSettings)('a secret in $path', ({ keys, path, env, envAliases, flag }) => {
  it.for([
    {
      case: 'quoted in the file',
      say: (secret: string) => linesThatTell(inFile, {}, nested(keys, JSON.stringify(secret))),
    },
    {
      case: 'bare in the file',
      say: (secret: string) => linesThatTell(inFile, {}, nested(keys, secret.replaceAll('\n', ' '))),
    },
    {
      case: 'in a map in the file',
      say: (secret: string) => linesThatTell(inFile, {}, nested(keys, JSON.stringify({ [secret]: secret }))),
    },
    {
      case: 'in a list of the file',
      say: (secret: string) =>
        linesThatTell(
          inFile,
          {},
          nested(
            keys,
            JSON.stringify([
              secret,
              { dsn: secret },
              { dns: secret },
              { [secret]: 1 },
              { dsnFile: 1, name: [secret] },
            ]),
          ),
        ),
    },
    { case: 'in the environment', say: (secret: string) => linesThatTell([], { [env]: secret }, '') },
    {
      case: "in the runbook's variables",
      say: (secret: string) =>
        linesThatTell([], Object.fromEntries(envAliases.map(({ name }) => [name, secret])), ''),
    },
    { case: 'in a flag with =', say: (secret: string) => linesThatTell([`--${flag}=${secret}`], {}, '') },
    { case: 'behind a flag', say: (secret: string) => linesThatTell([`--${flag}`, secret], {}, '') },
    {
      case: 'behind a mistyped flag',
      say: (secret: string) => linesThatTell([`--${flag}x`, secret.replace(/^-+/, '')], {}, ''),
    },
    {
      case: 'in a mistyped flag with =',
      say: (secret: string) => linesThatTell([`--${flag}x=${secret}`], {}, ''),
    },
    {
      case: 'in a mistyped variable',
      say: (secret: string) => linesThatTell([], { [`${env}X`]: secret }, ''),
    },
    {
      case: 'torn apart by the shell',
      say: (secret: string) =>
        linesThatTell([`--${flag}=a`, ...secret.split(' ').map((word) => word.replace(/^-+/, ''))], {}, ''),
    },
    {
      case: 'where its file belongs',
      say: (secret: string) =>
        linesThatTell([], { [`${path === 'computes' ? env : `${env}_FILE`}`]: `eyJ.${secret}` }, ''),
    },
  ])('is never shown: $case', async ({ say }) => {
    await fc.assert(
      fc.asyncProperty(anyWrapped, async (secret) => {
        expect(await say(secret)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

it('is never shown as the password of a URL', async () => {
  const urls = ['storageController.url', 'pageservers.urls', 'http.listen', 'addresses'];
  await fc.assert(
    fc.asyncProperty(anySecret, fc.constantFrom(...urls), async (secret, path) => {
      const file = nested(path.split('.'), JSON.stringify(`http://user:${secret}@host`));
      expect(await linesThatTell(inFile, {}, file)).toEqual([]);
      const list = nested(path.split('.'), JSON.stringify([`http://user:${secret}@host`]));
      expect(await linesThatTell(inFile, {}, list)).toEqual([]);
    }),
    { numRuns: 40 },
  );
}, 30_000);

/** A setting in the file as block YAML, its value as it stands. */
function nested(keys: readonly string[], value: string): string {
  return keys
    .map((key, depth) => `${'  '.repeat(depth)}${key}:`)
    .join('\n')
    .concat(` ${value}\n`);
}
