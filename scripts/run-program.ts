import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout that this script belongs to. */
export const checkout = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

export interface RunOptions {
  /** Defaults to the checkout. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The environment with the checkout's programs first on the PATH: its node, too, also outside npm scripts. */
function withOwnPrograms(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = join(checkout, 'node_modules', '.bin');
  return { ...env, PATH: `${own}${delimiter}${env['PATH'] ?? ''}` };
}

/** Runs a program whose output goes where ours goes. Gives its exit code; 1 when a signal ended it. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? checkout,
      env: withOwnPrograms(options.env ?? process.env),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

export interface Captured {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program and keeps what it prints. */
export function captureProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Captured> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? checkout,
      env: withOwnPrograms(options.env ?? process.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ exitCode: code ?? 1, stdout, stderr }));
  });
}
