/**
 * Why a target could not be read. A closed set: it is the `reason` label of
 * `neonwatch_collector_failures_total`, so a new member is a change of the metric catalogue.
 */
export const failureReasons = [
  'timeout',
  'refused',
  'dns',
  'tls',
  'denied',
  'malformed',
  'too_large',
  'unsupported',
  'unexpected',
] as const;

export type FailureReason = (typeof failureReasons)[number];

/**
 * A target that could not be read: a closed `reason` for machines, a sentence for people.
 * The message names the target and the remedy and never holds a secret.
 * `status` is the HTTP status, `sqlState` the SQLSTATE, when the target answered with one. `isConnected` says of a timeout
 * over SQL whether the server had taken our connection; undefined where that is not known.
 */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly reason: FailureReason;
  readonly status: number | undefined;
  readonly sqlState: string | undefined;
  readonly isConnected: boolean | undefined;

  constructor(
    reason: FailureReason,
    message: string,
    options: { cause?: unknown; status?: number; sqlState?: string; isConnected?: boolean | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.status = options.status;
    this.sqlState = options.sqlState;
    this.isConnected = options.isConnected;
  }
}

/** Turns whatever was thrown into a `SourceError`, so that a programming mistake is `unexpected`, not a crash. */
export function asSourceError(thrown: unknown): SourceError {
  if (thrown instanceof SourceError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SourceError('unexpected', message, { cause: thrown });
}

/**
 * Whether a server said that what was asked for is not there (404 in its own words). A 404 that only says that there
 * is no such route is `unsupported`, and says nothing of the thing: taken for gone, everything would seem to be.
 */
export function isGone(thrown: unknown): boolean {
  return thrown instanceof SourceError && thrown.status === 404 && thrown.reason !== 'unsupported';
}
