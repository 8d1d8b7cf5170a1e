import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { checkout } from './run-program.ts';

// A registry mirror may lack a tool's build for some platform. npm leaves such an optional package out of the lockfile,
// and `npm ci` then refuses the lockfile as incomplete, on every platform. This puts the entries back: run it after
// `npm install` where test/contract/tidy.test.ts says that the lockfile is incomplete.

const Entry = z.looseObject({
  version: z.string().optional(),
  license: z.string().optional(),
  dev: z.boolean().optional(),
  peer: z.boolean().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const Lockfile = z.looseObject({ packages: z.record(z.string(), Entry) });
type Packages = z.output<typeof Lockfile>['packages'];

/** A dependency that the lockfile has no entry for. */
export interface MissingPackage {
  readonly dependent: string;
  readonly name: string;
  readonly version: string;
}

/** Whether Node would find `name` from the package at `place`, by the entries of the lockfile. */
function isLocked(packages: Packages, place: string, name: string): boolean {
  for (let from = place; ; ) {
    if (packages[`${from === '' ? '' : `${from}/`}node_modules/${name}`] !== undefined) return true;
    if (from === '') return false;
    const outer = from.lastIndexOf('/node_modules/');
    from = outer === -1 ? '' : from.slice(0, outer);
  }
}

function missingIn(packages: Packages): MissingPackage[] {
  return Object.entries(packages).flatMap(([dependent, entry]) =>
    Object.entries({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter(([name]) => !isLocked(packages, dependent, name))
      .map(([name, version]) => ({ dependent, name, version })),
  );
}

/** What a lockfile's text leaves out; `npm ci` refuses it unless there is nothing. */
export function missingPackages(lockfileText: string): MissingPackage[] {
  return missingIn(Lockfile.parse(JSON.parse(lockfileText)).packages);
}

const platform =
  /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(gnu|musl|musleabihf|gnueabihf|eabi|msvc))?$/;

/** The platform that such a package is for, by its name: npm does not fetch it elsewhere. */
function platformOf(name: string): Record<string, string[]> {
  const [, os, cpu, abi = ''] = platform.exec(name) ?? [];
  if (os === undefined || cpu === undefined)
    throw new Error(`${name}: its platform cannot be told by its name`);
  const libc = abi.startsWith('musl') ? ['musl'] : ['glibc'];
  return { cpu: [cpu], os: [os], ...(os === 'linux' && cpu !== 'arm' ? { libc } : {}) };
}

async function main(): Promise<void> {
  const path = join(checkout, 'package-lock.json');
  const text = await readFile(path, 'utf8');
  Lockfile.parse(JSON.parse(text));
  // Not what zod gives: it would put the keys of each entry in another order.
  const lockfile = JSON.parse(text) as z.output<typeof Lockfile>;
  const { packages } = lockfile;
  for (const { dependent, name, version } of missingIn(packages)) {
    const { dev, peer, license } = packages[dependent] ?? {};
    const inherited = { ...(dev ? { dev } : {}), ...(license ? { license } : {}), ...(peer ? { peer } : {}) };
    packages[`node_modules/${name}`] = { version, ...platformOf(name), ...inherited, optional: true };
    console.log(`added ${name}@${version}`);
  }
  const sorted = Object.entries(packages).sort(([left], [right]) => left.localeCompare(right, 'en'));
  lockfile.packages = Object.fromEntries(sorted);
  await writeFile(path, `${JSON.stringify(lockfile, null, 2)}\n`);
}

if (import.meta.main) await main();
