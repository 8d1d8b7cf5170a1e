import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { ConfigError } from '../config/config-error.ts';
import { configFileFlag, type Flag, settingByFlag } from '../config/flag-layer.ts';
import { nearest } from '../settings/nearest.ts';
import { doctorFlags, doctorFlagsOf } from './doctor/doctor-flags.ts';

/** The commands, with what `--help` says of them. The first is the default. */
export const commands = {
  serve: 'watch the cluster and serve /metrics (the default)',
  doctor: 'look at everything once and say what is wrong; see docs/doctor.md',
  preflight:
    'drain | remove | restart | ddl | migrate …: say whether it would do what is meant, sending nothing; see docs/preflight.md',
  plan: 'say what the healer would do about what doctor sees, sending nothing; see docs/HEALING.md',
  record: 'DIR: look as doctor does and write what was read, redacted, for replay and for bug reports',
  replay: 'DIR: the report of doctor from what record wrote, without looking at anything',
  explain: 'TEXT: say what a log line, connection string or shard id means',
  config: 'check | print | schema: say what is wrong, what is in force, its JSON Schema',
  simulate: 'serve a simulated Neon to try it on; see neonwatch simulate --help',
} as const;

type CommandName = keyof typeof commands;

interface CommandLine {
  readonly command: CommandName;
  /** Words after the command: `['check']`. Empty for `serve`; `simulate` and `explain` have every word that follows. */
  readonly rest: readonly string[];
  /** Settings and `--config`, for `loadConfig`. Unknown ones are among them: the loader names the nearest. */
  readonly flags: readonly Flag[];
  /** The command's own flags, which are no settings. */
  readonly own: readonly Flag[];
  readonly help: boolean;
  readonly version: boolean;
}

const switches = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'V' } } as const;

const options: ParseArgsOptionsConfig = { ...doctorFlags, ...switches, [configFileFlag]: { type: 'string' } };
for (const [flag, { textKind }] of settingByFlag) {
  options[flag] = { type: textKind === 'boolean' ? 'boolean' : 'string' };
}

// Not strict: unknown flags are the loader's to report, together with everything else that is wrong.
const parsing = {
  options,
  strict: false,
  allowPositionals: true,
  allowNegative: true,
  tokens: true,
} as const;

/**
 * Takes the words after the program's name apart.
 *
 * @throws {ConfigError} for an unknown command and for words too many. A word that may be the value of a mistyped flag is not repeated.
 */
export function parseArguments(argv: readonly string[]): CommandLine {
  const [verbatim] = argv;
  if (verbatim === 'simulate' || verbatim === 'explain') {
    return { command: verbatim, rest: argv.slice(1), flags: [], own: [], help: false, version: false };
  }
  const { tokens } = parseArgs({ ...parsing, args: [...argv] });
  const given = tokens.flatMap((token) => (token.kind === 'option' ? [flagOf(token)] : []));
  const isOwn = ({ name }: Flag) => Object.hasOwn(doctorFlags, name) && !settingByFlag.has(name);
  const words = tokens.flatMap((token, at) =>
    token.kind === 'positional' && !isValueOfUnknownFlag(tokens[at - 1]) ? [token] : [],
  );
  const asked = {
    flags: given.filter((flag) => !Object.hasOwn(switches, flag.name) && !isOwn(flag)),
    help: given.some(({ name }) => name === 'help') || words[0]?.value === 'help',
    version: given.some(({ name }) => name === 'version'),
  };
  if (asked.help || asked.version) return { command: 'serve', rest: [], own: [], ...asked };
  const [first, ...others] = words;
  const command = commandOf(first);
  if ((command === 'serve' || command === 'doctor' || command === 'plan') && others.length > 0)
    throw unexpectedWord();
  const own = given.filter(isOwn);
  const problems = strayFlags(command, own, asked.flags);
  if (problems.length > 0) throw new ConfigError(problems);
  return { command, rest: others.map(({ value }) => value), own, ...asked };
}

/** Flags that the command would ignore. What was recorded is judged by the settings that were recorded with it. */
function strayFlags(command: CommandName, own: readonly Flag[], others: readonly Flag[]): string[] {
  const kept = doctorFlagsOf[command] ?? [];
  const stray = own.filter(({ name }) => !kept.includes(name));
  const settings = command === 'replay' ? others : [];
  const instead = kept.length === 0 ? '' : `; ${command} has --${kept.join(', --')}`;
  return [
    ...stray.map(({ written }) => `${written}: only \`neonwatch doctor\` has this flag${instead}`),
    ...settings.map(({ written }) => `${written}: replay takes no settings${instead}`),
  ];
}

/** A word behind a mistyped flag is its value: the flag is the mistake to tell of, and the loader does. */
function isValueOfUnknownFlag(before: OptionToken | { readonly kind: string } | undefined): boolean {
  if (before === undefined || !('name' in before) || before.value !== undefined) return false;
  return !Object.hasOwn(options, before.name);
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function flagOf({ name, rawName, value, inlineValue }: OptionToken): Flag {
  const setting = settingByFlag.get(name);
  const negated = rawName === `--no-${name}`;
  if (value === undefined) {
    const isSwitch =
      Object.hasOwn(switches, name) || setting?.textKind === 'boolean' || setting === undefined;
    const needsValue = !isSwitch || name === configFileFlag || takesValue(name);
    return { name, written: rawName, value: negated ? false : needsValue ? undefined : true };
  }
  // `--config --listen x`: the next flag is not a value. One that begins so is written `--name=--value`.
  const swallowed = inlineValue !== true && value.startsWith('--');
  return { name, written: rawName, value: swallowed ? undefined : value };
}

function takesValue(name: string): boolean {
  return Object.hasOwn(doctorFlags, name) && options[name]?.type === 'string';
}

function commandOf(first: { value: string; index: number } | undefined): CommandName {
  if (first === undefined) return 'serve';
  const named = (['serve', 'config', 'doctor', 'preflight', 'plan', 'record', 'replay'] as const).find(
    (name) => name === first.value,
  );
  if (named !== undefined) return named;
  if (first.index > 0) throw unexpectedWord();
  const near = nearest(first.value, Object.keys(commands));
  const remedy =
    near === undefined ? `there are ${Object.keys(commands).join(', ')}` : `did you mean "${near}"?`;
  throw new ConfigError([`${JSON.stringify(first.value.slice(0, 60))}: unknown command; ${remedy}`]);
}

function unexpectedWord(): ConfigError {
  return new ConfigError([
    'a word too many on the command line (not repeated, it may be a secret); values are written --name=value, true and false too',
  ]);
}
