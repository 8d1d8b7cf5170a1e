import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type FencedBlock, fencedBlocks } from '../../scripts/markdown.ts';
import { checkout } from '../../scripts/run-program.ts';
import { sameSpacing, splitCommands, withoutPrivateNames } from '../../scripts/runbook-commands.ts';
import { detectors } from '../../src/alerts/registry.ts';
import { parseArguments } from '../../src/cli/args.ts';
import { operations } from '../../src/preflight/operations.ts';

const Fixture = z.object({
  origin: z.string(),
  documents: z.array(
    z.object({
      file: z.string(),
      pages: z.array(z.string()),
      commands: z.array(z.object({ line: z.number(), section: z.string(), command: z.string() })),
    }),
  ),
});

const index = 'docs/runbook-corrected.md';
const recovery = 'docs/runbook-corrected/recovery.md';
const pages = [index, ...globSync('docs/runbook-corrected/*.md', { cwd: checkout })].sort();
const fixtureText = read('test/fixtures/runbook-commands.json');
const { documents } = Fixture.parse(JSON.parse(fixtureText));

function read(file: string): string {
  return readFileSync(join(checkout, file), 'utf8');
}

/** A numbered step of a page, from its heading on. */
interface Step {
  readonly name: string;
  readonly number: number;
  readonly text: string;
}

