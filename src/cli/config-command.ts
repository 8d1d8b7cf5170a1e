import { ConfigError } from '../config/config-error.ts';
import { readFlagLayer } from '../config/flag-layer.ts';
import { configJsonSchema } from '../config/json-schema.ts';
import { type ConfigSources, loadConfig } from '../config/load.ts';
import { printConfig } from '../config/print.ts';
import { nearest } from '../settings/nearest.ts';

/** What a command leaves for the process to do: texts end in a newline or are empty. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The exit code of a command that was asked wrongly or whose configuration is refused. */
const refusedExitCode = 2;

/**
 * `config check`: `ok`, or every problem on stderr and exit code 2; it refuses what `serve` would refuse.
 * `config print`: the effective configuration. `config schema`: its JSON Schema. Warnings go to stderr.
 */
export async function runConfigCommand(
  rest: readonly string[],
  sources: Omit<ConfigSources, 'mustWatch'>,
): Promise<CommandResult> {
  const [action, ...others] = rest;
  if (others.length > 0 || !isAction(action)) return refused([usageProblem(action, others)]);
  if (action === 'schema') {
    const { problems } = readFlagLayer(sources.flags);
    return problems.length > 0 ? refused(problems) : { exitCode: 0, stdout: configJsonSchema(), stderr: '' };
  }
  try {
    const loaded = await loadConfig({ ...sources, mustWatch: action === 'check' });
    return {
      exitCode: 0,
      stdout: action === 'check' ? 'ok\n' : printConfig(loaded),
      stderr: loaded.warnings.map((warning) => `warning: ${warning}\n`).join(''),
    };
  } catch (error) {
    if (error instanceof ConfigError) return refused(error.problems);
    throw error;
  }
}

/** How refused input is reported: each problem a line on stderr. */
export function refused(problems: readonly string[]): CommandResult {
  return {
    exitCode: refusedExitCode,
    stdout: '',
    stderr: problems.map((problem) => `${problem}\n`).join(''),
  };
}

const actions = ['check', 'print', 'schema'] as const;

function isAction(word: string | undefined): word is (typeof actions)[number] {
  return actions.some((action) => action === word);
}

/** The words themselves are not repeated: one may be the value of a flag written wrongly. */
function usageProblem(action: string | undefined, others: readonly string[]): string {
  const usage = 'config: expected one of check, print, schema';
  if (action === undefined) return `${usage}, got nothing`;
  if (others.length > 0) return `${usage}, got ${others.length + 1} words`;
  const near = nearest(action, actions);
  return near === undefined ? `${usage}, got another word` : `${usage}; did you mean "${near}"?`;
}
