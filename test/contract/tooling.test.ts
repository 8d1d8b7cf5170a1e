import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstDifference, staleFiles } from '../../scripts/generate.ts';
import { metricsPage } from '../../scripts/generate-metrics.ts';
import { missingPackages } from '../../scripts/system-tools.ts';
import { closingLine, countTests } from '../../scripts/test-counts.ts';

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

function report(passed: number, failed: number, testResults: readonly FileResult[] = []): string {
  const counts = { numPassedTests: passed, numFailedTests: failed, numPendingTests: 1, numTodoTests: 2 };
  return JSON.stringify({ ...counts, testResults });
}

describe('the closing line of a test run', () => {
  const broken = { name: 'a.test.ts', status: 'failed', assertionResults: [] };
  const failing = { name: 'a.test.ts', status: 'failed', assertionResults: [{ status: 'failed' }] };
  const hook = { name: 'a.test.ts', status: 'failed', assertionResults: [{ status: 'passed' }] };

  it.for([
    { case: 'counts what passed', text: report(5, 0), exitCode: 0, line: '5 passed, 0 failed, 3 skipped' },
    {
      case: 'counts a failed test once',
      text: report(5, 1, [failing]),
      exitCode: 1,
      line: '5 passed, 1 failed, 3 skipped',
    },
    {
      case: 'counts a file that did not load',
      text: report(5, 0, [broken]),
      exitCode: 1,
      line: '5 passed, 1 failed, 3 skipped',
    },
    {
      case: 'counts a hook that failed',
      text: report(5, 0, [hook]),
      exitCode: 1,
      line: '5 passed, 1 failed, 3 skipped',
    },
    {
      case: 'counts an error outside the tests',
      text: report(5, 0),
      exitCode: 1,
      line: '5 passed, 1 failed, 3 skipped',
    },
    {
      case: 'counts a run without tests as failed',
      text: report(0, 0),
      exitCode: 0,
      line: '0 passed, 1 failed, 3 skipped',
    },
    {
      case: 'counts a run without a report as failed',
      text: undefined,
      exitCode: 0,
      line: '0 passed, 1 failed, 0 skipped',
    },
    {
      case: 'counts half a report as failed',
      text: '{"numPassed',
      exitCode: 0,
      line: '0 passed, 1 failed, 0 skipped',
    },
  ])('$case', ({ text, exitCode, line }) => {
    const counts = countTests(text, exitCode);
    expect(closingLine(counts)).toBe(line);
  });

  it('says why, when it is no failed test', () => {
    expect(countTests(report(5, 0), 1).remarks).toEqual([
      'vitest ended with code 1: an error outside the tests',
    ]);
    expect(countTests(report(5, 1, [failing]), 1).remarks).toEqual([]);
  });
});

describe('programs of system tests', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'neonwatch-tools-'));
    writeFileSync(join(folder, 'prometheus'), '', { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are missing from an empty path', async () => {
    expect(await missingPackages('')).toEqual(expect.arrayContaining(['prometheus', 'gcc', 'make']));
  });

  it('are missing when one of a package is', async () => {
    expect(await missingPackages(['/nowhere', folder].join(delimiter))).toContain('prometheus');
  });

  it('are there when all are', async () => {
    writeFileSync(join(folder, 'promtool'), '', { mode: 0o755 });
    expect(await missingPackages(['/nowhere', folder].join(delimiter))).not.toContain('prometheus');
  });
});

describe('generated files', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'neonwatch-generated-'));
    writeFileSync(join(folder, 'a.md'), 'one\ntwo\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.for([
    { case: 'are fine when equal', path: 'a.md', wanted: 'one\ntwo\n', stale: [] },
    {
      case: 'are stale when a line differs',
      path: 'a.md',
      wanted: 'one\nTWO\n',
      stale: ['a.md: line 2\n  is      two\n  must be TWO'],
    },
    {
      case: 'are stale when a line is too many',
      path: 'a.md',
      wanted: 'one\ntwo',
      stale: ['a.md: line 3\n  is      \n  must be (end of file)'],
    },
    { case: 'are stale when missing', path: 'b.md', wanted: 'x', stale: ['b.md: is missing'] },
  ])('$case', async ({ path, wanted, stale }) => {
    expect(await staleFiles(folder, new Map([[path, wanted]]))).toEqual(stale);
  });

  it('differ nowhere from themselves', () => {
    expect(firstDifference('a\nb', 'a\nb')).toBeUndefined();
  });
});

describe('metricsPage', () => {
  const declaration = {
    name: 'neon_some_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Some | thing.',
    labels: ['node_id', 'az'],
    cardinality: 'node',
    stability: 'stable',
  } as const;

  it('has a table a source and a row a family', () => {
    const other = { ...declaration, name: 'neon_other_bytes', labels: [] };
    const page = metricsPage([
      { declaration, source: 'nodes', sourceSummary: 'Nodes.' },
      { declaration: other, source: 'nodes', sourceSummary: 'Nodes.' },
      { declaration: other, source: 'leader', sourceSummary: 'Leader.' },
    ]);
    expect(page.slice(page.indexOf('\n## '))).toBe(`
## \`nodes\`

Nodes.

| name | type | unit | labels | help | cardinality | stability |
|---|---|---|---|---|---|---|
| \`neon_some_bytes\` | gauge | bytes | \`node_id\` \`az\` | Some \\| thing. | node | stable |
| \`neon_other_bytes\` | gauge | bytes |  | Some \\| thing. | node | stable |

## \`leader\`

Leader.

| name | type | unit | labels | help | cardinality | stability |
|---|---|---|---|---|---|---|
| \`neon_other_bytes\` | gauge | bytes |  | Some \\| thing. | node | stable |
`);
  });
});