function stepsOf(page: string): Step[] {
  return read(page)
    .split(/^(?=#{2,3} )/m)
    .flatMap((text) => {
      const [, number, title] = /^### (\d+)\. (.+)$/m.exec(text) ?? [];
      return number === undefined ? [] : [{ name: `${number}. ${title}`, number: Number(number), text }];
    });
}

const labels = ['Really', 'Instead', 'neonwatch'] as const;

/** The part of a step under a label, up to the next one. */
function part({ text }: Step, label: (typeof labels)[number]): string {
  const from = text.indexOf(`\n**${label}.**`);
  const rest = text.slice(from + 1);
  const to = rest.slice(1).search(/^\*\*\w+\.\*\*/m);
  return from === -1 ? '' : to === -1 ? rest : rest.slice(0, to + 1);
}

/** The commands that a step quotes: what stands before its first label. */
function quoted({ text }: Step): string[] {
  return fencedBlocks(text.slice(0, text.indexOf('\n**Really.** '))).flatMap((block) =>
    splitCommands(block.text).map(({ command }) => sameSpacing(command)),
  );
}

const steps = documents.flatMap((document) =>
  document.pages.flatMap((page) =>
    stepsOf(page).map((step) => ({ case: `${page} ${step.name}`, page, step })),
  ),
);

const families = new Set([...read('docs/metrics.md').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]));
const findings = new Set<string>(detectors.map(({ id }) => id));

describe.each(documents)('$file', ({ pages: ownPages, commands }) => {
  it('was taken apart into commands', () => {
    expect(commands.length).toBeGreaterThan(50);
  });

  it('has each of its commands quoted once, in order, and nothing else is quoted', () => {
    const quotes = ownPages.flatMap((page) => stepsOf(page).flatMap(quoted));
    expect(quotes).toEqual(commands.map(({ command }) => sameSpacing(command)));
  });

  it('has its steps numbered without a gap', () => {
    const numbers = ownPages.flatMap((page) => stepsOf(page).map(({ number }) => number));
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  });
});

describe('a step', () => {
  it.for(steps)('$case says what happens, what to run instead and what neonwatch shows', ({ step }) => {
    const found = [...step.text.matchAll(/^\*\*(\w+)\.\*\*(?=\s)/gm)].map(([, label]) => label);
    expect(found).toEqual([...labels]);
    expect(part(step, 'neonwatch')).toMatch(/\bBefore\b[\s\S]*\b[Aa]fter\b/);
  });

  const tags = [...read(index).matchAll(/^\|.*?\[.*\|$/gm)].flatMap(([row]) =>
    [...(row.split('|')[1] ?? '').matchAll(/\[([^\]]+)\](?!\()/g)].map(([, tag]) => tag),
  );

  it('has tags of evidence to choose from', () => {
    expect(tags).toEqual(expect.arrayContaining(['measured', 'Neon source', 'Postgres docs', 'inferred']));
  });

  it.for(pages.map((page) => ({ page })))('of $page uses no other tags', ({ page }) => {
    const prose = read(page)
      .replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
      .replaceAll(/`[^`]*`/g, '');
    const used = [...prose.matchAll(/\[([A-Z]?[A-Za-z]+( [a-z]+)?)\](?!\()/g)].map(([, tag]) => tag);
    expect(used.filter((tag) => !tags.includes(tag))).toEqual([]);
  });
});

describe('what is named', () => {
  it.for(pages.map((page) => ({ page })))('findings that $page links to exist', ({ page }) => {
    const linked = [...read(page).matchAll(/\[`(\w+)`\]\(\S*?runbooks\/(\w+)\.md\)/g)];
    expect(linked.filter(([, name, file]) => name !== file || !findings.has(name ?? ''))).toEqual([]);
    expect(linked.length > 0 || page === index).toBe(true);
  });

  it.for([...steps.map(({ case: name, step }) => ({ case: name, text: part(step, 'neonwatch') }))])(
    'metrics in "neonwatch" of $case exist',
    ({ text }) => {
      const named = [...text.matchAll(/`((?:neon|neonwatch|neurondb|pg)_\w+)(?:\{[^`]*\})?`/g)].map(
        ([, name]) => name ?? '',
      );
      const isKnown = (name: string) => families.has(name) || findings.has(name);
      expect(named.filter((name) => !isKnown(name))).toEqual([]);
    },
  );

  it('metrics of the recovery page exist', () => {
    const named = [...read(recovery).matchAll(/`((?:neon|neonwatch|neurondb)_\w+)(?:\{[^`]*\})?`/g)];
    expect(named.length).toBeGreaterThan(10);
    expect(named.map(([, name]) => name ?? '').filter((name) => !families.has(name))).toEqual([]);
  });
});

/** What pages tell to run: blocks under "Instead", and all of the recovery page. */
const advice: { case: string; block: FencedBlock }[] = [
  ...steps.flatMap(({ case: name, step }) =>
    fencedBlocks(part(step, 'Instead')).map((block) => ({ case: name, block })),
  ),
  ...fencedBlocks(read(recovery)).map((block) => ({ case: `${recovery}:${block.line}`, block })),
];

describe('advice', () => {
  it('is there for most steps', () => {
    expect(advice.length).toBeGreaterThan(steps.length / 2);
  });

  it.for(advice)('of $case is nothing that must never be done', ({ block }) => {
    const never = [
      /override_scheduler":\s*true/,
      /\brm -r/,
      /gsutil rm|gcloud storage rm/,
      /docker run[^\n]*--rm\b/,
      /docker (stop|kill) \$\(/,
      /:989\d\/\S*(location_config"? *-d|time_travel)/,
      /-X PUT[^\n]*:989\d/,
      /DELETE \S*\/control\/v1\/node\/\d+"?$/m,
      /"Attached":\s*[02-9]/,
      /step_down|reconcile_all|tombstone/,
      /"availability":"/,
      /-000[1-9]\/migrate/,
      /-p \d+:\d/,
    ].filter((one) => one.test(block.text.replaceAll(/grep -q '[^']*'/g, '')));
    expect(
      never.filter((one) => !(one.source === '-000[1-9]\\/migrate' && block.text.includes('-0002/migrate'))),
    ).toEqual([]);
  });

  it.for(
    advice.flatMap(({ case: name, block }) =>
      block.text
        .split('\n')
        .filter((line) => line.trim().startsWith('neonwatch '))
        .map((line) => ({ case: name, line: line.trim() })),
    ),
  )('$case: `$line` is a command that neonwatch has', ({ line }) => {
    const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
      (match) => match[1] ?? match[2] ?? match[3] ?? '',
    );
    const { command, rest } = parseArguments(words.slice(1));
    expect(command).not.toBe('serve');
    if (command !== 'preflight') return;
    const operation = operations.find(({ name }) => name === rest[0]);
    expect(operation, line).toBeDefined();
    expect(rest.length).toBeGreaterThan(1);
  });
});

describe('the repository', () => {
  it.for([{ file: 'test/fixtures/runbook-commands.json' }, ...pages.map((file) => ({ file }))])(
    '$file names no registry, bucket or tenant of a real cluster',
    ({ file }) => {
      const text = read(file);
      expect(withoutPrivateNames(text)).toBe(text);
      const tenants = [...new Set(text.match(/\b[0-9a-f]{32}\b/g) ?? [])];
      expect(tenants.filter((id) => new Set(id).size > 2)).toEqual([]);
    },
  );
});

describe('splitCommands', () => {
  it.each([
    { of: 'one a line', text: 'a\n# b\n\nc\n', commands: ['a', 'c'] },
    { of: 'a continued line', text: 'a \\\n  b\nc\n', commands: ['a \\\n  b', 'c'] },
    {
      of: 'a loop',
      text: 'for i in 1 2; do\n  a $i\ndone\nb\n',
      commands: ['for i in 1 2; do\n  a $i\ndone', 'b'],
    },
    {
      of: 'a here-document',
      text: 'psql <<EOF\nSELECT 1;\nEOF\nb\n',
      commands: ['psql <<EOF\nSELECT 1;\nEOF', 'b'],
    },
    { of: 'a body of several lines', text: "curl -d '{\n}'\nb\n", commands: ["curl -d '{\n}'", 'b'] },
    {
      of: 'statements',
      text: '-- c\nSELECT a\nFROM b;\nSET x = 1; -- y\n',
      commands: ['SELECT a\nFROM b;', 'SET x = 1; -- y'],
    },
    {
      of: 'settings',
      text: "work_mem = 4MB # don't\nx = on\n",
      commands: ["work_mem = 4MB # don't", 'x = on'],
    },
  ])('keeps $of whole', ({ text, commands }) => {
    expect(splitCommands(text).map(({ command }) => command)).toEqual(commands);
  });

  it('says when a block ends within a command', () => {
    expect(() => splitCommands("curl -d '{\n")).toThrow('has no end');
  });

  it('replaces names by their shape', () => {
    const text = 'docker run a.example.org/team/neon:gcs gs://somebody/x bucket_name="somebody"';
    expect(withoutPrivateNames(text)).toBe('docker run REGISTRY/neon:gcs gs://BUCKET/x bucket_name="BUCKET"');
  });
});
