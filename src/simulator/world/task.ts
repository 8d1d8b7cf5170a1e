import type { EventQueue } from './event-queue.ts';

/** Something that others wait for. It can be fired again and again. */
export class Signal {
  #waiting: (() => void)[] = [];

  fire(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  }

  wait(run: () => void): void {
    this.#waiting.push(run);
  }
}

/** What a step waits for: milliseconds, a signal, or a signal for so long. It is told whether the signal came. */
export type Wait = number | { readonly signal: Signal; readonly ms?: number };

/** A process written down as a generator; it waits by yielding. */
export type Steps<Result> = Generator<Wait, Result, boolean>;

/** Thrown into the steps of a task that is cancelled. */
export class Cancelled extends Error {}

/** A running process. Killing it is what happens to the tasks of a process that dies: nothing of it runs any more. */
export class Task<Result> {
  readonly finished = new Signal();
  readonly #queue: EventQueue;
  readonly #steps: Steps<Result>;
  readonly #done: (result: Result) => void;
  #epoch = 0;
  #isBegun = false;
  #over = false;

  constructor(queue: EventQueue, steps: Steps<Result>, done: (result: Result) => void) {
    this.#queue = queue;
    this.#steps = steps;
    this.#done = done;
    this.#resumeAfter(0, false);
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whatever it waits for ends now, with `Cancelled` thrown. Steps that have not begun begin first: they clean up. */
  cancel(): void {
    if (this.#over) return;
    this.#epoch += 1;
    const epoch = this.#epoch;
    this.#queue.after(0, () => {
      if (epoch !== this.#epoch || this.#over) return;
      if (!this.#isBegun) this.#resume(epoch, false);
      if (this.#over) return;
      this.#epoch += 1;
      this.#run(() => this.#steps.throw(new Cancelled()));
    });
  }

  kill(): void {
    this.#epoch += 1;
    this.#over = true;
  }

  #resumeAfter(ms: number, came: boolean): void {
    const epoch = this.#epoch;
    this.#queue.after(ms, () => this.#resume(epoch, came));
  }

  #resume(epoch: number, came: boolean): void {
    if (epoch !== this.#epoch || this.#over) return;
    this.#epoch += 1;
    this.#isBegun = true;
    this.#run(() => this.#steps.next(came));
  }

  #run(step: () => IteratorResult<Wait, Result>): void {
    const { done, value } = step();
    if (done === true) {
      this.#over = true;
      this.#done(value);
      this.finished.fire();
      return;
    }
    if (typeof value === 'number') {
      this.#resumeAfter(value, false);
      return;
    }
    const epoch = this.#epoch;
    value.signal.wait(() => this.#queue.after(0, () => this.#resume(epoch, true)));
    if (value.ms !== undefined) this.#resumeAfter(value.ms, false);
  }
}

/** Everything that one process does at the same time. */
export class TaskGroup {
  readonly #queue: EventQueue;
  readonly #tasks = new Set<Task<unknown>>();

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  start<Result>(steps: Steps<Result>, done: (result: Result) => void = () => {}): Task<Result> {
    const task: Task<Result> = new Task(this.#queue, steps, (result) => {
      this.#tasks.delete(task as Task<unknown>);
      done(result);
    });
    this.#tasks.add(task as Task<unknown>);
    return task;
  }

  kill(): void {
    for (const task of this.#tasks) task.kill();
    this.#tasks.clear();
  }
}

/** A number of things that may go on at once. */
export class Permits {
  readonly #freed = new Signal();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  get free(): number {
    return this.#free;
  }

  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  *take(): Steps<void> {
    while (!this.tryTake()) yield { signal: this.#freed };
  }

  give(): void {
    this.#free += 1;
    this.#freed.fire();
  }
}

/** How long Neon's services wait before try `attempt` (from 0): nothing, then ever longer. */
export function backoffMs(attempt: number, increment: number, maxSeconds: number): number {
  return attempt === 0 ? 0 : Math.round(Math.min((1 + increment) ** attempt, maxSeconds) * 1_000);
}
