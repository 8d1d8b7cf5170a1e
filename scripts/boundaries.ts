import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { findGlobalUses } from './global-uses.ts';
import { captureProgram, checkout } from './run-program.ts';

const CruiseReport = z.object({
  modules: z.array(z.object({ source: z.string() })),
  summary: z.object({
    violations: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        rule: z.object({ name: z.string() }),
        comment: z.string().optional(),
      }),
    ),
  }),
});

/** One import or global that is not allowed where it stands. */
export interface Breach {
  readonly rule: string;
  /** Path from the root of the tree: `src/views/placement.ts`. */
  readonly file: string;
  readonly detail: string;
}

export interface BoundaryReport {
  readonly breaches: readonly Breach[];
  /** Source files of the tree. */
  readonly files: readonly string[];
  /** Files that were not looked at: any makes the report worthless. */
  readonly unseen: readonly string[];
}

async function sourceFiles(root: string): Promise<string[]> {
  const entries = await readdir(join(root, 'src'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/**
 * Holds every file under `root`/src to the import rules of .dependency-cruiser.cjs and to those on clocks and `process`.
 *
 * @throws when the cruiser says something that is not its report.
 */
export async function checkBoundaries(root: string): Promise<BoundaryReport> {
  const files = await sourceFiles(root);
  const config = join(checkout, '.dependency-cruiser.cjs');
  const args = ['--config', config, '--output-type', 'json', 'src'];
  const run = await captureProgram('depcruise', args, { cwd: root });
  if (run.stdout === '') throw new Error(`dependency-cruiser gave no report: ${run.stderr.slice(-2_000)}`);
  const report = CruiseReport.parse(JSON.parse(run.stdout));
  const seen = new Set(report.modules.map((module) => module.source));
  const imports = report.summary.violations.map((violation) => ({
    rule: violation.rule.name,
    file: violation.from,
    detail: `imports ${violation.to}`,
  }));
  const globals = await findGlobalUses(root, files);
  const unseen = files.filter((file) => !seen.has(file));
  return { breaches: [...imports, ...globals], files, unseen };
}

async function main(): Promise<void> {
  const { breaches, files, unseen } = await checkBoundaries(checkout);
  for (const { rule, file, detail } of breaches) console.error(`${file}: ${detail} (${rule})`);
  for (const file of unseen)
    console.error(`${file}: not seen by dependency-cruiser, so nothing is known of it`);
  console.log(
    `${files.length} files under src, ${files.length - unseen.length} seen, ${breaches.length} breaches`,
  );
  if (breaches.length > 0 || unseen.length > 0 || files.length === 0) process.exitCode = 1;
}

if (import.meta.main) await main();
