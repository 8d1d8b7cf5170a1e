import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import { nearest } from '../settings/nearest.ts';
import { looksLikeSecret } from '../settings/secret.ts';
import { type RunningSimulator, startSimulator } from '../simulator/http/simulator.ts';
import type { TokenKeys } from '../simulator/http/tokens.ts';
import { driveCompute } from '../simulator/postgres/driven-compute.ts';
import { createWorld } from '../simulator/world/world.ts';
import { type CommandResult, refused } from './config-command.ts';
import { readConfigText } from './config-text.ts';
import type { Terminal } from './serve-command.ts';

interface NumberFlag {
  readonly about: string;
  readonly least: number;
  readonly most: number;
  readonly initial: number | undefined;
}

const number = (initial: number | undefined, least: number, most: number, about: string): NumberFlag => ({
  about,
  least,
  most,
  initial,
});

const numbers = {
  tenants: number(40, 0, 1_000_000, 'tenants, placed and warm at the start'),
  'shards-per-tenant': number(2, 1, 128, 'shards of each'),
  pageservers: number(6, 1, 900, 'pageservers'),
  azs: number(3, 1, 26, 'availability zones they are in'),
  safekeepers: number(3, 0, 80, 'safekeepers'),
  computes: number(1, 0, 1_000, 'tenants, from the first, that have a compute'),
  seed: number(1, 0, 2 ** 32 - 1, 'of all chance'),
  'listen-base': number(
    undefined,
    1,
    63_000,
    "the controller's port; the others are counted from it, up to 2500 more (default: any free ports)",
  ),
} as const;

type Numbers = { readonly [Name in keyof typeof numbers]: number | undefined };

interface SimulateFlags extends Numbers {
  readonly hookUrl: string | undefined;
  readonly computeDsnFile: string | undefined;
  readonly wantsHookRequests: boolean;
  readonly wantsTokens: boolean;
  readonly isStepped: boolean;
  readonly wantsHelp: boolean;
}

const words = {
  'hook-url': { type: 'string' },
  'hook-requests': { type: 'boolean' },
  'compute-dsn-file': { type: 'string' },
  auth: { type: 'boolean' },
  stepped: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const wordsAbout: Readonly<Record<keyof typeof words, string>> = {
  'hook-url': 'send notifications to this compute hook, of your own',
  'hook-requests': "send notifications to the simulator's hook over HTTP",
  'compute-dsn-file':
    'set the Postgres whose DSN is in this file as the first compute (postgresql://…, superuser)',
  auth: 'ask for tokens, and print one a scope',
  stepped: 'time stands still but for POST /_sim/advance',
  help: 'this text',
};

/** The text of `neonwatch simulate --help`. */
function simulateHelp(): string {
  const lines = Object.entries(numbers).map(([name, { about, initial }]) => [
    `--${name} N`,
    initial === undefined ? about : `${about} (default: ${initial})`,
  ]);
  const rest = Object.entries(wordsAbout).map(([name, about]) => [
    `--${name}${words[name as keyof typeof words].type === 'boolean' ? '' : name.endsWith('-file') ? ' FILE' : ' URL'}`,
    about,
  ]);
  return `${[
    'neonwatch simulate serves a simulated Neon on 127.0.0.1 until Ctrl-C, and prints the configuration that',
    'points neonwatch at it. /_sim on the printed address shows the world and breaks it.',
    '',
    ...[...lines, ...rest].map(([flag = '', about = '']) => `  ${flag.padEnd(26)}${about}`),
  ].join('\n')}\n`;
}

function numberOf(name: keyof typeof numbers, text: string | undefined): number | undefined {
  const { least, most, initial } = numbers[name];
  if (text === undefined) return initial;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new ConfigError([`--${name}: expected a number from ${least} to ${most}`]);
}

/**
 * Takes the words after `simulate` apart.
 *
 * @throws {ConfigError} for unknown flags, words and numbers out of range
 */
function parseSimulateFlags(argv: readonly string[]): SimulateFlags {
  const options = {
    ...words,
    ...Object.fromEntries(Object.keys(numbers).map((name) => [name, { type: 'string' } as const])),
  };
  const { values, tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') throw new ConfigError(['simulate: takes flags only; see --help']);
    if (token.kind !== 'option' || Object.hasOwn(options, token.name)) continue;
    const near = nearest(token.name, Object.keys(options));
    throw new ConfigError([
      `${token.rawName}: unknown flag${near === undefined ? '' : `; did you mean --${near}?`}`,
    ]);
  }
  const text = (name: string): string | undefined => {
    const value: unknown = values[name];
    if (value === true) throw new ConfigError([`--${name}: expected a value`]);
    return typeof value === 'string' ? value : undefined;
  };
  const hookUrl = text('hook-url');
  if (hookUrl !== undefined && !URL.canParse(hookUrl)) throw new ConfigError(['--hook-url: expected a URL']);
  const computeDsnFile = text('compute-dsn-file');
  if (computeDsnFile !== undefined && looksLikeSecret(computeDsnFile))
    throw new ConfigError([
      '--compute-dsn-file: expected the path of a file that holds the DSN, got the DSN itself',
    ]);
  const names = Object.keys(numbers) as (keyof typeof numbers)[];
  return {
    ...(Object.fromEntries(names.map((name) => [name, numberOf(name, text(name))])) as Numbers),
    hookUrl,
    computeDsnFile,
    wantsHookRequests: values['hook-requests'] === true,
    wantsTokens: values['auth'] === true,
    isStepped: values['stepped'] === true,
    wantsHelp: values['help'] === true,
  };
}

const scopes = ['admin', 'infra', 'scrubber', 'pageserverapi', 'safekeeperdata'] as const;

/** Good for every compute_ctl. */
function computeToken(tokens: TokenKeys): string {
  return tokens.issue({ scope: 'compute_ctl:admin', aud: ['compute'] });
}

/** What is printed: YAML that neonwatch takes as it stands, the rest of the addresses as comments. */
function addressLines(simulator: RunningSimulator): readonly string[] {
  const { tokens } = simulator;
  const list = (urls: ReadonlyMap<unknown, string>): string => [...urls.values()].join(' ');
  return [
    'storageController:',
    `  url: ${simulator.controllerUrl}`,
    ...(tokens === undefined ? [] : [`  token: ${tokens.issue({ scope: 'admin' })}`]),
    ...(tokens === undefined ? [] : ['pageservers:', `  token: ${tokens.issue({ scope: 'pageserverapi' })}`]),
    ...(tokens === undefined
      ? []
      : [
          ...scopes.map((scope) => `# token of scope ${scope}: ${tokens.issue({ scope })}`),
          `# token of compute_ctl: ${computeToken(tokens)}`,
        ]),
    `broker: { url: ${simulator.brokerUrl} }`,
    `computeHook: { url: ${simulator.hookUrl} }`,
    `# pageservers: ${list(simulator.pageserverUrls)}`,
    `# safekeepers: ${list(simulator.safekeeperUrls)}`,
    `# compute_ctl: ${list(simulator.computeUrls)}`,
    `# look and break: ${simulator.simUrl}/_sim`,
  ];
}

/** The connection string in the file. @throws an `Error` that does not show it */
async function readDsn(file: string): Promise<string> {
  const text = await readConfigText(file).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`--compute-dsn-file: cannot read ${file}: ${error.code}`);
  });
  const dsn = text.trim();
  if (/^postgres(?:ql)?:\/\/\S+$/.test(dsn) && URL.canParse(dsn)) return dsn;
  throw new Error(
    `--compute-dsn-file: ${file} does not hold a connection string such as postgresql://user@host:5432/database`,
  );
}

