import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianPostgresBin } from './debian-postgres.ts';
import { own, removeFolder, runTool, serverFolder } from './unprivileged.ts';

export interface NeonGuc {
  /** For `preload`, and for `CREATE FUNCTION neon_guc_effective_stripe() RETURNS int LANGUAGE c AS '<path>'`. */
  readonly libraryPath: string;
  remove(): Promise<void>;
}

/** Builds the module in neon-guc/ with PGXS (apt: make, gcc, postgresql-server-dev-15) in a folder of its own; nothing is installed. */
export async function buildNeonGuc(): Promise<NeonGuc> {
  const binFolder = debianPostgresBin();
  if (binFolder === undefined) throw new Error('no Postgres of Debian: apt install postgresql');
  const folder = serverFolder('guc');
  for (const file of ['neon_guc.c', 'Makefile']) {
    copyFileSync(join(import.meta.dirname, 'neon-guc', file), join(folder, file));
    own(join(folder, file));
  }
  // Without LLVM: the bitcode for it would ask for clang and is of no use here.
  await runTool('make', ['-s', `PG_CONFIG=${join(binFolder, 'pg_config')}`, 'with_llvm=no'], folder);
  return { libraryPath: join(folder, 'neon_guc.so'), remove: () => removeFolder(folder) };
}
