import { SourceError } from '../errors.ts';
import type { Answer } from './http-exchange.ts';
import { cleanText, withoutSecret } from './safe-text.ts';

/** Neon puts what is wrong into `msg` (libs/http-utils/src/error.rs, HttpErrorBody). */
const maxMessageChars = 200;
const maxValueChars = 60;

/** An answer that is no success, with as much of its body as could be read, and the URL a redirect is relative to. */
interface FailedAnswer {
  readonly answer: Pick<Answer, 'status' | 'header'>;
  readonly body: string;
  readonly base: URL;
}

/** What the failure says about remedies and must not say about secrets. */
interface StatusHints {
  readonly setting: string;
  readonly deniedHint: string | undefined;
  readonly secret: string | undefined;
}

/** The failure that a status stands for. The message is a bare sentence; the caller puts the target before it. */
export function statusFailure({ answer, body, base }: FailedAnswer, hints: StatusHints): SourceError {
  const { status } = answer;
  if (status >= 300 && status < 400) return redirectFailure(status, answer.header('location'), base, hints);
  const json = parsedOrUndefined(body);
  const said = saidBy(json, body, hints.secret);
  const what = `answered ${status}${said === '' ? '' : `: ${said}`}`;
  switch (status) {
    case 401:
    case 403: {
      const hint = hints.deniedHint === undefined ? '' : `; ${hints.deniedHint}`;
      return new SourceError('denied', `${what}${hint}`, { status });
    }
    case 408:
    case 504:
      return new SourceError('timeout', what, { status });
    case 404:
      if (json !== undefined || answer.header('content-type')?.includes('json') === true) {
        return new SourceError('unexpected', what, { status });
      }
      return new SourceError('unsupported', `${what}; no such route: is ${hints.setting} right?`, { status });
    case 405:
    case 501:
      return new SourceError('unsupported', `${what}; this version does not offer the route`, { status });
    default:
      return new SourceError('unexpected', what, { status });
  }
}

/** Only the origin is shown: a path or query of somebody else's making may hold anything. */
function redirectFailure(
  status: number,
  location: string | undefined,
  base: URL,
  { setting }: StatusHints,
): SourceError {
  const target = location === undefined ? null : URL.parse(location, base.href);
  const isWeb = target?.protocol === 'http:' || target?.protocol === 'https:';
  const where = target !== null && isWeb ? cleanText(target.origin, 100) : 'no usable address';
  const what = `answered ${status}, a redirect to ${where}`;
  return new SourceError('unexpected', `${what}; it is not followed: put the final address into ${setting}`, {
    status,
  });
}

function saidBy(json: unknown, body: string, secret: string | undefined): string {
  if (typeof json === 'object' && json !== null && 'msg' in json && typeof json.msg === 'string') {
    return withoutSecret(cleanText(withoutSecret(json.msg, secret), maxMessageChars), secret);
  }
  if (json !== undefined || body.trimStart().startsWith('<')) return '';
  return withoutSecret(cleanText(withoutSecret(body, secret), maxValueChars), secret);
}

function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
