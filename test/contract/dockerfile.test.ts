import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureProgram, checkout } from '../../scripts/run-program.ts';

/** Instructions of the Dockerfile, continued lines joined, comments left out. */
function instructions(): { word: string; rest: string }[] {
  return readFileSync(join(checkout, 'Dockerfile'), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ word: line.replace(/ .*/, ''), rest: line.replace(/^\S+ /, '') }));
}

const all = instructions();
const finalStage = all.slice(all.findLastIndex(({ word }) => word === 'FROM'));
const restOf = (wanted: string) => finalStage.filter(({ word }) => word === wanted).map(({ rest }) => rest);

describe('the Dockerfile', () => {
  it('takes its base from BASE in every stage', () => {
    expect(all[0]).toEqual({ word: 'ARG', rest: 'BASE=node:24-bookworm-slim' });
    const bases = all.filter(({ word }) => word === 'FROM').map(({ rest }) => rest);
    expect(bases.map((base) => base.replace(/^\$\{BASE\}/, 'BASE'))).toEqual(['BASE AS build', 'BASE']);
  });

  it('ships only what was built, and no development dependency', () => {
    const builds = all.filter(({ word }) => word === 'RUN').map(({ rest }) => rest);
    expect(builds.at(-1)).toMatch(/npm prune --omit=dev/);
    expect(restOf('RUN')).toEqual([]);
    expect(restOf('COPY').filter((rest) => !rest.startsWith('--from=build'))).toEqual([
      'package.json LICENSE ./',
    ]);
  });

  it('runs as a user that is not root, by number', () => {
    expect(restOf('USER')).toEqual(['10001:10001']);
  });

  it('listens where others can reach it, on the port that it exposes', () => {
    expect(restOf('ENV')).toContain('NEONWATCH_HTTP_LISTEN=0.0.0.0:9795');
    expect(restOf('EXPOSE')).toEqual(['9795']);
  });

  it('checks its health without a shell or curl', () => {
    expect(restOf('HEALTHCHECK')).toEqual([
      expect.stringMatching(/CMD \["node", "-e", "fetch\(.*\/-\/healthy/),
    ]);
  });

  it('starts what package.json calls neonwatch', () => {
    expect(restOf('ENTRYPOINT')).toEqual(['["node", "--max-semi-space-size=4", "dist/cli/main.js"]']);
    expect(readFileSync(join(checkout, 'package.json'), 'utf8')).toContain('"neonwatch": "dist/cli/main.js"');
  });

  it('is given every file that it copies', () => {
    const allowed = readFileSync(join(checkout, '.dockerignore'), 'utf8').match(/^!(.+)$/gm);
    const copied = all
      .filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from'))
      .flatMap(({ rest }) => rest.split(' ').slice(0, -1));
    expect([...new Set(copied)].sort()).toEqual((allowed ?? []).map((line) => line.slice(1)).sort());
  });
});

describe('what ships', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'neonwatch-dist-'));
    for (const name of ['node_modules', 'package.json'])
      symlinkSync(join(checkout, name), join(folder, name));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('compiles and starts', async () => {
    const build = ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')];
    expect(await captureProgram('tsc', build)).toMatchObject({ exitCode: 0, stdout: '' });
    const run = await captureProgram('node', [join(folder, 'dist', 'cli', 'main.js'), '--version']);
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^neonwatch \d+\.\d+\.\d+\n$/) });
  });
});
