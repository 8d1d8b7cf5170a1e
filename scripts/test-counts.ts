import { z } from 'zod';

/** What we use of vitest's JSON report. */
const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why a failure was counted that is no failed test. */
  readonly remarks: readonly string[];
}

function parseReport(text: string | undefined): z.output<typeof Report> | undefined {
  if (text === undefined) return undefined;
  try {
    return Report.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Counts tests so that the closing line never says less than the truth: a file that could not be loaded, an error
 * outside the tests, a run that ended without a report and a run without tests each count as one failure.
 */
export function countTests(reportText: string | undefined, exitCode: number): TestCounts {
  const report = parseReport(reportText);
  if (report === undefined) {
    return {
      passed: 0,
      failed: 1,
      skipped: 0,
      remarks: [`vitest ended with code ${exitCode} and left no report`],
    };
  }
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((assertion) => assertion.status !== 'failed'),
  );
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests + unloaded.length;
  const remarks = unloaded.map(({ name }) => `failed outside its tests: ${name}`);
  if (failed > 0) return { passed, failed, skipped, remarks };
  if (exitCode !== 0) {
    return {
      passed,
      failed: 1,
      skipped,
      remarks: [`vitest ended with code ${exitCode}: an error outside the tests`],
    };
  }
  if (passed === 0) return { passed, failed: 1, skipped, remarks: ['no test ran'] };
  return { passed, failed, skipped, remarks };
}

/** The last line of a test run. Other programs read it. */
export function closingLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
