/**
 * Time as a value that is passed in. Ages and deadlines use `monotonicMs`, which never jumps;
 * `wallMs` is only for instants shown to people and exported as timestamps.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump when the system clock is set. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** The only reader of the machine's clocks. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
