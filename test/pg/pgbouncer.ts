import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './test-postgres.ts';
import { own, removeFolder, type ServerProcess, serverFolder, startServer } from './unprivileged.ts';

const command = '/usr/sbin/pgbouncer';

export interface PgBouncerOptions {
  /** Port of the Postgres server behind it, on 127.0.0.1. */
  readonly port: number;
  /** Lines of `[pgbouncer]`; they overrule the defaults here: transaction pooling, one server connection per pool. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Users and their passwords as PgBouncer knows them; default `postgres` with none. */
  readonly users?: Readonly<Record<string, string>>;
  /** Databases; default `*`. */
  readonly databases?: readonly string[];
}

export interface PgBouncer {
  readonly port: number;
  dsn(database?: string, user?: string, password?: string): string;
  log(): string;
  stop(): Promise<void>;
}

/** Starts Debian's PgBouncer (apt: pgbouncer) in a temporary folder. */
export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncer> {
  if (!existsSync(command)) throw new Error(`no ${command}: apt install pgbouncer`);
  const folder = serverFolder('pgbouncer');
  const write = (name: string, lines: readonly string[]) => {
    const path = join(folder, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    own(path);
    return path;
  };
  const { users = { postgres: '' }, databases = ['*'], settings = {} } = options;
  const userFile = write(
    'users.txt',
    Object.entries(users).map(([user, password]) => `"${user}" "${password}"`),
  );
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const port = await freePort();
    const all = {
      listen_addr: '127.0.0.1',
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'trust',
      auth_file: userFile,
      pool_mode: 'transaction',
      default_pool_size: 1,
      ...settings,
    };
    const configuration = write('pgbouncer.ini', [
      '[databases]',
      ...databases.map((database) => `${database} = host=127.0.0.1 port=${options.port}`),
      '[pgbouncer]',
      ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
    ]);
    const server = startServer(command, [configuration], folder);
    if (await isListening(server, port)) return running(server, port, folder);
  }
  throw new Error('every free port was taken by somebody else before PgBouncer had it');
}

function running(server: ServerProcess, port: number, folder: string): PgBouncer {
  return {
    port,
    dsn: (database = 'postgres', user = 'postgres', password) => {
      const login = [user, ...(password === undefined ? [] : [password])].map(encodeURIComponent).join(':');
      return `postgresql://${login}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
    },
    log: () => server.output(),
    async stop() {
      await server.end('SIGTERM');
      await removeFolder(folder);
    },
  };
}

/** False when it has ended because somebody else has taken the port. */
async function isListening(server: ServerProcess, port: number): Promise<boolean> {
  while (!server.hasEnded()) {
    if (await accepts(port)) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (/[Aa]ddress already in use/.test(server.output())) return false;
  throw new Error(`PgBouncer did not start: ${server.output()}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
