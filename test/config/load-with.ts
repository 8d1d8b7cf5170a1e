import { parseArguments } from '../../src/cli/args.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';

/** What a test gives the loader; `file` is the text of `neonwatch.yaml`. */
export interface Given {
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly argv?: readonly string[];
  readonly mustWatch?: boolean;
}

export async function loadWith({
  file,
  env = {},
  argv = [],
  mustWatch = false,
}: Given): Promise<LoadedConfig> {
  const config = file === undefined ? [] : ['--config', 'neonwatch.yaml'];
  return await loadConfig({
    flags: parseArguments([...config, ...argv]).flags,
    env,
    readFile: async (path) => {
      if (file !== undefined && path === 'neonwatch.yaml') return file;
      throw Object.assign(new Error('absent'), { code: 'ENOENT' });
    },
    mustWatch,
  });
}

/** The problem lines of a refused configuration; empty when it is accepted. */
export async function problemsWith(given: Given): Promise<readonly string[]> {
  try {
    await loadWith(given);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
