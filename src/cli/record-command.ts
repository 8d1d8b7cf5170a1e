import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { bundleVersion, encodeLook, encodeManifest } from '../bundle/bundle.ts';
import { systemClock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import { type ConfigSources, loadConfig } from '../config/load.ts';
import { Findings } from '../config/sections/findings.ts';
import { hostFacts } from '../open-postgres.ts';
import { version } from '../version.ts';
import { type CommandResult, refused } from './config-command.ts';
import { diagnose } from './doctor/diagnose.ts';
import { headline } from './doctor/diagnosis.ts';
import { counted } from './doctor/lines.ts';

const timeoutMs = 60_000;

/** Not another folder by mistake: what is in it would be sent along. */
async function emptyFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const [first] = await readdir(folder);
    if (first === undefined) return;
  } catch (error) {
    throw new ConfigError([
      `record: ${folder} cannot be made or read (${(error as NodeJS.ErrnoException).code})`,
    ]);
  }
  throw new ConfigError([`record: ${folder} is not empty; give a folder that is new or empty`]);
}

/**
 * `neonwatch record DIR`: looks at everything as `doctor` does and writes what was learned: the facts that readers took
 * from the answers, never an answer as it came. So there are no tokens, connection strings with passwords or query
 * texts in it; ids, addresses, and names of tenants, databases and indexes are, and why looks failed, as it is logged.
 */
export async function runRecordCommand(
  words: readonly string[],
  sources: Omit<ConfigSources, 'mustWatch'>,
): Promise<CommandResult> {
  const [folder, ...others] = words;
  if (folder === undefined || others.length > 0)
    return refused(['record: expected one folder: neonwatch record DIR']);
  try {
    const loaded = await loadConfig({ ...sources, mustWatch: true });
    // Texts of statements may hold anything that people write into them.
    const config = { ...loaded.config, sql: { ...loaded.config.sql, statementText: false } };
    await emptyFolder(folder);
    const files: string[] = [];
    const clock = systemClock;
    const diagnosis = await diagnose({
      config,
      clock,
      random: Math.random,
      timeoutMs,
      async onLook({ readings, looks, nowMs }) {
        const file = `look-${files.length + 1}.json`;
        files.push(file);
        await writeFile(join(folder, file), encodeLook(readings, looks, nowMs), { mode: 0o600 });
      },
    });
    const manifest = encodeManifest({
      bundle: bundleVersion,
      neonwatch: version,
      recordedAt: new Date(clock.wallMs()).toISOString(),
      findings: z.encode(Findings, config.findings),
      addresses: config.addresses,
      hosts: hostFacts(config),
      looks: files,
    });
    await writeFile(join(folder, 'manifest.json'), manifest, { mode: 0o600 });
    const read = diagnosis.looks.filter(({ up }) => up === true).length;
    const stdout = `${folder}: ${counted(read, 'reading')} of ${counted(diagnosis.looks.length, 'look')}, twice. ${headline(diagnosis)}\n`;
    return { exitCode: read > 0 ? 0 : 2, stdout, stderr: '' };
  } catch (error) {
    if (error instanceof ConfigError) return refused(error.problems);
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    return refused([`record: ${folder} cannot be written (${code})`]);
  }
}
