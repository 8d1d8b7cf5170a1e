import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { generatedDetectorsDoc } from './generate-detectors.ts';
import { generatedMetricsDoc } from './generate-metrics.ts';
import { generatedSettingsFiles } from './generate-settings.ts';
import { generatedSimulatorPage } from './generate-simulator.ts';
import { checkout } from './run-program.ts';

/** Every generated file of the repository: path from its root → contents. */
async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ...(await generatedSettingsFiles()),
    ...generatedMetricsDoc(),
    ...generatedDetectorsDoc(),
    ...(await generatedSimulatorPage()),
  ]);
}

/** Where two texts part: the first line that differs, as each has it. Undefined when they are equal. */
export function firstDifference(found: string, wanted: string): string | undefined {
  if (found === wanted) return undefined;
  const foundLines = found.split('\n');
  const wantedLines = wanted.split('\n');
  const at = wantedLines.findIndex((line, index) => line !== foundLines[index]);
  const index = at === -1 ? wantedLines.length : at;
  const show = (line: string | undefined) => (line === undefined ? '(end of file)' : line.slice(0, 200));
  return `line ${index + 1}\n  is      ${show(foundLines[index])}\n  must be ${show(wantedLines[index])}`;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Compares whole files with what would be written. Gives one sentence for each that is stale. */
export async function staleFiles(root: string, files: ReadonlyMap<string, string>): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, wanted] of files) {
    const found = await readIfThere(join(root, path));
    const difference = found === undefined ? 'is missing' : firstDifference(found, wanted);
    if (difference !== undefined) stale.push(`${path}: ${difference}`);
  }
  return stale;
}

async function main(): Promise<void> {
  const files = await generatedFiles();
  if (process.argv.includes('--check')) {
    const stale = await staleFiles(checkout, files);
    for (const sentence of stale) console.error(sentence);
    console.log(`${files.size} generated files, ${stale.length} stale`);
    if (stale.length > 0) process.exitCode = 1;
    return;
  }
  for (const [path, contents] of files) {
    await mkdir(dirname(join(checkout, path)), { recursive: true });
    await writeFile(join(checkout, path), contents);
    console.log(`wrote ${path}`);
  }
}

if (import.meta.main) await main();
