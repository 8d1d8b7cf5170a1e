import { asSourceError, type FailureReason } from '../errors.ts';
import type { JsonReader } from '../sources/json-reader.ts';

/** Whether something speaks HTTP at an address. That nothing does is a fact here, not a failure of the look. */
export interface Responding {
  readonly isResponding: boolean;
  /** HTTP status of the answer, whatever it is; absent when none came. */
  readonly status?: number | undefined;
  /** Why there was no answer: `refused` or `timeout`. */
  readonly reason?: FailureReason | undefined;
}

/** A process that is away refuses, one that hangs is silent. Anything else is a wrong address or certificate: unknown. */
const awayReasons: ReadonlySet<FailureReason> = new Set(['refused', 'timeout']);

/**
 * Asks with a GET that changes nothing. The limits of the connection must be shorter than the collector's deadline, or
 * a server that hangs would be a failure of the look and not a fact.
 *
 * @throws {SourceError} when it cannot be told whether anything is there: a name that is not found, TLS, no HTTP.
 */
export async function readResponding(
  http: JsonReader,
  path: string,
  signal: AbortSignal,
): Promise<Responding> {
  try {
    return { isResponding: true, status: await http.getStatus(path, signal) };
  } catch (thrown) {
    const error = asSourceError(thrown);
    if (signal.aborted || !awayReasons.has(error.reason)) throw error;
    return { isResponding: false, reason: error.reason };
  }
}
