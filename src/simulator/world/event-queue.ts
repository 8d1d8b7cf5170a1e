interface Entry {
  readonly atMs: number;
  readonly seq: number;
  readonly run: () => void;
}

/** What is due, in order of time and, at the same time, of being asked for: the order never depends on anything else. */
export class EventQueue {
  readonly #heap: Entry[] = [];
  #seq = 0;
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): void {
    this.#seq += 1;
    this.#push({ atMs: this.#nowMs + Math.max(0, delayMs), seq: this.#seq, run });
  }

  nextMs(): number | undefined {
    return this.#heap[0]?.atMs;
  }

  /** Runs everything that is due within `ms`, then it is `ms` later. */
  advance(ms: number): void {
    const until = this.#nowMs + ms;
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= until; first = this.#heap[0]) {
      this.#pop();
      this.#nowMs = first.atMs;
      first.run();
    }
    this.#nowMs = until;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (parent === undefined || isBefore(parent, entry)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const least = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (least === undefined || isBefore(last, least)) break;
      heap[at] = least;
      at = least === left ? 2 * at + 1 : 2 * at + 2;
    }
    heap[at] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.seq < other.seq);
}
