import type { State, TenantState } from './state.ts';
import type { Steps } from './task.ts';
import type { Answer, Reply } from './wire.ts';

export function ok<Body>(status: number, body: Body): Answer<Body> {
  return { ok: true, status, body };
}

type Refusal = Answer<never>;

/** The controller's error bodies, as recorded. */
export const refusals = {
  badRequest: (what: string): Refusal => refusal(400, JSON.stringify(what)),
  notFound: (what: string): Refusal => refusal(404, `NotFound: ${what}`),
  timeout: (what: string): Refusal => refusal(408, what),
  conflict: (what: string): Refusal => refusal(409, `Conflict: ${what}`),
  precondition: (what: string): Refusal => refusal(412, `Precondition failed: ${what}`),
  internal: (what: string): Refusal => refusal(500, what),
  unavailable: (what: string): Refusal => refusal(503, what),
};

function refusal(status: number, msg: string): Refusal {
  return { ok: false, status, body: { msg } };
}

export function answered<Body>(answer: Answer<Body>): Reply<Body> {
  return { answer, whenAnswered: (run) => run(answer) };
}

class LateReply<Body> implements Reply<Body> {
  #answer: Answer<Body> | undefined;
  readonly #waiting: ((answer: Answer<Body>) => void)[] = [];

  get answer(): Answer<Body> | undefined {
    return this.#answer;
  }

  whenAnswered(run: (answer: Answer<Body>) => void): void {
    if (this.#answer === undefined) this.#waiting.push(run);
    else run(this.#answer);
  }

  settle(answer: Answer<Body>): void {
    if (this.#answer !== undefined) return;
    this.#answer = answer;
    for (const run of this.#waiting) run(answer);
  }
}

/** The connection was closed without an answer. */
export const cutOff: Refusal = refusal(0, 'connection closed');

/** Connections that a controller's death cuts. */
const openReplies = new WeakMap<State, Set<() => void>>();

/** Answers when the steps are over; a controller that dies before that closes the connection. */
export function later<Body>(state: State, steps: Steps<Answer<Body>>): Reply<Body> {
  const reply = new LateReply<Body>();
  const open = openReplies.get(state) ?? new Set();
  openReplies.set(state, open);
  const cut = () => reply.settle(cutOff);
  open.add(cut);
  state.memory.tasks.start(steps, (answer) => {
    open.delete(cut);
    reply.settle(answer);
  });
  return reply;
}

export function cutReplies(state: State): void {
  const open = openReplies.get(state) ?? new Set();
  for (const cut of open) cut();
  open.clear();
}

const databaseTimeoutMs = 30_000;

/**
 * Every change is written to the database first. While that is lost it takes 30 s, then 503; a database that comes
 * back within them is used.
 */
export function changing<Body>(state: State, change: () => Reply<Body>): Reply<Body> {
  if (state.database === 'up') return change();
  return later(state, afterDatabase(state, change));
}

function* afterDatabase<Body>(state: State, change: () => Reply<Body>): Steps<Answer<Body>> {
  if (!(yield { signal: state.databaseBack, ms: databaseTimeoutMs })) {
    state.memory.counters.databaseErrors += 1;
    return refusals.unavailable('Shutting down');
  }
  return yield* whenAnswered(change());
}

/** Waits for a reply from within steps. */
export function* whenAnswered<Body>(reply: Reply<Body>): Steps<Answer<Body>> {
  while (reply.answer === undefined) yield 20;
  return reply.answer;
}

/** Changes of one tenant's shards wait for each other. */
export function alone<Body>(
  state: State,
  tenant: TenantState | undefined,
  change: () => Reply<Body>,
): Reply<Body> {
  if (tenant?.locked !== true) return change();
  function* inTurn(of: TenantState): Steps<Answer<Body>> {
    while (of.locked) yield 20;
    return yield* whenAnswered(change());
  }
  return later(state, inTurn(tenant));
}
