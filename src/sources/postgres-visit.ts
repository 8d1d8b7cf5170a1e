import { SourceError } from '../errors.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import type { SessionOptions } from './sql-reader.ts';

/** Where a session is on its way, and whether the server has taken our connection by then. */
const stages = {
  'waiting for the only connection': undefined,
  'closing the connection before': undefined,
  'reading the connection string': undefined,
  connecting: false,
  'logging in': true,
  'between statements': true,
  'running a statement': true,
} as const;

/** One session's way through the connection: what it is doing, for its deadline, and what it must leave in order. */
export interface Visit {
  readonly end: AbortController;
  readonly options: SessionOptions;
  doing: keyof typeof stages;
  connection: PostgresConnection | undefined;
  /** The end of the connection before, which the next session waits for even if this one no longer does. */
  goodbye: Promise<unknown> | undefined;
  sql: string;
  isOver: boolean;
}

/** That time ran out, what the session was doing then, and whether the server had taken the connection. */
export function lateness({ doing }: Visit, words: string): SourceError {
  return new SourceError('timeout', `${words}, ${doing}`, { isConnected: stages[doing] });
}
