import { describe, expect, it } from 'vitest';
import { commandsOf, fencedBlocks, relativeLinks } from '../../scripts/markdown.ts';
import { readmeCommands, runInEmptyFolder, strangersEnvironment } from '../../scripts/readme-commands.ts';

describe('the README', () => {
  it('has its commands run as they stand in an empty folder', { timeout: 600_000 }, async () => {
    const commands = await readmeCommands();
    const started: string[] = [];
    await runInEmptyFolder(commands, (command) => started.push(command));
    expect(started).toEqual(commands);
    expect(started[0]).toBe('npm ci');
    expect(started.filter((command) => command.includes('serve'))).not.toEqual([]);
  });

  it('fails for a command that fails', async () => {
    await expect(runInEmptyFolder(['test -e package.json', 'exit 3'], () => undefined)).rejects.toThrow(
      'exit 3\nended with 3',
    );
  });

  it('fails for a server that prints no address', async () => {
    await expect(runInEmptyFolder(['echo serve nothing'], () => undefined)).rejects.toThrow('no address');
  });
});

describe('strangersEnvironment', () => {
  it('keeps nothing of this checkout, and what a shell has', () => {
    const env = {
      HOME: '/nowhere',
      PATH: '/checkout/node_modules/.bin:/usr/bin',
      npm_config_local_prefix: '/checkout',
      npm_config_cache: '/cache',
      npm_lifecycle_event: 'test',
      NODE_OPTIONS: '--inspect',
      VITEST: 'true',
      storcon_api: 'http://localhost:1',
      NEONWATCH_LOG_LEVEL: 'trace',
    };
    expect(strangersEnvironment(env)).toEqual({
      HOME: '/nowhere',
      PATH: '/usr/bin',
      npm_config_cache: '/cache',
    });
  });
});

describe('fencedBlocks', () => {
  it.for([
    { case: 'finds none', markdown: 'text `code` text', blocks: [] },
    {
      case: 'tells language and name',
      markdown: 'a\n```yaml neonwatch.yaml\nb: 1\n```\n',
      blocks: [{ language: 'yaml', name: 'neonwatch.yaml', text: 'b: 1\n', line: 2 }],
    },
    {
      case: 'keeps blocks apart',
      markdown: '```sh\na\n```\n```\nb\n```',
      blocks: [
        { language: 'sh', name: '', text: 'a\n', line: 1 },
        { language: '', name: '', text: 'b\n', line: 4 },
      ],
    },
  ])('$case', ({ markdown, blocks }) => {
    expect(fencedBlocks(markdown)).toEqual(blocks);
  });

  it('refuses a block without an end', () => {
    expect(() => fencedBlocks('a\n```sh\nb')).toThrow('line 2');
  });
});

describe('commandsOf', () => {
  it.for([
    { case: 'gives one a line', text: 'a\nb\n', commands: ['a', 'b'] },
    { case: 'leaves comments and empty lines out', text: '# why\n\na\n', commands: ['a'] },
    { case: 'joins what goes on', text: 'a \\\n  --b\nc\n', commands: ['a    --b', 'c'] },
  ])('$case', ({ text, commands }) => {
    expect(commandsOf(text)).toEqual(commands);
  });
});

describe('relativeLinks', () => {
  it('gives files, not addresses or places in the page', () => {
    expect(relativeLinks('[a](b.md#c) [d](https://e.f) [g](#h) ![i](j/k.svg)')).toEqual(['b.md', 'j/k.svg']);
  });
});
