import { type DestinationStream, type Logger, pino } from 'pino';
import type { Clock } from './clock.ts';

/** The least time between two lines that say the same thing about the same subject. */
const repeatEveryMs = 600_000;
/**
 * Subjects remembered; past that the oldest is forgotten and its line repeated early. More than the collectors of
 * ten thousand computes: were all of them to fail in turn, a smaller number would hold nothing back.
 */
const subjectsMax = 100_000;

/** JSON lines on standard output. Messages are static; what varies is beside them, so that lines can be grouped. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Says whether to write a line, and how many like it were kept back since the last one. */
export interface RepeatLimit {
  /** `subject` is what the line is about, `content` what it says: a change is always worth a line. */
  readonly admit: (subject: string, content: string) => { readonly repeats: number } | undefined;
}

/** Keeps a target that is down for a week from writing forty thousand lines. */
export function createRepeatLimit(clock: Clock): RepeatLimit {
  const said = new Map<string, { content: string; atMs: number; repeats: number }>();
  return {
    admit(subject, content) {
      const nowMs = clock.monotonicMs();
      const last = said.get(subject);
      if (last !== undefined && last.content === content && nowMs - last.atMs < repeatEveryMs) {
        last.repeats += 1;
        return undefined;
      }
      said.delete(subject);
      said.set(subject, { content, atMs: nowMs, repeats: 0 });
      const [oldest] = said.keys();
      if (said.size > subjectsMax && oldest !== undefined) said.delete(oldest);
      return { repeats: last?.content === content ? last.repeats : 0 };
    },
  };
}
