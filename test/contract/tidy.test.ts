import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { missingPackages } from '../../scripts/complete-lockfile.ts';
import { checkout } from '../../scripts/run-program.ts';

const maxLines = 300;
const vagueNames = [
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'misc',
  'types',
  'constants',
  'index',
  'shared',
];
/** Recorded or made by programs, so not ours to keep tidy; and this file, which names what it looks for. */
const notWritten = /^(test\/fixtures|test\/golden|package-lock\.json|LICENSE|test\/contract\/tidy\.test\.ts)/;

const Package = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
  scripts: z.record(z.string(), z.string()),
});

function read(file: string): string {
  return readFileSync(join(checkout, file), 'utf8');
}

/** What a commit of everything would hold. */
function ownFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: checkout, encoding: 'utf8', maxBuffer: 2 ** 26 });
  const gone = execFileSync('git', ['ls-files', '-z', '--deleted'], { cwd: checkout, encoding: 'utf8' });
  const deleted = new Set(gone.split('\0'));
  return listed.split('\0').filter((file) => file !== '' && !deleted.has(file));
}

const files = ownFiles();
const sources = files.filter((file) => /^src\/.*\.ts$/.test(file));
const written = files.filter((file) => !notWritten.test(file));
const modules = written.filter((file) => /^(src|scripts|bench|test)\/.*\.(ts|mjs)$/.test(file));
const manifest = Package.parse(JSON.parse(read('package.json')));

/** Files whose text matches, with the line of the first match. */
function linesWith(pattern: RegExp, among: readonly string[]): string[] {
  return among.flatMap((file) => {
    const index = read(file)
      .split('\n')
      .findIndex((line) => pattern.test(line));
    return index === -1 ? [] : [`${file}:${index + 1}`];
  });
}

describe('source files', () => {
  it('are found', () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  it(`have at most ${maxLines} lines`, () => {
    expect(sources.filter((file) => read(file).split('\n').length - 1 > maxLines)).toEqual([]);
  });

  it('are named for what they hold', () => {
    expect(modules.filter((file) => vagueNames.includes(basename(file).replace(/\..*$/, '')))).toEqual([]);
  });

  it('have no default exports', () => {
    expect(linesWith(/^export default\b|\bas default\b/, modules)).toEqual([]);
  });

  it('do not switch rules off', () => {
    expect(linesWith(/@ts-(ignore|nocheck)|biome-ignore-all|eslint-disable/, modules)).toEqual([]);
  });
});

describe('every file', () => {
  it.for([
    { case: 'says what is, not what is to do', pattern: /\b(TODO|FIXME|XXX)\b/ },
    { case: 'holds no path of one machine', pattern: /(^|[\s'"`(=:])\/(work|home|Users|root)\// },
    {
      case: 'names no package registry',
      pattern:
        /\b(registry\.(npmjs|yarnpkg)|npm\.pkg\.github|artifactory|https?:\/\/[^\s/]*(registry|mirror|nexus)[^\s/]*\.)/i,
    },
  ])('$case', ({ pattern }) => {
    expect(linesWith(pattern, written)).toEqual([]);
  });
});

describe('package.json', () => {
  it('pins every version exactly', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });

  it('has a reason for every runtime dependency in docs/adr/0003', () => {
    const reasons = read('docs/adr/0003-runtime-dependencies.md');
    const unexplained = Object.keys(manifest.dependencies).filter(
      (name) => !reasons.includes(`\n**${name}** `),
    );
    expect(unexplained).toEqual([]);
  });
});

describe('package-lock.json', () => {
  const lockfile = read('package-lock.json');

  it('holds no download addresses', () => {
    expect(lockfile.match(/"resolved"|[.]tgz"/g)).toBeNull();
  });

  it('has an entry for every dependency, so that `npm ci` takes it', () => {
    expect(missingPackages(lockfile)).toEqual([]);
  });

  it('agrees with package.json', () => {
    const Root = z.object({ packages: z.record(z.string(), z.unknown()) });
    const root = Package.omit({ scripts: true }).parse(Root.parse(JSON.parse(lockfile)).packages['']);
    expect(root).toEqual({ dependencies: manifest.dependencies, devDependencies: manifest.devDependencies });
  });
});

describe('CHANGELOG.md', () => {
  it('says what is not released yet', () => {
    expect(read('CHANGELOG.md')).toMatch(
      /^## Unreleased\n\n### (Added|Changed|Fixed|Removed|Deprecated|Security)\n\n- /m,
    );
  });
});

describe('.ci/run', () => {
  it('calls npm and nothing else', () => {
    const commands = read('.ci/run')
      .split('\n')
      .filter((line) => line !== '' && !/^(#|set |cd |export )/.test(line));
    expect(commands).toEqual([
      'npm ci',
      'npm run --silent node-version',
      'npm run --silent check',
      'npm test --silent',
    ]);
  });
});
