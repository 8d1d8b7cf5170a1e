import { z } from 'zod';
import { bool, epochMs, int4, text } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';

/** The settings by which a compute finds its storage. */
export const neonSettings = [
  'neon.pageserver_connstring',
  'neon.stripe_size',
  'neon.tenant_id',
  'neon.timeline_id',
  'neon.safekeepers',
  'neon.compute_mode',
] as const;
export type NeonSetting = (typeof neonSettings)[number];

/** Those that a reload changes; the others wait for a restart. */
export const reloadedSettings = [
  'neon.pageserver_connstring',
  'neon.stripe_size',
  'neon.safekeepers',
] as const satisfies readonly NeonSetting[];

const literals = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');

const settingsSql = `
SELECT s.name, s.setting, s.source, s.sourcefile, s.pending_restart
FROM pg_catalog.pg_settings AS s
WHERE s.name IN (${literals(neonSettings)})
ORDER BY s.name`;

const SettingRow = z.object({
  name: z.enum(neonSettings),
  setting: text.nullable(),
  source: text.nullable(),
  sourcefile: text.nullable(),
  pending_restart: bool,
});
export type SettingRow = z.infer<typeof SettingRow>;

/** Settings of a library that is not loaded are placeholders, which `pg_settings` does not list. */
const serverSql = `
SELECT ${neonSettings.map((name, index) => `pg_catalog.current_setting('${name}', true) AS setting${index},`).join('\n  ')}
  pg_catalog.current_setting('block_size') AS block_size,
  extract(epoch FROM pg_catalog.pg_conf_load_time()) AS conf_loaded,
  extract(epoch FROM pg_catalog.pg_postmaster_start_time()) AS started,
  pg_catalog.pg_is_in_recovery() AS in_recovery,
  pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'SELECT')
    AND pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE') AS reads_files`;

const ServerRow = z
  .object({
    block_size: int4,
    conf_loaded: epochMs,
    started: epochMs,
    in_recovery: bool,
    reads_files: bool,
  })
  .catchall(text.nullable());

/** Facts of the server as a whole, and every setting by `current_setting(name, true)`. */
export interface ServerFacts {
  readonly placeholders: ReadonlyMap<NeonSetting, string>;
  readonly blockBytes: number;
  readonly confLoadedAtMs: number;
  readonly postmasterStartedAtMs: number;
  readonly isInRecovery: boolean;
  readonly readsFiles: boolean;
}

/** `applied` is what a reload would take from the files as they are now. */
const fileSettingsSql = `
SELECT f.seqno, f.sourcefile, f.name, f.setting, f.applied
FROM pg_catalog.pg_file_settings AS f
WHERE f.name IN (${literals(reloadedSettings)})
ORDER BY f.seqno`;

const FileRow = z.object({
  seqno: int4,
  sourcefile: text,
  name: z.enum(reloadedSettings),
  setting: text.nullable(),
  applied: bool,
});
export type FileRow = z.infer<typeof FileRow>;

export function readSettingRows(session: SqlSession): Promise<SettingRow[]> {
  return session.rows(settingsSql, SettingRow);
}

export function readFileRows(session: SqlSession): Promise<FileRow[]> {
  return session.rows(fileSettingsSql, FileRow);
}

export async function readServerFacts(session: SqlSession): Promise<ServerFacts | undefined> {
  const [row] = await session.rows(serverSql, ServerRow);
  if (row === undefined) return undefined;
  const placeholders = new Map<NeonSetting, string>();
  for (const [index, name] of neonSettings.entries()) {
    const setting: unknown = row[`setting${index}`];
    // A placeholder that was set and reset in a session is empty text.
    if (typeof setting === 'string' && setting !== '') placeholders.set(name, setting);
  }
  return {
    placeholders,
    blockBytes: row.block_size,
    confLoadedAtMs: row.conf_loaded,
    postmasterStartedAtMs: row.started,
    isInRecovery: row.in_recovery,
    readsFiles: row.reads_files,
  };
}

/** The file's name without its folders, of either kind of system. */
export function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? '';
}
