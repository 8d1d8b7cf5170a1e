import { systemClock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import { type ConfigSources, type LoadedConfig, loadConfig } from '../config/load.ts';
import { createLogger } from '../log.ts';
import { type RunningServer, startServer } from '../server.ts';
import { version } from '../version.ts';
import { type CommandResult, refused } from './config-command.ts';
import { keepHeapSmall } from './heap.ts';

/** Where a command that goes on for long writes and hears that it should end. */
export interface Terminal {
  readonly print: (line: string) => void;
  /** Standard error; log lines go there. */
  readonly logTo: { readonly write: (line: string) => void };
  /** Resolves when the process is asked to end. */
  readonly asked: Promise<string>;
}

/**
 * `neonwatch serve`: runs until it is asked to end. The address it got is the first line on standard output, which
 * is otherwise silent. A configuration or address that is refused: exit code 2 and why.
 */
export async function runServeCommand(
  sources: Omit<ConfigSources, 'mustWatch'>,
  terminal: Terminal,
): Promise<CommandResult> {
  let loaded: LoadedConfig;
  try {
    loaded = await loadConfig({ ...sources, mustWatch: true });
  } catch (error) {
    if (error instanceof ConfigError) return refused(error.problems);
    throw error;
  }
  const { config, warnings } = loaded;
  keepHeapSmall();
  const logger = createLogger(config.log.level, terminal.logTo);
  for (const warning of warnings) logger.warn({ warning }, 'configuration warning');
  let server: RunningServer;
  try {
    server = await startServer({ config, version, logger, clock: systemClock, random: Math.random });
  } catch (error) {
    return refused([error instanceof Error ? error.message : String(error)]);
  }
  terminal.print(`neonwatch ${version} listening on ${server.url}`);
  const signal = await terminal.asked;
  logger.info({ signal }, 'stopping');
  await server.stop();
  return { exitCode: 0, stdout: '', stderr: '' };
}
