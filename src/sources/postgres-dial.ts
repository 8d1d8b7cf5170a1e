import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { SourceError } from '../errors.ts';
import type { Dsn } from './dsn.ts';
import { type Phase, transportFailure } from './http-failure.ts';
import type { Certificates } from './postgres-certificates.ts';

const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** What `openSocket` needs to know; certificates as PEM, read already. */
export interface DialPlan {
  readonly dsn: Dsn;
  readonly certificates: Certificates;
  /** For remedies: where the connection string is written. */
  readonly setting: string;
}

/** Where a socket goes; of an open connection its peer, so that a cancel reaches the same server of several. */
export type Endpoint = { readonly path: string } | { readonly host: string; readonly port: number };

export function endpointOf(dsn: Dsn): Endpoint {
  if (dsn.host.startsWith('/')) return { path: `${dsn.host}/.s.PGSQL.${dsn.port}` };
  return { host: dsn.hostAddress ?? dsn.host, port: dsn.port };
}

/** The server at the other end of an open socket. */
export function peerOf(socket: Socket, dsn: Dsn): Endpoint {
  const { remoteAddress: host, remotePort: port } = socket;
  return host === undefined || port === undefined ? endpointOf(dsn) : { host, port };
}

/** Every socket that is open or being opened, so that none is forgotten. */
export class Sockets {
  readonly #open = new Set<Socket>();

  get size(): number {
    return this.#open.size;
  }

  dial(endpoint: Endpoint): Socket {
    const socket = connectTcp({ ...endpoint, keepAlive: true, keepAliveInitialDelay: 30_000, noDelay: true });
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  }

  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

/**
 * Opens a socket and TLS on it, as `sslmode` asks. On abort the socket is destroyed.
 *
 * @throws {SourceError} `dns`, `refused`, `tls`, `timeout` (by the network itself), `malformed`
 */
export async function openSocket(
  plan: DialPlan,
  endpoint: Endpoint,
  sockets: Sockets,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted();
  const raw = sockets.dial(endpoint);
  const progress: { phase: Phase } = { phase: 'dial' };
  const destroy = () => raw.destroy();
  signal.addEventListener('abort', destroy, { once: true });
  try {
    await settled(raw, 'connect');
    const { mode } = plan.dsn.tls;
    if (mode === 'disable' || 'path' in endpoint) return raw;
    progress.phase = 'headers';
    if (!(await offersTls(raw))) {
      if (mode === 'prefer') return raw;
      throw new SourceError('tls', `the server offers no TLS, and sslmode=${mode} asks for it`);
    }
    progress.phase = 'handshake';
    const encrypted = connectTls({ ...tlsOptions(plan), socket: raw });
    await settled(encrypted, 'secureConnect');
    return encrypted;
  } catch (error) {
    raw.destroy();
    throw socketFailure(error) ?? transportFailure(error, progress.phase, `sslrootcert in ${plan.setting}`);
  } finally {
    signal.removeEventListener('abort', destroy);
  }
}

/** What only dialling a unix socket can meet. */
function socketFailure(error: unknown): SourceError | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code === 'ENOENT') return new SourceError('refused', 'no server has its socket there');
  if (error.code === 'EACCES') return new SourceError('denied', 'this user may not open the socket there');
  return undefined;
}

/** Asks for TLS; the server answers with one byte. */
async function offersTls(socket: Socket): Promise<boolean> {
  socket.write(sslRequest);
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.once('data', (bytes: Buffer) => {
      // Nobody may read what comes next before TLS does.
      socket.pause();
      resolve(bytes);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(closedEarly()));
  });
  const [first] = answer;
  // Bytes behind an "S" would pass for encrypted ones although anybody could have slipped them in (CVE-2021-23222).
  if (answer.length === 1 && first === 'S'.charCodeAt(0)) return true;
  if (answer.length === 1 && first === 'N'.charCodeAt(0)) return false;
  if (first === 'E'.charCodeAt(0)) {
    throw new SourceError(
      'refused',
      'the server closes the connection before TLS: is it out of connections?',
    );
  }
  throw new SourceError('malformed', 'not a Postgres server: it does not answer a request for TLS');
}

function tlsOptions({ dsn, certificates }: DialPlan): ConnectionOptions {
  const { mode } = dsn.tls;
  const { authorities, certificate, key } = certificates;
  return {
    host: dsn.host,
    ...(isIP(dsn.host) === 0 ? { servername: dsn.host } : {}),
    ...(authorities === undefined ? {} : { ca: authorities }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: mode === 'verify-ca' || mode === 'verify-full',
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}

async function settled(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.once('error', reject);
    socket.once('close', () => reject(closedEarly()));
  });
  // From here on the owner listens; an error without a listener would end the process.
  socket.on('error', () => {});
}

function closedEarly(): Error {
  return Object.assign(new Error('closed'), { code: 'ECONNRESET' });
}

/** Asks the server, over a socket of its own, to stop what a backend is doing. Ends when the server has closed it. */
export async function sendCancel(
  plan: DialPlan,
  endpoint: Endpoint,
  backend: { readonly processId: number; readonly secretKey: number },
  sockets: Sockets,
  signal: AbortSignal,
): Promise<void> {
  const socket = await openSocket(plan, endpoint, sockets, signal);
  const destroy = () => socket.destroy();
  signal.addEventListener('abort', destroy, { once: true });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(80_877_102, 4);
  request.writeInt32BE(backend.processId, 8);
  request.writeInt32BE(backend.secretKey, 12);
  // Not ended by us: PgBouncer forgets a cancel whose sender has gone before it could be passed on.
  socket.write(request);
  socket.resume();
  await closed;
  signal.removeEventListener('abort', destroy);
}
