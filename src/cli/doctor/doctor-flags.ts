import { ConfigError } from '../../config/config-error.ts';
import type { Flag } from '../../config/flag-layer.ts';
import { Duration } from '../../settings/duration.ts';

/** Flags of `doctor` that are no settings, as `parseArgs` wants them. */
export const doctorFlags = {
  tenant: { type: 'string' },
  json: { type: 'boolean' },
  watch: { type: 'boolean' },
  interval: { type: 'string' },
  timeout: { type: 'string' },
  save: { type: 'string' },
  against: { type: 'string' },
} as const;

/** What `--help` says of them: what stands for the value, and what the flag is for. */
export const doctorFlagsAbout: Readonly<Record<keyof typeof doctorFlags, readonly [string, string]>> = {
  tenant: [
    ' ID',
    'The witnesses of one tenant, shard by shard. The beginning of its id is enough; replay has it, too.',
  ],
  json: ['', 'The report as JSON; plan and replay have it, too.'],
  watch: ['', 'Look again and again until Ctrl-C; into a pipe, what has changed.'],
  interval: [' (duration)', 'Time between two looks of --watch. Default: 15s.'],
  timeout: [' (duration)', 'What has not answered by then is left unread; plan has it, too. Default: 30s.'],
  save: [' FILE', 'Keep what was seen, to compare with it later.'],
  against: [' FILE', 'Say what has changed since --save wrote that file.'],
};

/** Which commands have them; the others have none. */
export const doctorFlagsOf: Readonly<Record<string, readonly string[]>> = {
  doctor: Object.keys(doctorFlags),
  plan: ['json', 'timeout'],
  replay: ['json', 'tenant'],
};

export interface DoctorOptions {
  /** A tenant id, or as much of its beginning as is its own. */
  readonly tenant: string | undefined;
  readonly isJson: boolean;
  readonly isWatching: boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly saveTo: string | undefined;
  readonly against: string | undefined;
}

/** @throws {ConfigError} for a value that is none, and for flags that exclude each other */
export function doctorOptions(flags: readonly Flag[]): DoctorOptions {
  const problems: string[] = [];
  const text = (name: keyof typeof doctorFlags): string | undefined => {
    const flag = flags.findLast((one) => one.name === name);
    if (flag === undefined) return undefined;
    if (typeof flag.value === 'string' && flag.value !== '') return flag.value;
    problems.push(`--${name}: expected a value, as in --${name}=VALUE`);
    return undefined;
  };
  const isOn = (name: keyof typeof doctorFlags): boolean =>
    flags.findLast((one) => one.name === name)?.value === true;
  const duration = (name: keyof typeof doctorFlags, byDefault: number): number => {
    const value = text(name);
    if (value === undefined) return byDefault;
    const parsed = Duration.safeParse(value);
    if (!parsed.success)
      problems.push(`--${name}: expected a duration such as 30s, got ${JSON.stringify(value.slice(0, 60))}`);
    return parsed.data ?? byDefault;
  };
  const tenant = text('tenant');
  if (tenant !== undefined && !/^[0-9a-f]{1,32}$/.test(tenant)) {
    problems.push('--tenant: expected a tenant id, or the beginning of one: up to 32 hexadecimal digits');
  }
  const options = {
    tenant,
    isJson: isOn('json'),
    isWatching: isOn('watch'),
    intervalMs: duration('interval', 15_000),
    timeoutMs: duration('timeout', 30_000),
    saveTo: text('save'),
    against: text('against'),
  };
  problems.push(...exclusions(options));
  if (problems.length > 0) throw new ConfigError(problems);
  return options;
}

/** Flags of which one would be without effect. */
function exclusions({ isWatching, isJson, saveTo, against, tenant }: DoctorOptions): string[] {
  const pairs: readonly (readonly [boolean, string])[] = [
    [isWatching && isJson, '--watch and --json'],
    [isWatching && saveTo !== undefined, '--watch and --save'],
    [isWatching && against !== undefined, '--watch and --against'],
    [tenant !== undefined && against !== undefined, '--tenant and --against'],
  ];
  return pairs.flatMap(([areBoth, names]) =>
    areBoth ? [`${names} exclude each other: give one of them`] : [],
  );
}
