import { configJsonSchema } from '../src/config/json-schema.ts';
import { oneLine } from '../src/config/print.ts';
import { ConfigSchema, settings } from '../src/config/schema.ts';
import { type Setting, sectionsOf } from '../src/settings/describe.ts';

/** The documents made from the settings' declarations: path from the repository's root to contents. */
export async function generatedSettingsFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/settings.md', settingsPage()],
    ['docs/config.schema.json', configJsonSchema()],
  ]);
}

const introduction = `<!-- Made by scripts/generate-settings.ts from src/config; do not edit. -->

# Settings

Every setting is a key of the configuration file (YAML, named by \`--config FILE\` or \`NEONWATCH_CONFIG\`), an environment
variable and a flag. A flag wins over the environment, the environment over the file, the file over the default.
\`neonwatch config print\` shows what is in force and where each value comes from; \`neonwatch config check\` says every
problem at once.

- Times are written with their unit (\`500ms\`, \`15s\`, \`1h30m\`), sizes too (\`512KiB\`, \`64MiB\`, \`100MB\`).
- In variables and flags, lists and maps are YAML on one line: \`NEONWATCH_ADDRESSES='{"pageserver2:9898": "localhost:9899"}'\`.
- A switch is \`--http.open-metrics\`, \`--http.open-metrics=false\` or \`--no-http.open-metrics\`. An empty variable counts as unset.
- A relative path in the file is relative to the file's folder; in a variable or flag, to where neonwatch is started.
- Secrets are better in files (\`tokenFile\`, \`dsnFile\`), which are read again when they change. They are never shown.
- The variables in small letters are those of the Neon runbook; they are weaker than neonwatch's own.

The smallest configuration is one line: \`storageController: {url: http://localhost:1234}\`, or \`export storcon_api=http://localhost:1234\`.
Editors check the file with [config.schema.json](config.schema.json).
`;

function settingsPage(): string {
  const parts = sectionsOf(ConfigSchema).map(({ path, description }) => {
    const members = settings.filter(({ keys }) => keys[0] === path);
    const lead = members[0]?.path === path ? '' : `${description}\n\n`;
    return `## ${path}\n\n${lead}${table(members)}\n`;
  });
  return `${introduction}\n${parts.join('\n')}`;
}

function table(members: readonly Setting[]): string {
  const rows = members.map((setting) => {
    const variables = [setting.env, ...setting.envAliases.map(({ name }) => name)].map(code).join(', ');
    const flags = [setting.flag, setting.flagAlias].flatMap((flag) =>
      flag === undefined ? [] : [code(`--${flag}`)],
    );
    return [
      code(setting.path),
      setting.typeText,
      defaultCell(setting),
      description(setting),
      variables,
      flags.join(', '),
    ];
  });
  const header = ['Setting', 'Type', 'Default', 'Description', 'Environment', 'Flag'];
  return [header, header.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map(cell).join(' | ')} |`)
    .join('\n');
}

function description(setting: Setting): string {
  const example = setting.example === undefined ? '' : ` Example: ${code(setting.example)}.`;
  return `${setting.description}${example}`;
}

function defaultCell({ default: value, fallback }: Setting): string {
  if (fallback !== undefined) return `as ${code(fallback)}`;
  return value === undefined ? '' : code(oneLine(value));
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
