import type { ZodType } from 'zod';

/** Why a part of a server could not be looked at although nothing failed. A closed set: it is a metric label. */
export const partSkipReasons = [
  'disabled',
  'no_extension',
  'no_object',
  'no_privilege',
  'not_neon',
  'pooled',
  'suspended',
  'unsupported_version',
  'in_recovery',
  'timeout',
  'malformed',
  'too_large',
  'failed',
] as const;
export type PartSkipReason = (typeof partSkipReasons)[number];

/**
 * One connection to one database, taken for one piece of work. Values arrive as the text that Postgres prints, null
 * as null: schemas turn them into bigint, number or boolean, so that no int8 or numeric passes through a float unasked.
 */
export interface SqlSession {
  readonly database: string;
  /** `server_version_num`, e.g. 150020. */
  readonly serverVersion: number;
  /** True behind PgBouncer (the backend is not the one we greeted): settings and temporary state are not ours. */
  readonly isPooled: boolean;
  /**
   * Runs one read-only statement under `statement_timeout` and `lock_timeout`; each row passes through `row`.
   *
   * @throws {SourceError} `denied` (42501), `unsupported` (no such relation, function or column), `timeout` (57014,
   * 55P03), `malformed` (a row of another shape), with `sqlState`; the message names the server, database and remedy.
   */
  rows<Row>(sql: string, row: ZodType<Row>): Promise<Row[]>;
}

export interface SessionOptions {
  /** Absent: the database of the DSN. */
  readonly database?: string;
  /** Open a new connection even if one is there: a setting is per backend and may be stale in an old one. */
  readonly fresh?: boolean;
}

/** Reads one Postgres server over at most one connection at a time; work that comes meanwhile waits its turn. */
export interface SqlReader {
  /** Takes the connection, opening or changing it as needed, and gives it back when `work` is done. */
  session<Result>(
    options: SessionOptions,
    signal: AbortSignal,
    work: (session: SqlSession) => Promise<Result>,
  ): Promise<Result>;
}
