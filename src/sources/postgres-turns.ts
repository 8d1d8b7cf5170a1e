/** Lets one in at a time, in order of asking. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #isTaken = false;

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves when it is this caller's turn, which ends with `leave`. Rejects with the signal's reason. */
  async enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#isTaken) {
      this.#isTaken = true;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = () => {
      this.#waiting.delete(resolve);
      reject(signal?.reason);
    };
    this.#waiting.add(resolve);
    signal?.addEventListener('abort', giveUp, { once: true });
    await promise.finally(() => signal?.removeEventListener('abort', giveUp));
  }

  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#isTaken = false;
      return;
    }
    // The turn passes on without becoming free, so that nobody slips in between.
    this.#waiting.delete(next);
    next();
  }
}
