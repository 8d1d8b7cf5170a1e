import { DsnError, keywordSettings, uriSettings } from './dsn-syntax.ts';

/** libpq's `sslmode`, without `allow`, which is taken for `prefer`. */
export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Where a Postgres server is and how to log in to it. */
export interface Dsn {
  /** Name or address of the server; a folder (`/run/postgresql`) for a unix socket. */
  readonly host: string;
  /** Address to dial in place of `host`, which then only names the server to TLS. */
  readonly hostAddress: string | undefined;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: DsnTls;
  /** Command-line options for the backend; nothing is ever added to them, for PgBouncer refuses them. */
  readonly options: string | undefined;
}

export interface DsnTls {
  readonly mode: SslMode;
  /** Paths of PEM files; `rootCertificate` may be the word `system`. */
  readonly rootCertificate: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

const sslModes: Readonly<Record<string, SslMode>> = {
  disable: 'disable',
  allow: 'prefer',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
};

const usedNames = new Set([
  'host',
  'hostaddr',
  'port',
  'user',
  'password',
  'dbname',
  'options',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
]);

/** Set by ourselves, or without meaning for a client that is not libpq. */
const ignoredNames = new Set([
  'application_name',
  'fallback_application_name',
  'client_encoding',
  'connect_timeout',
  'gssencmode',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'load_balance_hosts',
  'sslcompression',
  'sslsni',
  'target_session_attrs',
  'tcp_user_timeout',
]);

/**
 * Reads a connection string in either of libpq's forms, by libpq's rules: `postgresql://user@host:5432/database?sslmode=…`
 * or `host=… port=… user=… password='…' dbname=…`. Unlike libpq it asks for a user, takes an absent host for `localhost`
 * and looks neither at the PG* variables nor at ~/.pgpass.
 *
 * @throws {DsnError} without any part of the text in its message but the names of options.
 */
export function parseDsn(text: string): Dsn {
  const trimmed = text.trim();
  if (trimmed === '') throw new DsnError('is empty');
  if (trimmed.includes('\0')) throw new DsnError('holds a NUL character');
  const settings = /^postgres(?:ql)?:\/\//.test(trimmed) ? uriSettings(trimmed) : keywordSettings(trimmed);
  for (const name of settings.keys()) refuseUnknown(name, settings.get(name) ?? '');
  // An empty value means the default, as in libpq.
  const setting = (name: string) => settings.get(name) || undefined;
  const user = setting('user');
  if (user === undefined) throw new DsnError('names no user');
  const host = setting('host') ?? setting('hostaddr') ?? 'localhost';
  const hostAddress = setting('hostaddr');
  const port = setting('port') ?? '5432';
  if (/,/.test(`${host}${hostAddress ?? ''}${port}`)) {
    throw new DsnError('names several hosts; name one, and give each server its own entry');
  }
  return {
    host,
    hostAddress,
    port: checkedPort(port),
    user,
    password: setting('password'),
    database: setting('dbname') ?? user,
    tls: {
      mode: checkedSslMode(setting('sslmode'), setting('sslrootcert')),
      rootCertificate: setting('sslrootcert'),
      certificate: setting('sslcert'),
      key: setting('sslkey'),
    },
    options: setting('options'),
  };
}

/** `compute:55433/postgres`: for names, labels and messages, without user and password. */
export function shownDsn({ host, port, database }: Pick<Dsn, 'host' | 'port' | 'database'>): string {
  const encoded = (part: string) => encodeURIComponent(part.toWellFormed());
  return `${host.includes(':') ? `[${host}]` : encoded(host)}:${port}/${encoded(database)}`;
}

function refuseUnknown(name: string, value: string): void {
  if (usedNames.has(name) || ignoredNames.has(name)) return;
  if (name === 'channel_binding') {
    if (value !== 'require') return;
    throw new DsnError(
      'asks for channel_binding=require, which is not supported here; sslmode=verify-full protects as well',
    );
  }
  // What stands in the place of a name may be part of a password that was not quoted.
  throw new DsnError(
    `has an option${unsupportedNames.has(name) ? ` ${name}` : ''} that is not supported here`,
  );
}

/** Options of libpq that would change to whom or how we connect, and that we do not have. */
const unsupportedNames = new Set([
  'gsslib',
  'krbsrvname',
  'passfile',
  'replication',
  'require_auth',
  'requirepeer',
  'requiressl',
  'service',
  'servicefile',
  'ssl_max_protocol_version',
  'ssl_min_protocol_version',
  'sslcertmode',
  'sslcrl',
  'sslcrldir',
  'sslnegotiation',
  'sslpassword',
]);

function checkedPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new DsnError('has a port that is not a number from 1 to 65535');
}

function checkedSslMode(mode: string | undefined, rootCertificate: string | undefined): SslMode {
  const known = mode === undefined ? 'prefer' : sslModes[mode];
  if (known === undefined) {
    throw new DsnError(
      'has an unknown sslmode; use disable, prefer, require, verify-ca or verify-full (the strictest)',
    );
  }
  // As libpq: who names the authority that may be trusted wants it to be checked.
  if (known === 'require' && rootCertificate !== undefined) return 'verify-ca';
  if (known !== 'verify-ca' || (rootCertificate !== undefined && rootCertificate !== 'system')) return known;
  throw new DsnError(
    'asks for sslmode=verify-ca without sslrootcert=<file>; use verify-full or name the file',
  );
}
