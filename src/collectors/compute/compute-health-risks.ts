import { z } from 'zod';
import { bool } from '../../sources/pg-values.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';

/** Settings whose value is known to hurt one day: by name, whether this server has that value. Unknown ones are absent. */
export type RiskySettings = ReadonlyMap<'log_statement' | 'archive_command', boolean>;

/** Programs that write over a file or object of the same name, and a redirection to the file of that name. */
const overwriting = String.raw`(^|[\s;&|(/])(cp|mv|scp|rsync|install|dd|tee)\s|(^|[^0-9&>])>\s*\S*%f`;
/** What keeps them from it: a test for the file, or an option. */
const guarded = [
  String.raw`(test|\[)\s+(!\s+)?-[efs]\s`,
  String.raw`(^|[\s;&|(/])(cp|mv)\s+(-\S+\s+)*-[a-zA-Z]*[in]`,
  '--no-clobber|--ignore-existing|--interactive',
  String.raw`set\s+-[a-z]*C|noclobber`,
].join('|');

/**
 * The server judges its archive command itself, so that the text, which may hold keys, never leaves it. While archiving is
 * off it shows `(disabled)`.
 */
const risksSql = `
SELECT
  (SELECT CASE s.source WHEN 'session' THEN s.reset_val ELSE s.setting END = 'all'
    FROM pg_catalog.pg_settings AS s WHERE s.name = 'log_statement') AS log_statement,
  (SELECT s.setting ~ '${overwriting}' AND s.setting !~ '${guarded}'
    FROM pg_catalog.pg_settings AS s WHERE s.name = 'archive_command') AS archive_command`;

const RisksRow = z.object({ log_statement: bool.nullable(), archive_command: bool.nullable() });

/** Asks about the settings that the playbook sets and that hurt one day. */
export async function readRisks(session: SqlSession): Promise<RiskySettings> {
  const [row] = await session.rows(risksSql, RisksRow);
  const known = Object.entries(row ?? {}).filter((entry): entry is [string, boolean] => entry[1] !== null);
  return new Map(known) as RiskySettings;
}
