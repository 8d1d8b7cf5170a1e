import { appendFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import type { PgRow } from '../../src/sources/postgres-rows.ts';
import { own, removeFolder, runTool, type ServerProcess, serverFolder, startServer } from './unprivileged.ts';

export interface TestPostgresOptions {
  /** `shared_preload_libraries`. */
  readonly preload?: readonly string[];
  /** Further lines of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Lines of pg_hba.conf that come before the one that trusts everybody. */
  readonly hba?: readonly string[];
}

/** A Postgres server of a test, alone in a temporary folder, reached over 127.0.0.1 or a socket in that folder. */
export interface TestPostgres {
  readonly port: number;
  readonly pid: number;
  /** Data directory. */
  readonly dataFolder: string;
  /** Host for a connection over the unix socket. */
  readonly socketFolder: string;
  /** Connection string over TCP; the defaults are database `postgres` and the superuser `postgres`. */
  dsn(database?: string, user?: string, password?: string): string;
  /** Runs SQL as superuser and gives the rows of the last statement as text. Several statements are one transaction. */
  run(sql: string, database?: string): Promise<PgRow[]>;
  /** A superuser's connection that stays open, values as text; the caller ends it. */
  connect(database?: string, user?: string): Promise<pg.Client>;
  /** Stops and starts again at the same port. `standby`: as a read-only standby without a primary. */
  restart(options?: { readonly mode?: 'fast' | 'immediate'; readonly standby?: boolean }): Promise<void>;
  /** Stops without removing anything; `restart` starts it again. */
  halt(mode?: 'fast' | 'immediate'): Promise<void>;
  /** What the server has logged. */
  log(): string;
  stop(): Promise<void>;
}

const textTypes = { getTypeParser: () => (value: string) => value };

/** Makes a cluster with the `initdb` of `binFolder` and starts it. fsync is off. */
export async function startTestPostgres(
  binFolder: string,
  options: TestPostgresOptions,
): Promise<TestPostgres> {
  const folder = serverFolder('postgres');
  const dataFolder = join(folder, 'data');
  const initdb = ['-D', dataFolder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await runTool(join(binFolder, 'initdb'), initdb, folder);
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    fsync: 'off',
    synchronous_commit: 'off',
    shared_buffers: '32MB',
    max_wal_size: '256MB',
    log_line_prefix: '%p %a ',
    ...(options.preload === undefined ? {} : { shared_preload_libraries: options.preload.join(',') }),
    ...options.settings,
  };
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`,
  );
  await appendFile(join(dataFolder, 'postgresql.conf'), `${lines.join('\n')}\n`);
  const hba = [...(options.hba ?? []), 'local all all trust', 'host all all 127.0.0.1/32 trust'];
  await writeFile(join(dataFolder, 'pg_hba.conf'), `${hba.join('\n')}\n`);
  return launch(join(binFolder, 'postgres'), folder, dataFolder);
}

async function launch(command: string, folder: string, dataFolder: string): Promise<TestPostgres> {
  let { server, port } = await startOnFreePort(command, folder, dataFolder);
  const earlierLogs: string[] = [];
  const connect = async (database = 'postgres', user = 'postgres') => {
    const client = new pg.Client({ host: '127.0.0.1', port, database, user, types: textTypes });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const halt = (mode: 'fast' | 'immediate' = 'fast') => server.end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  return {
    port,
    get pid() {
      return server.pid;
    },
    dataFolder,
    socketFolder: folder,
    dsn: (database = 'postgres', user = 'postgres', password) => {
      const login = [user, ...(password === undefined ? [] : [password])].map(encodeURIComponent).join(':');
      return `postgresql://${login}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
    },
    connect,
    async run(sql, database) {
      const client = await connect(database);
      try {
        const results: unknown = await client.query(sql);
        const last = Array.isArray(results) ? results.at(-1) : results;
        return (last as pg.QueryResult<PgRow>).rows;
      } finally {
        await client.end();
      }
    },
    halt,
    async restart({ mode = 'fast', standby = false } = {}) {
      await halt(mode);
      earlierLogs.push(server.output());
      if (standby) {
        const signalFile = join(dataFolder, 'standby.signal');
        await writeFile(signalFile, '');
        own(signalFile);
      }
      const started = await start(command, folder, dataFolder, port);
      if (started === undefined) throw new Error(`port ${port} was taken while Postgres restarted`);
      server = started;
    },
    log: () => [...earlierLogs, server.output()].join(''),
    async stop() {
      await server.end('SIGINT');
      await removeFolder(folder);
    },
  };
}

async function startOnFreePort(
  command: string,
  folder: string,
  dataFolder: string,
): Promise<{ server: ServerProcess; port: number }> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const port = await freePort();
    const server = await start(command, folder, dataFolder, port);
    if (server !== undefined) return { server, port };
  }
  throw new Error('every free port was taken by somebody else before Postgres had it');
}

/** Undefined when somebody else has taken the port. */
async function start(
  command: string,
  folder: string,
  dataFolder: string,
  port: number,
): Promise<ServerProcess | undefined> {
  const server = startServer(command, ['-D', dataFolder, '-p', String(port)], folder);
  while (!/ready to accept (?:read-only )?connections/.test(server.output())) {
    if (server.hasEnded()) {
      if (server.output().includes('Address already in use')) return undefined;
      throw new Error(`Postgres did not start: ${server.output()}`);
    }
    await pause();
  }
  return server;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

/** A port that was free a moment ago: Postgres cannot be asked to choose one. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
