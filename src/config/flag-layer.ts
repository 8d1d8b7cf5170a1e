import type { Setting } from '../settings/describe.ts';
import { nearest } from '../settings/nearest.ts';
import { type Assignment, type Layer, namedAssignment, UnreadableText, valueOfText } from './layer.ts';
import { settings } from './schema.ts';

/** A flag as it was written. */
export interface Flag {
  /** Without its dashes and without a leading `no-`. */
  readonly name: string;
  /** As written, with its dashes, for messages. */
  readonly written: string;
  /** A text, `true` for a bare switch, `false` for `--no-…`, undefined when a value is missing. */
  readonly value: string | boolean | undefined;
}

/** The flag that names the configuration file. */
export const configFileFlag = 'config';

/** Every setting by its flag and by its short flag. */
export const settingByFlag: ReadonlyMap<string, Setting> = new Map(
  settings.flatMap((setting) =>
    [setting.flag, setting.flagAlias].flatMap((name) =>
      name === undefined ? [] : [[name, setting] as const],
    ),
  ),
);

/** Reads the settings among the flags. `--config` is the loader's, and passed over. */
export function readFlagLayer(flags: readonly Flag[]): Layer {
  const assignments: Assignment[] = [];
  const problems: string[] = [];
  const writtenFor = new Map<string, string>();
  for (const flag of flags) {
    const setting = settingByFlag.get(flag.name);
    if (setting === undefined && flag.name !== configFileFlag) {
      problems.push(unknownFlag(flag));
      continue;
    }
    const target = setting?.path ?? configFileFlag;
    const problem = misuse(flag, setting, writtenFor.get(target));
    writtenFor.set(target, flag.written);
    if (problem !== undefined) {
      problems.push(problem);
    } else if (setting !== undefined) {
      try {
        const value = typeof flag.value === 'string' ? valueOfText(setting, flag.value) : flag.value;
        assignments.push(namedAssignment(setting, value, 'flag', flag.written));
      } catch (error) {
        if (!(error instanceof UnreadableText)) throw error;
        problems.push(`flag ${flag.written}: ${error.message}`);
      }
    }
  }
  return { assignments, problems };
}

/** What is wrong with the way a known flag was written; undefined when nothing is. */
function misuse(flag: Flag, setting: Setting | undefined, before: string | undefined): string | undefined {
  if (before !== undefined) {
    const also = before === flag.written ? 'given twice' : `given twice, also as ${before}`;
    return `flag ${flag.written}: ${also}; keep one`;
  }
  if (typeof flag.value === 'boolean' && setting?.textKind !== 'boolean') {
    return `flag ${flag.written}: takes a value, --${flag.name}=VALUE`;
  }
  if (flag.value === undefined || flag.value === '') {
    const expects = setting?.expects ?? 'the path of a file';
    return `flag ${flag.written}: expected ${expects}, got nothing; write --${flag.name}=VALUE`;
  }
  return undefined;
}

/** The problem line of a flag that is no setting's. A bundle of short ones is not repeated: it may be a secret. */
function unknownFlag(flag: Flag): string {
  if (!flag.written.startsWith('--'))
    return 'flag: unknown short flag; there are -h (--help) and -V (--version)';
  const near = nearest(flag.name, [...settingByFlag.keys(), configFileFlag, 'help', 'version']);
  return `flag ${flag.written}: unknown flag; ${near ? `did you mean --${near}?` : '`neonwatch --help` lists them'}`;
}
