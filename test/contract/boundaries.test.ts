import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type BoundaryReport, checkBoundaries } from '../../scripts/boundaries.ts';
import { globalUsesIn } from '../../scripts/global-uses.ts';
import { checkout } from '../../scripts/run-program.ts';

/** Modules that break no rule, for the others to import. */
const sound: Readonly<Record<string, string>> = {
  'src/errors.ts': 'export const errors = 1;',
  'src/clock.ts': 'export const nowMs = () => Date.now();',
  'src/log.ts': "import { pino } from 'pino'; export const logger = pino();",
  'src/neon/fact.ts': 'export const fact = 1;',
  'src/metrics/family.ts': 'export const family = 1;',
  'src/catalogue.ts': "import { a } from './collectors/a/a.ts'; export const catalogue = [a];",
  'src/settings/primitive.ts': "import { z } from 'zod'; export const primitive = z.string();",
  'src/sources/json-reader.ts': 'export interface JsonReader { read(): void } export const value = 1;',
  'src/sources/http.ts': "import { Pool } from 'undici'; export const pool = Pool;",
  'src/collectors/collector.ts': 'export interface Collector { name: string } export const value = 1;',
  'src/collectors/a/a.ts': "import { fact } from '../../neon/fact.ts'; export const a = fact;",
  'src/collectors/b/b.ts':
    "import type { JsonReader } from '../../sources/json-reader.ts'; export const b = (reader: JsonReader) => reader;",
  'src/collectors/registry.ts': "import { a } from './a/a.ts'; export const registry = [a];",
  'src/collection/store.ts': 'export interface Store { one(): void } export const value = 1;',
  'src/views/good.ts':
    "import type { Store } from '../collection/store.ts'; export const good = (store: Store) => store;",
  'src/render/snapshot.ts': 'export interface Snapshot { body: string } export const value = 1;',
  'src/render/process-metrics.ts':
    "import { Registry } from 'prom-client'; export const registry = new Registry();",
  'src/http/app.ts':
    "import express from 'express'; import type { Snapshot } from '../render/snapshot.ts'; export const app = (s: Snapshot) => [express(), s];",
  'src/config/load.ts': "import { parse } from 'yaml'; export const load = () => [parse(''), process.env];",
  'src/simulator/world/world.ts': 'export const world = 1;',
  'src/simulator/http/face.ts':
    "import { createServer } from 'node:http'; import { world } from '../world/world.ts'; export const face = [createServer, world];",
  'src/config/schema.ts':
    "import { primitive } from '../settings/primitive.ts'; export const schema = primitive;",
  'src/server.ts': "import { app } from './http/app.ts'; export const server = [app, process.pid];",
  'src/cli/main.ts': "import { server } from '../server.ts'; export const main = server;",
  'test/some.ts': 'export const some = 1;',
};

