import { breatheBy } from '../breathe.ts';
import { systemClock } from '../clock.ts';
import { createStore } from '../collection/store.ts';
import { ConfigError } from '../config/config-error.ts';
import { type ConfigSources, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { lookOnce } from '../look-once.ts';
import { effectiveThresholds } from '../open-findings.ts';
import { operations } from '../preflight/operations.ts';
import { type Operation, type Preflight, verdictOf } from '../preflight/preflight.ts';
import { nearest } from '../settings/nearest.ts';
import { judgeAll } from '../views/drift/judge-all.ts';
import { type CommandResult, refused } from './config-command.ts';
import { type Setting, wrapped } from './doctor/lines.ts';

const timeoutMs = 30_000;
/** Warmth is what a drain hangs on: here every secondary is asked, as far as the setting's own limit allows. */
const warmthSamples = 1_000;
const exitCodes = { go: 0, no: 1, unknown: 2 } as const;

function usage(): string[] {
  return [
    'preflight: expected an operation:',
    ...operations.map(
      ({ name, parameters, summary }) => `  neonwatch preflight ${name} ${parameters.join(' ')}: ${summary}`,
    ),
  ];
}

function operationOf(word: string | undefined): Operation {
  const operation = operations.find(({ name }) => name === word);
  if (operation !== undefined) return operation;
  const near =
    word === undefined
      ? undefined
      : nearest(
          word,
          operations.map(({ name }) => name),
        );
  throw new ConfigError(near === undefined ? usage() : [...usage(), `did you mean "${near}"?`]);
}

function expected({ name, parameters }: Operation): string {
  return `preflight ${name}: expected ${parameters.join(' ')}`;
}

/** Whether the words can be judged at all: known before anything is looked at. */
function isUnderstood({ parameters, judge: judgeWords }: Operation, words: readonly string[]): boolean {
  const forms = parameters.join(' ').split(' | ');
  const most = Math.max(...forms.map((form) => form.split(' ').length));
  const readings = createStore(systemClock);
  return words.length <= most && judgeWords(words, { readings, computes: new Map() }) !== undefined;
}

/** Reads everything twice, as `doctor` does, and judges the last look. */
async function judge(
  operation: Operation,
  words: readonly string[],
  config: Config,
): Promise<Preflight | undefined> {
  let preflight: Preflight | undefined;
  const { aliases } = effectiveThresholds(config).drift;
  const pageservers = { ...config.pageservers, warmthSamples };
  await lookOnce({
    config: { ...config, pageservers },
    clock: systemClock,
    random: Math.random,
    timeoutMs,
    async onLooked({ store }) {
      const computes = await judgeAll(store, aliases, breatheBy(systemClock));
      preflight = operation.judge(words, { readings: store, computes });
    },
  });
  return preflight;
}

const marks = { go: 'yes', no: 'NO', unknown: '?' } as const;

function lines(preflight: Preflight, setting: Setting): string[] {
  const verdict = verdictOf(preflight);
  const [first] = preflight.checks.filter((check) => check.verdict === verdict);
  const headline = {
    go: `Go: nothing stands against the ${preflight.operation}. Nothing was sent.`,
    no: `No go for the ${preflight.operation}: ${first?.text}. Nothing was sent.`,
    unknown: `Cannot tell whether the ${preflight.operation} is safe: ${first?.text}. Nothing was sent.`,
  };
  return [
    ...wrapped(headline[verdict], 0, setting),
    '',
    ...preflight.checks.flatMap((check) =>
      wrapped(`${marks[check.verdict].padEnd(4)} ${check.text}`, 2, setting, 5),
    ),
    ...(verdict === 'go' ? ['', ...stepLines(preflight, setting)] : []),
    ...(preflight.notes.length > 0
      ? ['', ...preflight.notes.flatMap((note) => wrapped(note, 0, setting))]
      : []),
  ];
}

function stepLines({ steps }: Preflight, setting: Setting): string[] {
  return steps.flatMap(({ text, command }, at) => [
    ...wrapped(`${at + 1}. ${text}`, 0, setting, 3),
    ...(command === undefined ? [] : [`     ${command}`]),
  ]);
}

/**
 * `neonwatch preflight OPERATION …`: says whether an operation would do what is meant, and sends nothing that changes
 * anything. Exit code 0: go; 1: no go; 2: cannot tell, or asked wrongly.
 */
export async function runPreflightCommand(
  words: readonly string[],
  sources: Omit<ConfigSources, 'mustWatch'>,
  setting: Setting,
): Promise<CommandResult> {
  try {
    const [name, ...parameters] = words;
    const operation = operationOf(name);
    if (!isUnderstood(operation, parameters)) throw new ConfigError([expected(operation)]);
    const { config } = await loadConfig({ ...sources, mustWatch: true });
    const preflight = await judge(operation, parameters, config);
    if (preflight === undefined) throw new ConfigError([expected(operation)]);
    return {
      exitCode: exitCodes[verdictOf(preflight)],
      stdout: `${lines(preflight, setting).join('\n')}\n`,
      stderr: '',
    };
  } catch (error) {
    if (error instanceof ConfigError) return refused(error.problems);
    throw error;
  }
}
