import { flawsOf } from './check-value.ts';
import { impossibleCombinations, nothingToWatch, type Refusal } from './combinations.ts';
import { ConfigError } from './config-error.ts';
import { configFileVariable, type Environment, readEnvironmentLayer } from './environment-layer.ts';
import { readFileLayer } from './file-layer.ts';
import { configFileFlag, type Flag, readFlagLayer } from './flag-layer.ts';
import type { Assignment, Layer, LayerName } from './layer.ts';
import { type Config, ConfigSchema, settings } from './schema.ts';
import { warningsOf } from './warnings.ts';

/** Where the loader looks. `readFile` gives a file's text and rejects with an errno error. */
export interface ConfigSources {
  readonly flags: readonly Flag[];
  readonly env: Environment;
  readonly readFile: (path: string) => Promise<string>;
  /** Whether a configuration that watches nothing is refused: true for `serve` and `config check`. */
  readonly mustWatch: boolean;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Which layer had the last word, for every setting by path. */
  readonly provenance: ReadonlyMap<string, LayerName>;
  /** Where exactly, for every setting that is not at its default: `neonwatch.yaml:3:5`, `environment storcon_api`. */
  readonly places: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/**
 * Puts the configuration together: defaults, then the file, the environment and the flags, each over the former.
 *
 * @throws {ConfigError} with every problem of every layer, when there is any.
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const layers = [await fileLayer(sources), readEnvironmentLayer(sources.env), readFlagLayer(sources.flags)];
  const problems = layers.flatMap((layer) => layer.problems);
  const unclear = new Set<string>();
  const winners = new Map<string, Assignment>();
  for (const assignment of layers.flatMap((layer) => layer.assignments)) {
    const { setting, value, prefix } = assignment;
    const flaws = flawsOf(setting.schema, value);
    problems.push(...flaws.map(({ inner, message }) => `${prefix(inner)}: ${message}`));
    if (flaws.length > 0) unclear.add(setting.path);
    else winners.set(setting.path, assignment);
  }
  const config = ConfigSchema.parse(treeOf(winners.values()));
  const refusals = impossibleCombinations(config).filter(
    ({ settings: paths }) => !paths.some((path) => unclear.has(path)),
  );
  problems.push(...refusals.map((refusal) => refusalLine(refusal, winners)));
  const idle = nothingToWatch(config);
  // A mistake elsewhere may be the reason why nothing is left to watch: only a clean configuration is told so.
  if (sources.mustWatch && idle !== undefined && problems.length === 0) problems.push(idle.message);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    config,
    provenance: new Map(settings.map(({ path }) => [path, winners.get(path)?.layer ?? 'default'])),
    places: new Map([...winners].map(([path, { place }]) => [path, place])),
    warnings: warningsOf(config, winners.values()),
  };
}

async function fileLayer({ flags, env, readFile }: ConfigSources): Promise<Layer> {
  const flag = flags.find(({ name }) => name === configFileFlag);
  const fileName =
    typeof flag?.value === 'string' && flag.value !== '' ? flag.value : env[configFileVariable];
  if (!fileName) return { assignments: [], problems: [] };
  try {
    return readFileLayer(fileName, await readFile(fileName));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    // Only errors of the system have a code; anything else is a mistake of ours and must not pass for a missing file.
    if (code === undefined) throw error;
    const reason = reasons[code] ?? 'cannot be read';
    return { assignments: [], problems: [`${fileName}: ${reason} (${code})`] };
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'a folder, not a file',
};

/** The object that the assignments describe, before decoding and defaults. */
function treeOf(assignments: Iterable<Assignment>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const { setting, value } of assignments) {
    let node = root;
    for (const key of setting.keys.slice(0, -1)) {
      const next = node[key] ?? {};
      node[key] = next;
      node = next as Record<string, unknown>; // only this loop puts anything at a key that is not the last
    }
    const last = setting.keys.at(-1);
    if (last !== undefined) node[last] = value;
  }
  return root;
}

/** One line for an impossible combination, beginning where the first of its settings was written. */
function refusalLine(
  { settings: paths, inner = [], message }: Refusal,
  winners: ReadonlyMap<string, Assignment>,
): string {
  const [first] = paths;
  const own = winners.get(first);
  const others = paths.slice(1).flatMap((path) => winners.get(path) ?? []);
  if (own === undefined) return `${others[0]?.place ?? 'defaults'} ${first} (by default): ${message}`;
  const prefix = own.layer === 'file' ? own.prefix(inner) : `${own.prefix(inner)}: ${first}`;
  const also = others.length > 0 ? ` (see ${others.map(({ place }) => place).join(', ')})` : '';
  return `${prefix}: ${message}${also}`;
}
