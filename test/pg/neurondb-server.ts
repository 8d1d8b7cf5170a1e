import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianPostgresBin } from './debian-postgres.ts';
import type { RecordedDatabase } from './neurondb-recording.ts';
import { neurondbScript } from './neurondb-sql.ts';
import { startTestPostgres, type TestPostgres, type TestPostgresOptions } from './test-postgres.ts';
import { removeFolder, serverFolder } from './unprivileged.ts';

const librarySource = fileURLToPath(new URL('neurondb-library/neurondb.c', import.meta.url));

export interface NeurondbServerOptions extends TestPostgresOptions {
  /** What `CREATE EXTENSION neurondb VERSION '…'` makes. */
  readonly versions: Readonly<Record<string, RecordedDatabase>>;
  readonly defaultVersion: string;
}

/**
 * Starts Debian's Postgres with NeuronDB's recorded extension on its disk, so that `CREATE EXTENSION` is the real one,
 * and with its settings and idle workers preloaded. Postgres looks for its files beside its own program, so the program
 * is copied into a temporary tree of links, and nothing is installed.
 */
export async function startNeurondbServer(options: NeurondbServerOptions): Promise<TestPostgres> {
  const debianBin = debianPostgresBin();
  if (debianBin === undefined) throw new Error('no Postgres of Debian: apt install postgresql');
  const { versions, defaultVersion, ...rest } = options;
  const root = serverFolder('neurondb');
  const bin = layTree(debianBin, root);
  const share = sharedFolder(debianBin, root);
  writeFileSync(
    join(share, 'extension', 'neurondb.control'),
    `default_version = '${defaultVersion}'\nrelocatable = true\nsuperuser = true\n`,
  );
  for (const [version, recording] of Object.entries(versions)) {
    writeFileSync(join(share, 'extension', `neurondb--${version}.sql`), neurondbScript(recording));
  }
  buildLibrary(debianBin, join(dirname(bin), 'lib', 'neurondb.so'));
  const server = await startTestPostgres(bin, { ...rest, preload: [...(rest.preload ?? []), 'neurondb'] });
  const stop = async () => {
    await server.stop();
    await removeFolder(root);
  };
  return Object.defineProperties({} as TestPostgres, {
    ...Object.getOwnPropertyDescriptors(server),
    stop: { value: stop },
  });
}

/** `<root>/usr/lib/postgresql/15/bin` with the programs themselves, and `lib` full of links. */
function layTree(debianBin: string, root: string): string {
  const bin = join(root, debianBin);
  mkdirSync(bin, { recursive: true });
  for (const program of ['postgres', 'initdb']) copyFileSync(join(debianBin, program), join(bin, program));
  const lib = join(dirname(debianBin), 'lib');
  linkAll(lib, join(root, lib));
  return bin;
}

function sharedFolder(debianBin: string, root: string): string {
  const share = dirname(debianBin).replace('/lib/', '/share/');
  linkAll(share, join(root, share), ['extension']);
  linkAll(join(share, 'extension'), join(root, share, 'extension'));
  return join(root, share);
}

function linkAll(from: string, to: string, except: readonly string[] = []): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (!except.includes(name)) symlinkSync(join(from, name), join(to, name));
  }
}

function buildLibrary(debianBin: string, library: string): void {
  const headers = dirname(debianBin).replace('/lib/', '/include/');
  const include = join(headers, 'server');
  if (!existsSync(join(include, 'postgres.h'))) {
    throw new Error(`no headers in ${include}: apt install postgresql-server-dev-15`);
  }
  execFileSync('cc', ['-O1', '-fPIC', '-shared', '-Werror', '-I', include, '-o', library, librarySource]);
}