/** One module a rule, which breaks it. */
const unsound: readonly { readonly rule: string; readonly file: string; readonly text: string }[] = [
  { rule: 'layer-errors', file: 'src/errors.ts', text: "import './clock.ts';" },
  { rule: 'layer-clock', file: 'src/clock.ts', text: "import './neon/fact.ts';" },
  { rule: 'layer-breathe', file: 'src/breathe.ts', text: "import './neon/fact.ts';" },
  { rule: 'layer-log', file: 'src/log.ts', text: "import './neon/fact.ts';" },
  { rule: 'layer-neon', file: 'src/neon/bad.ts', text: "import '../metrics/family.ts';" },
  { rule: 'layer-metrics', file: 'src/metrics/bad.ts', text: "import '../neon/fact.ts';" },
  { rule: 'layer-settings', file: 'src/settings/bad.ts', text: "import '../config/schema.ts';" },
  { rule: 'layer-sources', file: 'src/sources/bad.ts', text: "import '../neon/fact.ts';" },
  {
    rule: 'layer-collectors',
    file: 'src/collectors/a/bad-store.ts',
    text: "import '../../collection/store.ts';",
  },
  {
    rule: 'layer-collectors',
    file: 'src/collectors/a/bad-source.ts',
    text: "import '../../sources/http.ts';",
  },
  {
    rule: 'layer-collectors-types-only',
    file: 'src/collectors/a/bad-value.ts',
    text: "import { value } from '../../sources/json-reader.ts'; export const bad = value;",
  },
  { rule: 'layer-collection', file: 'src/collection/bad.ts', text: "import '../render/snapshot.ts';" },
  {
    rule: 'layer-collection-types-only',
    file: 'src/collection/bad-value.ts',
    text: "import { value } from '../sources/json-reader.ts'; export const bad = value;",
  },
  { rule: 'layer-alerts', file: 'src/alerts/bad.ts', text: "import '../render/snapshot.ts';" },
  {
    rule: 'layer-alerts-types-only',
    file: 'src/alerts/bad-value.ts',
    text: "import { value } from '../collection/store.ts'; export const bad = value;",
  },
  { rule: 'layer-bundle', file: 'src/bundle/bad.ts', text: "import '../render/snapshot.ts';" },
  {
    rule: 'layer-bundle-types-only',
    file: 'src/bundle/bad-value.ts',
    text: "import { value } from '../collection/store.ts'; export const bad = value;",
  },
  { rule: 'layer-explain', file: 'src/explain/bad.ts', text: "import '../metrics/family.ts';" },
  { rule: 'layer-preflight', file: 'src/preflight/bad.ts', text: "import '../render/snapshot.ts';" },
  {
    rule: 'layer-preflight-types-only',
    file: 'src/preflight/bad-value.ts',
    text: "import { value } from '../collection/store.ts'; export const bad = value;",
  },
  { rule: 'layer-heal', file: 'src/heal/bad.ts', text: "import '../sources/http.ts';" },
  {
    rule: 'layer-heal-types-only',
    file: 'src/heal/bad-value.ts',
    text: "import { value } from '../collection/store.ts'; export const bad = value;",
  },
  { rule: 'pure', file: 'src/heal/bad-core.ts', text: "import 'node:crypto';" },
  { rule: 'layer-views', file: 'src/views/bad.ts', text: "import '../render/snapshot.ts';" },
  {
    rule: 'layer-views-types-only',
    file: 'src/views/bad-value.ts',
    text: "import { value } from '../collection/store.ts'; export const bad = value;",
  },
  { rule: 'layer-render', file: 'src/render/bad.ts', text: "import '../collectors/collector.ts';" },
  { rule: 'layer-http', file: 'src/http/bad.ts', text: "import '../collection/store.ts';" },
  {
    rule: 'layer-http-types-only',
    file: 'src/http/bad-value.ts',
    text: "import { value } from '../render/snapshot.ts'; export const bad = value;",
  },
  { rule: 'layer-config', file: 'src/config/bad.ts', text: "import '../collectors/registry.ts';" },
  { rule: 'layer-simulator', file: 'src/simulator/http/bad.ts', text: "import '../../sources/http.ts';" },
  { rule: 'layer-simulator', file: 'src/simulator/world/bad-fact.ts', text: "import '../../neon/fact.ts';" },
  { rule: 'layer-views', file: 'src/views/bad-world.ts', text: "import '../simulator/world/world.ts';" },
  { rule: 'world-apart', file: 'src/simulator/world/bad-face.ts', text: "import '../http/face.ts';" },
  { rule: 'package-undici', file: 'src/views/bad-undici.ts', text: "import 'undici';" },
  { rule: 'package-pg', file: 'src/collection/bad-pg.ts', text: "import 'pg';" },
  { rule: 'package-express', file: 'src/render/bad-express.ts', text: "import 'express';" },
  { rule: 'package-prom-client', file: 'src/metrics/bad-prom-client.ts', text: "import 'prom-client';" },
  { rule: 'package-pino', file: 'src/http/bad-pino.ts', text: "import 'pino';" },
  { rule: 'package-yaml', file: 'src/sources/bad-yaml.ts', text: "import 'yaml';" },
  { rule: 'package-leven', file: 'src/config/bad-leven.ts', text: "import 'leven';" },
  { rule: 'package-zod', file: 'src/neon/bad-zod.ts', text: "import 'zod';" },
  { rule: 'core-process', file: 'src/http/bad-process.ts', text: "import 'node:process';" },
  { rule: 'core-fs', file: 'src/render/bad-fs.ts', text: "import 'node:fs/promises';" },
  { rule: 'core-net', file: 'src/collection/bad-net.ts', text: "import 'node:http';" },
  { rule: 'pure', file: 'src/collectors/a/bad-core.ts', text: "import 'node:crypto';" },
  { rule: 'known-layer', file: 'src/elsewhere/bad.ts', text: "import '../errors.ts';" },
  { rule: 'no-children', file: 'src/cli/bad-child.ts', text: "import 'node:child_process';" },
  { rule: 'collectors-apart', file: 'src/collectors/a/bad-sibling.ts', text: "import '../b/b.ts';" },
  { rule: 'collectors-unlisted', file: 'src/collectors/b/bad-list.ts', text: "import '../registry.ts';" },
  { rule: 'top-is-top', file: 'src/neon/bad-catalogue.ts', text: "import '../catalogue.ts';" },
  { rule: 'cli-is-last', file: 'src/bad-cli.ts', text: "import './cli/main.ts';" },
  { rule: 'server-is-root', file: 'src/bad-server.ts', text: "import './server.ts';" },
  { rule: 'no-cycles', file: 'src/views/bad-one.ts', text: "import './bad-two.ts';" },
  { rule: 'no-unresolvable', file: 'src/views/bad-nowhere.ts', text: "import './nowhere.ts';" },
  { rule: 'no-dev-dependencies', file: 'src/cli/bad-dev.ts', text: "import 'fast-check';" },
  { rule: 'src-is-closed', file: 'src/cli/bad-test.ts', text: "import '../../test/some.ts';" },
  { rule: 'global-clock', file: 'src/views/bad-clock.ts', text: 'export const at = () => Date.now();' },
  {
    rule: 'global-process',
    file: 'src/http/bad-exit.ts',
    text: 'export const leave = () => process.exit(1);',
  },
  {
    rule: 'global-random',
    file: 'src/render/bad-chance.ts',
    text: 'export const chance = () => Math.random();',
  },
];