/** Puts a real Postgres in the place of the first compute. @returns lines of neonwatch's configuration for it */
async function useCompute(
  { world, computeUrls, tokens }: RunningSimulator,
  file: string,
  print: (line: string) => void,
): Promise<readonly string[]> {
  const [compute] = world.computes();
  if (compute === undefined) throw new Error('--compute-dsn-file: there is no compute; see --computes');
  const onMissed = (reason: string): void =>
    print(`# the compute missed a change of its settings: ${reason}`);
  await driveCompute({ world, compute, dsn: await readDsn(file), onMissed });
  return [
    'computes:',
    `  - dsnFile: ${JSON.stringify(resolve(file))}`,
    `    computeCtlUrl: ${computeUrls.get(compute.tenantId)}`,
    ...(tokens === undefined ? [] : [`    computeCtlToken: ${computeToken(tokens)}`]),
  ];
}

function start(flags: SimulateFlags): Promise<RunningSimulator> {
  const { hookUrl } = flags;
  const listenBase = flags['listen-base'];
  const pageservers = flags.pageservers ?? 1;
  const safekeepers = flags.safekeepers ?? 0;
  return startSimulator({
    clock: systemClock,
    pageservers,
    safekeepers,
    time: flags.isStepped ? 'stepped' : 'clock',
    hook: hookUrl !== undefined ? { url: hookUrl } : flags.wantsHookRequests ? 'http' : 'inside',
    ...(listenBase === undefined ? {} : { listenBase }),
    ...(flags.wantsTokens ? { tokenSecret: randomBytes(32) } : {}),
    makeWorld: (address) =>
      createWorld({
        seed: flags.seed ?? 1,
        tenants: flags.tenants ?? 0,
        shardsPerTenant: flags['shards-per-tenant'] ?? 1,
        pageservers,
        safekeepers,
        azs: flags.azs ?? 1,
        computes: flags.computes ?? 0,
        startMs: systemClock.wallMs(),
        address,
      }),
  });
}

/**
 * `neonwatch simulate`: serves a simulated Neon until it is asked to end. The configuration for neonwatch is what it
 * prints first; flags that are wrong, or a port that is taken: exit code 2 and why.
 */
export async function runSimulateCommand(
  argv: readonly string[],
  terminal: Pick<Terminal, 'print' | 'asked'>,
): Promise<CommandResult> {
  const flags = parseSimulateFlags(argv);
  if (flags.wantsHelp) return { exitCode: 0, stdout: simulateHelp(), stderr: '' };
  let simulator: RunningSimulator | undefined;
  try {
    simulator = await start(flags);
    const { computeDsnFile: file } = flags;
    const compute = file === undefined ? [] : await useCompute(simulator, file, terminal.print);
    for (const line of [...compute, ...addressLines(simulator)]) terminal.print(line);
  } catch (error) {
    await simulator?.stop();
    return refused([error instanceof Error ? error.message : String(error)]);
  }
  await terminal.asked;
  await simulator.stop();
  return { exitCode: 0, stdout: '', stderr: '' };
}
