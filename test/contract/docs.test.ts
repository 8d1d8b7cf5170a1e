import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fencedBlocks, relativeLinks } from '../../scripts/markdown.ts';
import { strangersEnvironment } from '../../scripts/readme-commands.ts';
import { captureProgram, checkout } from '../../scripts/run-program.ts';

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  ...globSync('docs/**/*.md', { cwd: checkout }),
].sort();
const generated = ['docs/metrics.md', 'docs/settings.md'];
const written = pages.filter((page) => !generated.includes(page));

function read(file: string): string {
  return readFileSync(join(checkout, file), 'utf8');
}

/** Text between backticks and in fenced blocks: where names of programs stand. SQL has names of its own. */
function codeIn(markdown: string): string {
  const fenced = fencedBlocks(markdown)
    .filter(({ language }) => language !== 'sql')
    .map(({ text }) => text);
  const inline = [...markdown.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  return [...fenced, ...inline].join('\n');
}

const yamlBlocks = written.flatMap((page) =>
  fencedBlocks(read(page))
    .filter(({ language }) => language === 'yaml')
    .map(({ name, text, line }) => ({ case: `${page}:${line}`, name, text })),
);

describe('examples', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'neonwatch-docs-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('each say which program reads them', () => {
    const names = new Set(yamlBlocks.map(({ name }) => name));
    expect([...names].sort()).toEqual(['neonwatch.yaml', 'prometheus.yml']);
  });

  it.for(yamlBlocks)('$case is taken by the program it is for', async ({ name, text }) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    const env = strangersEnvironment(process.env);
    const run =
      name === 'neonwatch.yaml'
        ? await captureProgram('node', ['src/cli/main.ts', 'config', 'check', '--config', file], { env })
        : await captureProgram('promtool', ['check', 'config', '--syntax-only', file], { env });
    expect(run.stderr).toBe('');
    expect(run.exitCode).toBe(0);
  });

  it.for(
    written.flatMap((page) =>
      fencedBlocks(read(page))
        .filter(({ language }) => language === 'promql')
        .map(({ text, line }) => ({ case: `${page}:${line}`, text })),
    ),
  )('$case is a query', async ({ text }) => {
    const file = join(folder, 'rules.yml');
    const rule = { groups: [{ name: 'docs', rules: [{ record: 'docs', expr: text }] }] };
    writeFileSync(file, JSON.stringify(rule));
    const run = await captureProgram('promtool', ['check', 'rules', file]);
    expect(run).toMatchObject({ exitCode: 0 });
  });
});

describe('what pages name', () => {
  it.for(pages.map((page) => ({ page })))('links of $page lead somewhere', ({ page }) => {
    const broken = relativeLinks(read(page)).filter(
      (target) => !existsSync(join(checkout, dirname(page), target)),
    );
    expect(broken).toEqual([]);
  });

  it.for(written.map((page) => ({ page })))('metrics in $page are in docs/metrics.md', ({ page }) => {
    const known = new Set([...read('docs/metrics.md').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]));
    const named = codeIn(read(page)).match(/(?<![.\w])(neon|neonwatch)_[a-z0-9_]+\b/g) ?? [];
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it.for(written.map((page) => ({ page })))('settings in $page are in docs/settings.md', ({ page }) => {
    const settings = read('docs/settings.md');
    const section =
      /^(http|log|storageController|pageservers|sql|limits|collection|collectors|series|findings|safekeepers|broker|computeHook)\.[a-zA-Z_.]+$/;
    const named = [...read(page).matchAll(/`([^`\n]+)`/g)]
      .map((match) => (match[1] ?? '').replace(/:.*$/, ''))
      .filter((name) => section.test(name));
    // A whole section may be named, too.
    const isThere = (name: string) => settings.includes(`\`${name}\``) || settings.includes(`\`${name}.`);
    expect(named.filter((name) => !isThere(name))).toEqual([]);
  });

  it('folders of src are in the table of ARCHITECTURE.md', () => {
    const folders = globSync('src/*/', { cwd: checkout }).map((folder) => folder.replace(/\/$/, ''));
    const text = read('ARCHITECTURE.md');
    expect(folders.filter((folder) => !text.includes(`| \`${folder}\` |`))).toEqual([]);
  });
});
