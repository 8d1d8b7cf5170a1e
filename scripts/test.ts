import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';
import { provideTools } from './system-tools.ts';
import { closingLine, countTests, type TestCounts } from './test-counts.ts';

/** Runs vitest with `args` added, over all projects, and counts from its JSON report. */
async function runTests(args: readonly string[]): Promise<TestCounts> {
  const folder = await mkdtemp(join(tmpdir(), 'neonwatch-test-'));
  const reportFile = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
    const exitCode = await runProgram('vitest', ['run', ...reporters, ...args]);
    const report = await readFile(reportFile, 'utf8').catch(() => undefined);
    return countTests(report, exitCode);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function testAll(args: readonly string[]): Promise<TestCounts> {
  const missing = await provideTools();
  // Tests that cannot run are a failure, here as in CI: a skipped test is green and says nothing.
  if (missing !== undefined) return { passed: 0, failed: 1, skipped: 0, remarks: [missing] };
  return runTests(args);
}

const counts = await testAll(process.argv.slice(2));
for (const remark of counts.remarks) console.log(remark);
console.log(closingLine(counts));
if (counts.failed > 0) process.exitCode = 1;
