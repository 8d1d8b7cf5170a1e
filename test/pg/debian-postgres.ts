import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startTestPostgres, type TestPostgres, type TestPostgresOptions } from './test-postgres.ts';

const versionsFolder = '/usr/lib/postgresql';

/** The `bin` folder of Debian's newest Postgres that has a server; undefined when there is none. */
export function debianPostgresBin(): string | undefined {
  if (!existsSync(versionsFolder)) return undefined;
  return readdirSync(versionsFolder)
    .sort((left, right) => Number(right) - Number(left))
    .map((version) => join(versionsFolder, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));
}

/** Starts a cluster of Debian's Postgres (apt: postgresql-15 or newer). */
export async function startDebianPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const binFolder = debianPostgresBin();
  if (binFolder === undefined) throw new Error(`no Postgres in ${versionsFolder}: apt install postgresql`);
  return startTestPostgres(binFolder, options);
}
