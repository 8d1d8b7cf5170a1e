import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { tickMs } from '../findings/finding-case.ts';
import { type CaseSeries, promtoolValues } from './case-series.ts';

/** An expression that must have one value at a look. */
export interface Expectation {
  readonly expr: string;
  /** The look, from 0. */
  readonly tick: number;
  readonly value: number;
}

/** One test group of `promtool test rules`. */
export interface RuleTest {
  readonly name: string;
  readonly series: CaseSeries;
  readonly expectations: readonly Expectation[];
}

const seconds = (tick: number): string => `${(tick * tickMs) / 1_000}s`;

function group({ name, series, expectations }: RuleTest) {
  return {
    name,
    interval: seconds(1),
    input_series: [...series].map(([text, values]) => ({ series: text, values: promtoolValues(values) })),
    promql_expr_test: expectations.map(({ expr, tick, value }) => ({
      expr,
      eval_time: seconds(tick),
      exp_samples: [{ labels: '{}', value }],
    })),
  };
}

/** Runs rule tests through the real promtool. Gives its complaints; empty when all holds. */
export async function promtoolTest(
  ruleFiles: readonly string[],
  tests: readonly RuleTest[],
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'neonwatch-rules-'));
  const file = join(folder, 'tests.yaml');
  const document = { rule_files: ruleFiles, evaluation_interval: seconds(1), tests: tests.map(group) };
  await writeFile(file, stringify(document, { lineWidth: 0 }));
  try {
    return await run('promtool', ['test', 'rules', file]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Standard output and error of a program that must succeed; empty when it does. */
export function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve('');
      else if (error.code === 'ENOENT') {
        reject(
          new Error(
            `${program} is not installed; on Debian: apt-get install prometheus prometheus-alertmanager`,
          ),
        );
      } else resolve(`${stdout}\n${stderr}`);
    });
  });
}
