import { oneLine } from '../config/print.ts';
import { ConfigSchema, settings } from '../config/schema.ts';
import { type Setting, sectionsOf } from '../settings/describe.ts';
import { commands } from './args.ts';
import { doctorFlagsAbout } from './doctor/doctor-flags.ts';

const width = 100;

/** The text of `neonwatch --help`, made from the settings' declarations. */
export function helpText(): string {
  const sections = sectionsOf(ConfigSchema).flatMap(({ path, description }) => [
    '',
    ...(path === 'collectors' ? collectorLines(description) : sectionLines(path, description)),
  ]);
  return `${[
    'neonwatch watches a self-hosted Neon cluster and serves what it sees to Prometheus.',
    '',
    'Usage: neonwatch [COMMAND] [FLAGS]',
    '',
    'Commands:',
    ...commandLines(),
    '',
    'Flags:',
    ...entry('--config FILE', 'Configuration file, YAML. $NEONWATCH_CONFIG'),
    ...entry('-h, --help', 'This text.'),
    ...entry('-V, --version', 'The version.'),
    '',
    'Flags of doctor:',
    ...Object.entries(doctorFlagsAbout).flatMap(([name, [value, about]]) =>
      entry(`--${name}${value}`, about),
    ),
    '',
    ...wrap(
      'Every setting is a key of the file, an environment variable and a flag; a flag wins over the environment, and that over the file.',
      0,
    ),
    ...wrap(
      'Lists and maps are written as YAML on one line. `neonwatch config print` shows what is in force and where it comes from.',
      0,
    ),
    ...sections,
  ].join('\n')}\n`;
}

/** Names in a column of their own, however long the longest is. */
function commandLines(): string[] {
  const longest = Math.max(...Object.keys(commands).map(({ length }) => length));
  return Object.entries(commands).flatMap(([name, summary]) => {
    const [first = '', ...rest] = wrap(summary, longest + 4);
    return [`  ${name.padEnd(longest)}  ${first.trimStart()}`, ...rest];
  });
}

function sectionLines(path: string, description: string): string[] {
  const members = settings.filter(({ keys }) => keys[0] === path);
  const isSetting = members[0]?.path === path;
  return [...(isSetting ? [`${path}:`] : [`${path}: ${description}`]), ...members.flatMap(settingLines)];
}

/** The collectors' settings are alike: they are shown once, with the names and what differs. */
function collectorLines(description: string): string[] {
  const members = settings.filter(({ keys }) => keys[0] === 'collectors');
  const names = [...new Set(members.map(({ keys }) => keys[1] ?? ''))];
  const first = members.filter(({ keys }) => keys[1] === names[0]);
  const generic = (text: string) => text.replaceAll(names[0] ?? '', 'NAME');
  const shared = first.flatMap((setting) =>
    settingLines({
      ...setting,
      flag: generic(setting.flag),
      env: setting.env.replace((names[0] ?? '').toUpperCase(), 'NAME'),
      description: generic(setting.description),
    }),
  );
  const special = members.flatMap((setting) => {
    const usual = first.find(({ keys }) => keys[2] === setting.keys[2]);
    return setting.default === usual?.default
      ? []
      : [`${setting.path.slice('collectors.'.length)} ${oneLine(setting.default)}`];
  });
  return [
    `collectors: ${description}`,
    ...shared,
    ...wrap(`NAME is one of ${names.join(', ')}; in a flag, with hyphens.`, 2),
    ...wrap(`Other defaults: ${special.join(', ')}.`, 2),
  ];
}

function settingLines(setting: Setting): string[] {
  const alias = setting.flagAlias === undefined ? '' : `, --${setting.flagAlias}`;
  const variables = [setting.env, ...setting.envAliases.map(({ name }) => name)].map((name) => `$${name}`);
  const heading =
    setting.textKind === 'boolean'
      ? `--[no-]${setting.flag}`
      : `--${setting.flag}${alias} ${placeholder(setting)}`;
  return entry(heading, `${setting.description}${defaultText(setting)} ${variables.join(', ')}`);
}

function placeholder({ typeText }: Setting): string {
  return typeText.includes(', ') ? `(${typeText.replaceAll(', ', '|')})` : `(${typeText})`;
}

function defaultText(setting: Setting): string {
  if (setting.fallback !== undefined) return ` Default: as ${setting.fallback}.`;
  if (setting.default !== undefined) return ` Default: ${oneLine(setting.default)}.`;
  return setting.example === undefined ? '' : ` Example: ${setting.example}`;
}

function entry(heading: string, text: string): string[] {
  return [`  ${heading}`, ...wrap(text, 8)];
}

function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${' '.repeat(indent)}${each}`);
}
