import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { commandsOf, fencedBlocks } from './markdown.ts';
import { captureProgram, checkout } from './run-program.ts';

/** `npm ci` of a cold cache is the slowest of them. */
const commandTimeoutMs = 300_000;
const startTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;

/** What a shell has that knows nothing of this checkout. */
export function strangersEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours =
    /^(npm_(package|lifecycle|execpath|node_execpath|command|config_local_prefix)|INIT_CWD|CI$|NODE|VITEST|VITE_|TEST|PROD|DEV|MODE|BASE_URL|NEONWATCH_|storcon_|compute_)/;
  const kept = Object.entries(env).filter(([name]) => !ours.test(name));
  const path = (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !/node_modules|node-gyp-bin/.test(folder));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

/** Copies what a clone would hold, and what is not committed yet, into `folder`. */
async function copyCheckout(folder: string): Promise<void> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { exitCode, stdout, stderr } = await captureProgram('git', args);
  if (exitCode !== 0) throw new Error(`git ls-files: ${stderr}`);
  const skipped = /^(test|bench|docs|\.ci)\//;
  for (const file of stdout.split('\0').filter((name) => name !== '' && !skipped.test(name))) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    // A file that somebody has just deleted is still in the index.
    await cp(join(checkout, file), join(folder, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
}

/** Starts a command as a shell would, in a process group of its own, so that all of it can be ended. */
function start(command: string, cwd: string, env: NodeJS.ProcessEnv): Started {
  const child = spawn('sh', ['-c', command], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output };
}

function signal({ child }: Started, name: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, name);
}

async function runToEnd(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const started = start(command, cwd, env);
  const timer = setTimeout(() => signal(started, 'SIGKILL'), commandTimeoutMs);
  const [exitCode] = await once(started.child, 'close');
  clearTimeout(timer);
  if (exitCode !== 0)
    throw new Error(`${command}\nended with ${exitCode}:\n${started.output().slice(-4_000)}`);
}

async function addressOf(started: Started): Promise<string> {
  const deadlineMs = performance.now() + startTimeoutMs;
  while (performance.now() < deadlineMs && started.child.exitCode === null) {
    const address = /listening on (http:\/\/\S+)/.exec(started.output())?.[1];
    if (address !== undefined) return address;
    await wait(50);
  }
  throw new Error(`no address was printed:\n${started.output().slice(-4_000)}`);
}

async function expectAnswer(url: string, wanted: RegExp): Promise<void> {
  const answer = await fetch(url);
  const body = await answer.text();
  if (answer.status !== 200 || !wanted.test(body)) {
    throw new Error(`${url} answered ${answer.status}: ${body.slice(0, 500)}`);
  }
}

/** Starts a server, waits for the address that it prints, scrapes it, stops it and sees it gone. */
async function runServer(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  // The command runs as it stands; a free port keeps it away from whatever else this machine runs.
  const started = start(command, cwd, { ...env, NEONWATCH_HTTP_LISTEN: '127.0.0.1:0' });
  const closed = once(started.child, 'close');
  try {
    const address = await addressOf(started);
    await expectAnswer(`${address}/-/healthy`, /healthy/);
    await expectAnswer(`${address}/metrics`, /^neonwatch_/m);
    signal(started, 'SIGTERM');
    const ended = await Promise.race([closed, wait(stopTimeoutMs, undefined)]);
    if (ended === undefined) throw new Error(`${command}\nhas not ended ${stopTimeoutMs} ms after SIGTERM`);
    if (await fetch(address).catch(() => undefined)) throw new Error(`${address} still answers`);
  } finally {
    signal(started, 'SIGKILL');
  }
}

/** The commands of the README, as they stand in its `sh` blocks. */
export async function readmeCommands(): Promise<string[]> {
  const readme = await readFile(join(checkout, 'README.md'), 'utf8');
  return fencedBlocks(readme).flatMap(({ language, text }) => (language === 'sh' ? commandsOf(text) : []));
}

/**
 * Runs `commands` one after another in an empty folder that got the files of this checkout and nothing else.
 *
 * @throws with the command and the end of its output when one fails.
 */
export async function runInEmptyFolder(
  commands: readonly string[],
  onStart: (command: string) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'neonwatch-readme-'));
  const env = { ...strangersEnvironment(process.env), npm_config_prefer_offline: 'true' };
  try {
    await copyCheckout(folder);
    for (const command of commands) {
      onStart(command);
      await (/\b(serve|demo)\b/.test(command) ? runServer : runToEnd)(command, folder, env);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  await runInEmptyFolder(await readmeCommands(), (command) => console.log(`$ ${command}`));
}
