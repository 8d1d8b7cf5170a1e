/** A request that was to change something. */
export interface LoggedRequest {
  readonly seq: number;
  /** World time. */
  readonly atMs: number;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Undefined while it is not answered. */
  readonly status: number | undefined;
}

/** The latest requests that were to change something. */
export interface RequestLog {
  /** @returns what is called with the status when there is one */
  add(request: Omit<LoggedRequest, 'seq' | 'status'>): (status: number) => void;
  since(seq: number): readonly LoggedRequest[];
}

const kept = 10_000;
const maxBodyChars = 2_000;

export function requestLog(): RequestLog {
  let seq = 0;
  let entries: { status: number | undefined; readonly request: Omit<LoggedRequest, 'status'> }[] = [];
  return {
    add(request) {
      seq += 1;
      const entry = {
        status: undefined as number | undefined,
        request: { seq, ...request, body: request.body.slice(0, maxBodyChars) },
      };
      entries.push(entry);
      if (entries.length >= 2 * kept) entries = entries.slice(-kept);
      return (status) => {
        entry.status = status;
      };
    },
    since: (after) =>
      entries
        .slice(-kept)
        .filter(({ request }) => request.seq > after)
        .map(({ request, status }) => ({ ...request, status })),
  };
}
