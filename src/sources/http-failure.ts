import { type FailureReason, SourceError } from '../errors.ts';
import { cleanText, withoutSecret } from './safe-text.ts';

/** How far a request has come; decides what a broken connection means. */
export type Phase = 'dial' | 'handshake' | 'headers' | 'body';

/** For the sentence "no success after N ms of …". */
export const phaseWords: Readonly<Record<Phase, string>> = {
  dial: 'connecting',
  handshake: 'the TLS handshake',
  headers: 'waiting for the answer to begin',
  body: 'reading the answer',
};

/** A target that no connection could be made to, so that its address is in doubt. */
export class DialError extends SourceError {}

const networkReasons: Readonly<Record<string, { reason: FailureReason; what: string }>> = {
  ENOTFOUND: { reason: 'dns', what: 'name not found' },
  EAI_AGAIN: { reason: 'dns', what: 'the name server does not answer' },
  ECONNREFUSED: { reason: 'refused', what: 'connection refused' },
  EHOSTUNREACH: { reason: 'refused', what: 'host unreachable' },
  ENETUNREACH: { reason: 'refused', what: 'network unreachable' },
  EHOSTDOWN: { reason: 'refused', what: 'host down' },
  ENETDOWN: { reason: 'refused', what: 'network down' },
  ECONNRESET: { reason: 'refused', what: 'closed before an answer came' },
  EPIPE: { reason: 'refused', what: 'closed before an answer came' },
  UND_ERR_SOCKET: { reason: 'refused', what: 'closed before an answer came' },
  ETIMEDOUT: { reason: 'timeout', what: 'the connection timed out' },
  UND_ERR_CONNECT_TIMEOUT: { reason: 'timeout', what: 'the connection timed out' },
  UND_ERR_HEADERS_OVERFLOW: { reason: 'too_large', what: 'the headers of the answer are over 16 KiB' },
};

const unknownAuthority = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What a broken connection means. The message is a bare sentence; the caller puts the target before it. */
export function transportFailure(error: unknown, phase: Phase, caSetting: string): SourceError {
  if (error instanceof SourceError) return error;
  const code = codeOf(error);
  if (phase === 'handshake' || /^ERR_(?:TLS|SSL)_/.test(code)) return tlsFailure(error, code, caSetting);
  // No causes in these two: the parser's error carries what the server sent.
  if (error instanceof Error && error.name === 'HTTPParserError') {
    return new SourceError('malformed', `not HTTP/1.1: ${cleanText(error.message, 120)}`);
  }
  if (phase === 'body') {
    return new SourceError('malformed', 'the connection was closed in the middle of the answer');
  }
  const known = networkReasons[code] ?? (code.startsWith('EAI_') ? networkReasons['ENOTFOUND'] : undefined);
  if (known !== undefined) {
    const Failure = phase === 'dial' ? DialError : SourceError;
    return new Failure(known.reason, known.what, { cause: error });
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new SourceError('unexpected', cleanText(detail, 200), { cause: error });
}

function tlsFailure(error: unknown, code: string, caSetting: string): SourceError {
  const detail = error instanceof Error ? cleanText(withoutSecret(error.message, undefined), 200) : code;
  const what = `TLS failed: ${detail}${code === '' ? '' : ` (${code})`}`;
  if (unknownAuthority.has(code)) {
    return new SourceError('tls', `${what}; if its CA is your own, name the CA's file: ${caSetting}`);
  }
  const isOtherProtocol =
    code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG';
  return new SourceError('tls', isOtherProtocol ? `${what}; is it http:// rather than https://?` : what);
}

/** The code of a system, TLS or undici error; of the first attempt when several addresses were tried. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : '';
}
