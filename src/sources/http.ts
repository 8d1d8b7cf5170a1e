import { type Clock, systemClock } from '../clock.ts';
import { asSourceError, SourceError } from '../errors.ts';
import { type CertificateFile, certificateFile } from './certificate-file.ts';
import { type ConnectionStats, Connections } from './connections.ts';
import { type Answer, exchange, type HttpLimits } from './http-exchange.ts';
import { DialError } from './http-failure.ts';
import { statusFailure } from './http-status.ts';
import { readJson, readJsonList, readText, skipBody } from './json-answer.ts';
import type { JsonReader } from './json-reader.ts';
import { readMetricsPage } from './metrics-page.ts';
import { cleanText, shownPath, withoutSecret } from './safe-text.ts';
import type { TokenSource } from './token.ts';

/** Enough for any message of an error answer. */
const maxErrorBodyBytes = 16 * 1024;

/** One server, how to reach it and what a request to it may cost. */
export interface HttpTargetOptions {
  /** Origin, maybe with a path prefix: `http://localhost:1234`. No user name, no query. */
  readonly url: string;
  /** The setting that named the address, for remedies: `storageController.url`. */
  readonly setting: string;
  /** What the controller announced as `host:port`; absent when the address stands in the configuration. */
  readonly announced?: { readonly as: 'pageserver' | 'safekeeper'; readonly name: string } | undefined;
  readonly bearer?: TokenSource | undefined;
  /** Appended when access is denied: which token setting, and which scope it needs. */
  readonly deniedHint?: string | undefined;
  /** PEM bundle that takes the place of the system's certificate authorities. */
  readonly caFile?: string | undefined;
  /** The setting that names `caFile`. */
  readonly caSetting?: string | undefined;
  readonly limits: HttpLimits;
  /** Requests at a time; more wait for their turn. Default 2. */
  readonly connections?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Reads one server over a few kept connections. */
export interface HttpTarget extends JsonReader {
  /** Ends all sockets and refuses what is under way. */
  close(): Promise<void>;
  /** Sockets and requests now in use, for tests and self-metrics. */
  stats(): ConnectionStats;
}

/**
 * Opens nothing yet: sockets are made when they are needed, and a wrong URL or unreadable file fails the reads, not the start.
 * HTTP/1.1 only; no redirect is followed; no answer is decompressed.
 */
export function openHttpTarget(options: HttpTargetOptions): HttpTarget {
  const base = URL.parse(options.url);
  const connections = new Connections(base?.origin ?? '', options.connections ?? 2);
  const caSetting = options.caSetting ?? 'caFile';
  const authorities = options.caFile === undefined ? undefined : certificateFile(options.caFile, caSetting);
  const clock = options.clock ?? systemClock;
  const rules = { maxBodyBytes: options.limits.maxBodyBytes, setting: options.setting, clock };
  const target: Target = { options, base, connections, caSetting, authorities };
  return {
    getJson: (path, shape, signal) => send(target, path, signal, (answer) => readJson(answer, shape, rules)),
    getJsonList: (path, element, signal, list) =>
      send(target, path, signal, (answer) => readJsonList(answer, element, rules, list)),
    getStatus: (path, signal) => send(target, path, signal, statusOnly, { anyStatus: true }),
    getMetrics: (path, wanted, signal) =>
      send(
        target,
        path,
        signal,
        (answer) => readMetricsPage(answer.chunks(rules.maxBodyBytes), wanted, clock),
        { accept: 'text/plain;version=0.0.4' },
      ),
    close: () => connections.close(),
    stats: () => connections.stats(),
  };
}

interface Target {
  readonly options: HttpTargetOptions;
  readonly base: URL | null;
  readonly connections: Connections;
  readonly caSetting: string;
  readonly authorities: CertificateFile | undefined;
}

/** One GET from its token to its result; the only place where errors get the target's name before them. */
async function send<Result>(
  target: Target,
  path: string,
  signal: AbortSignal,
  read: (answer: Answer) => Promise<Result>,
  { anyStatus = false, accept = 'application/json' } = {},
): Promise<Result> {
  const { options, caSetting } = target;
  let secret: string | undefined;
  try {
    const base = checkedBase(target);
    secret = await options.bearer?.read();
    const authorities = await target.authorities?.read();
    const wirePath = `${base.pathname.replace(/\/+$/, '')}${path}`;
    const headers = {
      accept,
      'accept-encoding': 'identity',
      ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
    };
    const request = { path: wirePath, headers, authorities, caSetting };
    const clock = options.clock ?? systemClock;
    return await exchange(target.connections, request, options.limits, clock, signal, async (answer) => {
      if (anyStatus) return read(answer);
      if (answer.status < 200 || answer.status > 299) {
        throw await failedAnswer(answer, base, signal, options, secret);
      }
      refuseEncoding(answer);
      return read(answer);
    });
  } catch (thrown) {
    throw named(asSourceError(thrown), target, path, secret);
  }
}

function checkedBase({ base, options }: Target): URL {
  const isWeb = base?.protocol === 'http:' || base?.protocol === 'https:';
  if (base === null || !isWeb)
    throw new SourceError('unexpected', `${options.setting} is no http:// or https:// URL`);
  if (base.username === '' && base.password === '' && base.search === '' && base.hash === '') return base;
  throw new SourceError(
    'unexpected',
    `${options.setting} must be a plain URL, without user, password, query or fragment`,
  );
}

/** The same failure with the target and the remedy in its message, and without the token that a server may have echoed. */
function named(error: SourceError, target: Target, path: string, secret: string | undefined): SourceError {
  const { options, base } = target;
  const origin = base === null ? 'the target' : `${base.origin}${base.pathname.replace(/\/+$/, '')}`;
  const message =
    error instanceof DialError
      ? undialled(error, options, origin, path)
      : `GET ${origin}${shownPath(path)}: ${error.message}`;
  const status = error.status === undefined ? {} : { status: error.status };
  return new SourceError(error.reason, withoutSecret(message, secret), { cause: error.cause, ...status });
}

function undialled(error: DialError, options: HttpTargetOptions, origin: string, path: string): string {
  const { announced, setting } = options;
  if (announced === undefined) {
    return `GET ${origin}${shownPath(path)}: ${error.message}; is the server up and ${setting} right?`;
  }
  const name = cleanText(announced.name, 100);
  const cannot = `${announced.as} announced as ${name} cannot be dialled from here as ${origin}: ${error.message}`;
  return `${cannot}; if it has another address here, map it: addresses: {${JSON.stringify(name)}: "host:port"}`;
}

async function failedAnswer(
  answer: Answer,
  base: URL,
  signal: AbortSignal,
  options: HttpTargetOptions,
  secret: string | undefined,
): Promise<SourceError> {
  const { setting, deniedHint } = options;
  const body = await readText(answer, maxErrorBodyBytes).catch((error: unknown) => {
    if (signal.aborted) throw error;
    // The status says enough; what should explain it was too long, too slow or cut off.
    return '';
  });
  return statusFailure({ answer, body, base }, { setting, deniedHint, secret });
}

function refuseEncoding(answer: Answer): void {
  const encoding = answer.header('content-encoding');
  if (encoding === undefined || encoding === 'identity') return;
  const what = `the answer is encoded as ${cleanText(encoding, 60)}, which was not asked for`;
  throw new SourceError('malformed', what, { status: answer.status });
}

async function statusOnly(answer: Answer): Promise<number> {
  await skipBody(answer, maxErrorBodyBytes);
  return answer.status;
}
