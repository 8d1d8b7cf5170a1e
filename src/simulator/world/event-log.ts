import type { EventLog, WorldEvent } from './api.ts';

const kept = 10_000;

export interface WritableEventLog extends EventLog {
  write(atMs: number, kind: string, detail: string): void;
}

/** Two lanes of FNV-1a over every event, so that a trace of any length is one short text. */
export function createEventLog(startMs: number): WritableEventLog {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  let count = 0;
  const latest: WorldEvent[] = [];

  const mix = (text: string) => {
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      low = Math.imul(low ^ code, 0x01000193) >>> 0;
      high = Math.imul(high ^ (code + at), 0x85ebca6b) >>> 0;
    }
  };

  return {
    get count() {
      return count;
    },
    hash: () => low.toString(16).padStart(8, '0') + high.toString(16).padStart(8, '0'),
    since: (seq) => latest.filter((event) => event.seq > seq),
    write(atMs, kind, detail) {
      count += 1;
      mix(`${atMs - startMs}|${kind}|${detail}\n`);
      latest.push({ seq: count, atMs, kind, detail });
      if (latest.length > 2 * kept) latest.splice(0, latest.length - kept);
    },
  };
}