/** The other half of the cycle, which is reported at its first module. */
const accomplice = { 'src/views/bad-two.ts': "import './bad-one.ts';" };

const Rules = z.object({ default: z.object({ forbidden: z.array(z.object({ name: z.string() })) }) });

const trees: string[] = [];

/** A tree of the given files with the checkout's packages, checked. */
async function checkTree(files: Readonly<Record<string, string>>): Promise<BoundaryReport> {
  const root = await mkdtemp(join(tmpdir(), 'neonwatch-boundaries-'));
  trees.push(root);
  for (const name of ['node_modules', 'package.json', 'tsconfig.json']) {
    await symlink(join(checkout, name), join(root, name));
  }
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), `${text}\n`);
  }
  return checkBoundaries(root);
}

afterAll(async () => {
  for (const root of trees) await rm(root, { recursive: true });
});

describe('the boundary check', () => {
  let broken: BoundaryReport;

  beforeAll(async () => {
    const files: Record<string, string> = { ...sound, ...accomplice };
    for (const { file, text } of unsound) files[file] = `${sound[file] ?? ''} ${text}`;
    broken = await checkTree(files);
  });

  it.for(unsound)('$rule: refuses $file', ({ rule, file }) => {
    const found = broken.breaches.filter((breach) => breach.file === file).map((breach) => breach.rule);
    expect(found).toContain(rule);
  });

  it('has a module here that breaks each rule of the configuration', async () => {
    const config = Rules.parse(await import(`${checkout}/.dependency-cruiser.cjs`)).default;
    const untried = config.forbidden.filter(({ name }) => !unsound.some(({ rule }) => rule === name));
    expect(untried).toEqual([]);
  });

  it('has nothing against modules that keep to the rules', async () => {
    const { breaches, unseen, files } = await checkTree(sound);
    expect(breaches).toEqual([]);
    expect(unseen).toEqual([]);
    expect(files).toHaveLength(Object.keys(sound).length - 1);
  });

  it('names a file that the cruiser does not see', async () => {
    const { unseen } = await checkTree({
      ...sound,
      'src/neon/node_modules/hidden.ts': 'export const hidden = 1;',
    });
    expect(unseen).toEqual(['src/neon/node_modules/hidden.ts']);
  });
});

describe('globalUsesIn', () => {
  it.for([
    { case: 'sees the clock called', text: 'Date.now();', rules: ['global-clock'] },
    { case: 'sees the clock passed on', text: 'const now = Date.now;', rules: ['global-clock'] },
    { case: 'sees a date of now', text: 'new Date();', rules: ['global-clock'] },
    { case: 'is silent about a date of something', text: 'new Date(0);', rules: [] },
    { case: 'sees the monotonic clock', text: 'performance.now();', rules: ['global-clock'] },
    { case: 'sees a timer', text: 'setTimeout(run, 1);', rules: ['global-clock'] },
    {
      case: 'sees an imported timer',
      text: "import { setTimeout } from 'node:timers';",
      rules: ['global-clock'],
    },
    { case: 'sees a deadline of its own', text: 'AbortSignal.timeout(5);', rules: ['global-clock'] },
    { case: 'sees the environment', text: 'const { env } = process;', rules: ['global-process'] },
    {
      case: 'is silent about a property of that name',
      text: 'const x = { process: 1 }; x.process;',
      rules: [],
    },
    {
      case: 'is silent about a parameter of that name',
      text: 'list.map((process) => process.id);',
      rules: [],
    },
    {
      case: 'sees it beside a variable of that name',
      text: 'f((process) => 1); process.exit();',
      rules: ['global-process'],
    },
    { case: 'sees a way around', text: 'globalThis.process.exit();', rules: ['global-process'] },
    {
      case: 'is silent about comments and texts',
      text: "// process.env\nconst x = 'Date.now()';",
      rules: [],
    },
  ])('$case', ({ text, rules }) => {
    expect(globalUsesIn('src/views/some.ts', text).map(({ rule }) => rule)).toEqual(rules);
  });

  it('lets the clock be read in clock.ts', () => {
    expect(globalUsesIn('src/clock.ts', 'Date.now();')).toEqual([]);
  });
});
