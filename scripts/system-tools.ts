import { access, constants, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runProgram } from './run-program.ts';

/** Where Debian keeps the programs of a Postgres server; they are not on the PATH. */
const postgresBin = '/usr/lib/postgresql/15/bin';

/** Debian package → the programs that tests take from it: by name on the PATH, or where they must be. */
const packages: Readonly<Record<string, readonly string[]>> = {
  prometheus: ['prometheus', 'promtool'],
  'postgresql-15': [`${postgresBin}/postgres`, `${postgresBin}/initdb`],
  // Its pg_config and its makefiles may come with other packages; the headers may not.
  'postgresql-server-dev-15': ['/usr/include/postgresql/15/server/postgres.h'],
  'prometheus-alertmanager': ['prometheus-alertmanager', 'amtool'],
  'prometheus-postgres-exporter': ['/usr/bin/prometheus-postgres-exporter'],
  pgbouncer: ['/usr/sbin/pgbouncer'],
  procps: ['ps'],
  gcc: ['gcc'],
  make: ['make'],
};

/** Debian asks this file whether a package may start its service; 101 is no. */
const policyFile = '/usr/sbin/policy-rc.d';

async function isThere(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    return false;
  }
}

async function isOnPath(program: string, path: string): Promise<boolean> {
  if (program.startsWith('/')) return isThere(program, constants.F_OK);
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  const found = await Promise.all(folders.map((folder) => isThere(join(folder, program), constants.X_OK)));
  return found.includes(true);
}

/** The packages of which a program is not on `path`. */
export async function missingPackages(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (const [name, programs] of Object.entries(packages)) {
    const there = await Promise.all(programs.map((program) => isOnPath(program, path)));
    if (there.includes(false)) missing.push(name);
  }
  return missing;
}

/** Forbids services to start while `run` runs, unless the machine has a policy of its own. */
async function withoutServices(run: () => Promise<void>): Promise<void> {
  try {
    await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  } catch {
    return run();
  }
  try {
    await run();
  } finally {
    await rm(policyFile, { force: true });
  }
}

async function install(names: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = async (...args: string[]): Promise<void> => {
    const exitCode = await runProgram('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], { env });
    if (exitCode !== 0) console.error(`apt-get ${args.join(' ')} ended with code ${exitCode}`);
  };
  await withoutServices(async () => {
    await apt('update');
    await apt('install', '--yes', '--no-install-recommends', ...names);
  });
}

/**
 * Sees to it that the programs that system tests need are there: installs Debian packages where that is possible.
 * Gives what is still missing, as a sentence that says what to do; undefined when all is there.
 */
export async function provideTools(): Promise<string | undefined> {
  const path = process.env['PATH'] ?? '';
  const wanted = await missingPackages(path);
  if (wanted.length === 0) return undefined;
  const mayInstall = process.getuid?.() === 0 && (await isOnPath('apt-get', path));
  if (mayInstall) {
    console.log(`System tests need ${wanted.join(', ')}: installing`);
    await install(wanted);
  }
  const missing = await missingPackages(path);
  if (missing.length === 0) return undefined;
  const programs = missing.flatMap((name) => packages[name] ?? []);
  return `System tests need ${programs.join(', ')}. On Debian: apt-get install --no-install-recommends ${missing.join(' ')}.
Elsewhere they can be run in a Debian container. \`npm run test:fast\` needs none of them.`;
}
