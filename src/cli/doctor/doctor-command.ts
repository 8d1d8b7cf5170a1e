import { readFile, writeFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../../clock.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { Flag } from '../../config/flag-layer.ts';
import { type ConfigSources, loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { version } from '../../version.ts';
import { type CommandResult, refused } from '../config-command.ts';
import { type DiagnoseOptions, diagnose } from './diagnose.ts';
import { type Diagnosis, exitCodeOf } from './diagnosis.ts';
import { type DoctorOptions, doctorOptions } from './doctor-flags.ts';
import type { Setting } from './lines.ts';
import { reportLines } from './report.ts';
import {
  changeLines,
  changesJson,
  changesSince,
  diagnosisJson,
  headlineSince,
  parseSaved,
  type Saved,
} from './saved.ts';
import { tenantLines } from './tenant-report.ts';

/** Where `doctor` writes, and when it is to end. */
export interface DoctorTerminal {
  readonly print: (text: string) => void;
  readonly setting: Setting;
  /** Whether a whole screen may be drawn again. */
  readonly isScreen: boolean;
  /** Resolves when the process is asked to end; asked for only by `--watch`. */
  readonly asked: () => Promise<string>;
}

interface Doctor {
  readonly config: Config;
  readonly options: DoctorOptions;
  readonly against: Saved | undefined;
  readonly terminal: DoctorTerminal;
  readonly clock: Clock;
}

/** As `exitCodeOf` has it. */
const nothingRead = 2;
const clearScreen = '\u001b[H\u001b[2J';

/**
 * `neonwatch doctor`: one look at everything that is configured. Exit code 0: nothing is wrong; 1: something is; 2:
 * nothing could be read, or what was asked for is refused.
 */
export async function runDoctorCommand(
  flags: readonly Flag[],
  sources: Omit<ConfigSources, 'mustWatch'>,
  terminal: DoctorTerminal,
): Promise<CommandResult> {
  let doctor: Doctor;
  try {
    const options = doctorOptions(flags);
    const { config } = await loadConfig({ ...sources, mustWatch: true });
    const against = options.against === undefined ? undefined : await readSaved(options.against);
    doctor = { config, options, against, terminal, clock: systemClock };
  } catch (error) {
    if (error instanceof ConfigError) return refused(error.problems);
    throw error;
  }
  if (doctor.options.isWatching) return watch(doctor);
  const diagnosis = await look(doctor);
  const stdout = `${text(doctor, diagnosis)}\n`;
  const problem = await save(doctor, diagnosis);
  if (problem !== undefined) return { exitCode: 2, stdout, stderr: `${problem}\n` };
  return { exitCode: exitCodeOf(diagnosis), stdout, stderr: '' };
}

async function readSaved(file: string): Promise<Saved> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`--against: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`]);
  }
  const saved = parseSaved(content);
  if (typeof saved === 'string') throw new ConfigError([`--against: ${file} cannot be used: ${saved}`]);
  return saved;
}

function look({ config, options, clock }: Doctor, signal?: AbortSignal): Promise<Diagnosis> {
  const asked: DiagnoseOptions = { config, clock, random: Math.random, ...options, signal };
  return diagnose(asked);
}

function text({ options, against, terminal }: Doctor, diagnosis: Diagnosis): string {
  const now = diagnosisJson(diagnosis, version);
  if (options.isJson) {
    const since = against === undefined ? {} : { since: changesJson(against, now) };
    return JSON.stringify({ ...now, ...since }, undefined, 2);
  }
  const { setting } = terminal;
  if (options.tenant !== undefined && diagnosis.tenant !== undefined) {
    return tenantLines(options.tenant, diagnosis.tenant, setting).join('\n');
  }
  if (against === undefined) return reportLines(diagnosis, setting).join('\n');
  const first = headlineSince(against, now);
  return [...reportLines(diagnosis, setting, first), ...changeLines(against, now, setting)].join('\n');
}

/** Undefined when it is saved, or nothing was to be. */
async function save({ options }: Doctor, diagnosis: Diagnosis): Promise<string | undefined> {
  const { saveTo } = options;
  if (saveTo === undefined) return undefined;
  try {
    await writeFile(saveTo, `${JSON.stringify(diagnosisJson(diagnosis, version), undefined, 2)}\n`);
    return undefined;
  } catch (error) {
    return `--save: ${saveTo} cannot be written (${(error as NodeJS.ErrnoException).code}); give a file in a folder that may be written`;
  }
}

/** Looks again and again; a screen is drawn anew, a pipe gets the first report and then what changes. */
async function watch(doctor: Doctor): Promise<CommandResult> {
  const { terminal, options, clock } = doctor;
  const ending = new AbortController();
  const asked = terminal.asked().then(() => ending.abort());
  let before: Saved | undefined;
  let exitCode: CommandResult['exitCode'] = nothingRead;
  for (;;) {
    const diagnosis = await look(doctor, ending.signal);
    if (ending.signal.aborted) return { exitCode, stdout: '', stderr: '' };
    exitCode = exitCodeOf(diagnosis);
    const now = diagnosisJson(diagnosis, version);
    if (terminal.isScreen) terminal.print(`${clearScreen}${text(doctor, diagnosis)}`);
    else if (before === undefined) terminal.print(text(doctor, diagnosis));
    else for (const change of changesSince(before, now)) terminal.print(`${now.at} ${change}`);
    before = now;
    let cancel: () => void = () => undefined;
    const rest = new Promise<void>((resolve) => {
      cancel = clock.after(options.intervalMs, resolve);
    });
    await Promise.race([asked, rest]);
    cancel();
  }
}
