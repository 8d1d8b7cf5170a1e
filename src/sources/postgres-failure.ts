import { type FailureReason, SourceError } from '../errors.ts';
import { cleanText, withoutSecret } from './safe-text.ts';

/** What a failure's words are made of. */
export interface FailureContext {
  /** `compute main (postgresql://compute:55433/postgres)` */
  readonly server: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  /** The setting that holds the connection string. */
  readonly setting: string;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

interface Meaning {
  readonly reason: FailureReason;
  readonly remedy?: (context: FailureContext, message: string) => string;
}

const checkLogin: Meaning = {
  reason: 'denied',
  remedy: ({ user, setting }) =>
    `check user ${quoted(user)} and its password in ${setting}, and the server's pg_hba.conf`,
};
const absent: Meaning = { reason: 'unsupported' };
const closing: Meaning = { reason: 'refused', remedy: () => 'is it being restarted?' };

/** By SQLSTATE, or by its class (the first two characters) where no whole one is listed. */
const meanings: Readonly<Record<string, Meaning>> = {
  '08': { reason: 'refused' },
  '0A000': absent,
  '28': checkLogin,
  '3D000': {
    reason: 'unsupported',
    remedy: ({ setting }) => `create it, or name another database in ${setting}`,
  },
  '3F000': absent,
  '25P03': { reason: 'timeout' },
  '25P04': { reason: 'timeout' },
  '42501': { reason: 'denied', remedy: ({ user }) => `grant it to ${quoted(user)}` },
  '42P01': absent,
  '42703': absent,
  '42704': absent,
  '42883': absent,
  '53300': {
    reason: 'refused',
    remedy: ({ user }) =>
      `raise max_connections or the limit of ${quoted(user)} or its database, or find who holds the connections`,
  },
  '55000': { reason: 'unsupported' },
  '55P03': {
    reason: 'timeout',
    remedy: ({ lockTimeoutMs }) =>
      `lock_timeout (${lockTimeoutMs} ms): somebody holds, or waits for, a stronger lock`,
  },
  '57014': {
    reason: 'timeout',
    remedy: ({ statementTimeoutMs }, message) =>
      /user request/.test(message)
        ? 'somebody else cancelled it'
        : `statement_timeout is ${statementTimeoutMs} ms`,
  },
  '57P01': closing,
  '57P02': closing,
  '57P03': { reason: 'refused', remedy: () => 'it is starting, stopping or recovering' },
  '57P05': { reason: 'refused' },
};

/** An error that a server has answered with (`DatabaseError` of pg). */
interface ServerAnswer {
  readonly message: string;
  readonly sqlState: string;
}

/** Tells a failure of any kind with the server before it and the remedy behind it, and without the password. */
export function postgresFailure(thrown: unknown, context: FailureContext): SourceError {
  if (thrown instanceof NamedFailure) return thrown;
  const { reason, words, cause, sqlState, isConnected } = described(thrown, context);
  const message = withoutSecret(`${context.server}: ${words}`, context.password);
  return new NamedFailure(reason, message, {
    cause,
    isConnected,
    ...(sqlState === undefined ? {} : { sqlState }),
  });
}

/** A failure that has its server in its message already. */
class NamedFailure extends SourceError {}

interface Described {
  readonly reason: FailureReason;
  readonly words: string;
  readonly cause: unknown;
  readonly sqlState?: string;
  readonly isConnected?: boolean | undefined;
}

function described(thrown: unknown, context: FailureContext): Described {
  if (thrown instanceof SourceError) {
    const { reason, message, cause, isConnected } = thrown;
    return { reason, words: message, cause, isConnected };
  }
  const answer = serverAnswer(thrown);
  if (answer !== undefined) return fromServer(answer, context);
  const detail = withoutSecret(thrown instanceof Error ? thrown.message : String(thrown), context.password);
  if (/^Connection terminated|^closed$/.test(detail) || isReset(thrown)) {
    return { reason: 'refused', words: 'the server closed the connection', cause: undefined };
  }
  if (detail.startsWith('SASL'))
    return { reason: 'denied', words: `login failed: ${cleanText(detail, 200)}`, cause: undefined };
  return { reason: 'unexpected', words: cleanText(detail, 300), cause: thrown };
}

/** PgBouncer (up to 1.20 at least) has one SQLSTATE, 08P01, for all that it says itself. */
function poolerState({ message, sqlState }: ServerAnswer): string {
  if (sqlState !== '08P01') return sqlState;
  if (/authentication failed|no such user/.test(message)) return '28P01';
  return /no such database|does not exist/.test(message) ? '3D000' : sqlState;
}

function fromServer(answer: ServerAnswer, context: FailureContext): Described {
  const { sqlState } = answer;
  // Before it is cut and cleaned, which could leave a part of a password that nothing recognizes.
  const message = withoutSecret(answer.message, context.password);
  const state = poolerState(answer);
  const { reason, remedy } = meanings[state] ??
    meanings[state.slice(0, 2)] ?? { reason: 'unexpected' as const };
  const database = /database/i.test(message) ? '' : ` in database ${quoted(context.database)}`;
  const where = sqlState.startsWith('28') || sqlState.startsWith('57P') ? '' : database;
  const advice = remedy === undefined ? '' : `; ${remedy(context, message)}`;
  // No cause: detail, hint and position of pg's error may quote rows.
  return {
    reason,
    words: `${cleanText(message, 300)} (SQLSTATE ${sqlState})${where}${advice}`,
    cause: undefined,
    sqlState,
    isConnected: true,
  };
}

function serverAnswer(thrown: unknown): ServerAnswer | undefined {
  if (!(thrown instanceof Error) || !('severity' in thrown) || !('code' in thrown)) return undefined;
  const { code, message } = thrown;
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return undefined;
  return { message, sqlState: code };
}

function isReset(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'].includes(
    String(thrown.code),
  );
}

/** A name from a configuration or a server inside a sentence. */
function quoted(name: string): string {
  return JSON.stringify(cleanText(name, 63));
}
