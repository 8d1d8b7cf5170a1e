import type { Clock } from '../clock.ts';
import type { JsonReader } from '../sources/json-reader.ts';

/** Notes when the first request of a run was sent and when its last answer had come. */
export interface ReadInstants {
  /** Wraps one read. */
  readonly note: <Answer>(read: () => Promise<Answer>) => Promise<Answer>;
  /** First and last instant, milliseconds since the epoch; both are now when nothing was read. */
  readonly firstAndLast: () => readonly [number, number];
}

export function readInstants(clock: Clock): ReadInstants {
  let first: number | undefined;
  let last: number | undefined;
  return {
    note: async (read) => {
      first ??= clock.wallMs();
      const answer = await read();
      last = clock.wallMs();
      return answer;
    },
    firstAndLast: () => {
      const nowMs = clock.wallMs();
      return [first ?? nowMs, last ?? nowMs];
    },
  };
}

/** The same reader, with its reads noted. */
export function observedHttp(http: JsonReader, { note }: ReadInstants): JsonReader {
  return {
    getJson: (path, shape, signal) => note(() => http.getJson(path, shape, signal)),
    getJsonList: (path, element, signal, options) =>
      note(() => http.getJsonList(path, element, signal, options)),
    getStatus: (path, signal) => note(() => http.getStatus(path, signal)),
    getMetrics: (path, wanted, signal) => note(() => http.getMetrics(path, wanted, signal)),
  };
}
