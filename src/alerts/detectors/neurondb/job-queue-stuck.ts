import { isServed } from '../../../neon/neurondb.ts';
import type { Detector } from '../../detector.ts';
import type { Evidence, Finding, Step, Subject, Unknown } from '../../finding.ts';
import {
  type ComputeMemory,
  causes,
  computeOf,
  type DatabaseFacts,
  databaseText,
  eachDatabase,
  evidenceOf,
  missingPart,
  type NeurondbObservation,
  perCompute,
  psql,
  type Remembered,
  step,
} from './neurondb-facts.ts';

type Queue = DatabaseFacts['queues'][number];

/** Status of a job that no worker has taken yet. */
const waitingStatus: Readonly<Record<Queue['queue'], string>> = { job_queue: 'pending', llm_jobs: 'queued' };
const queueNames: readonly Queue['queue'][] = ['job_queue', 'llm_jobs'];

type Stuck = 'never_visited' | 'stalled' | 'out_of_retries';

/** Jobs that a worker has taken or done, and since when that number stands still. */
type Rest = readonly [taken: number, sinceMs: number];
/** `database queue` → its rest. */
type Rests = { readonly [queue: string]: Rest };

interface QueueState {
  readonly queue: Queue;
  readonly waiting: number;
  readonly spent: number;
  readonly restMs: number;
  readonly ageMs: number | undefined;
}

function takenOf({ queue, jobs }: Queue): number {
  return [...jobs].reduce((sum, [status, count]) => sum + (status === waitingStatus[queue] ? 0 : count), 0);
}

function stateOf(queue: Queue, rest: Rest, atMs: number): QueueState {
  return {
    queue,
    waiting: queue.jobs.get(waitingStatus[queue.queue]) ?? 0,
    spent: queue.outOfRetries ?? 0,
    restMs: atMs - rest[1],
    ageMs: queue.oldestWaitingMs === undefined ? undefined : atMs - queue.oldestWaitingMs,
  };
}

function isStalled({ waiting, spent, restMs, ageMs }: QueueState, queueMaxMs: number): boolean {
  return waiting > spent && ageMs !== undefined && ageMs >= queueMaxMs && restMs >= queueMaxMs;
}

function stuckAs(states: readonly QueueState[], isVisited: boolean, queueMaxMs: number): Stuck | undefined {
  if (!isVisited) return states.some(({ waiting }) => waiting > 0) ? 'never_visited' : undefined;
  if (states.some((state) => isStalled(state, queueMaxMs))) return 'stalled';
  return states.some(({ spent }) => spent > 0) ? 'out_of_retries' : undefined;
}

const meanings: Readonly<Record<Stuck, string>> = {
  never_visited: "NeuronDB's workers never visit this database, so none of them will ever be done",
  stalled: 'no worker has taken any for a while',
  out_of_retries: 'of some the retries are spent, and no worker takes those any more',
};

function remedyFor(kind: Stuck, { target, reading }: NeurondbObservation, database: string): readonly Step[] {
  const counts =
    'SELECT status, count(*), min(created_at) FROM neurondb.job_queue GROUP BY status ORDER BY status';
  const look = step('See the jobs.', psql(target, database, counts));
  const workers = step(
    'See which workers run, and where.',
    psql(
      target,
      database,
      `SELECT pid, backend_type, datname, backend_start FROM pg_stat_activity WHERE backend_type LIKE 'neurondb%'`,
    ),
  );
  const visited = [...new Set((reading.server.workers ?? []).flatMap(({ databases }) => databases))];
  if (kind === 'never_visited') {
    return [
      look,
      workers,
      step(
        `Have the application put its jobs in database ${visited[0] ?? 'postgres'}, which the workers visit.`,
      ),
      step('Then delete the jobs that wait here, or they stay for ever.'),
    ];
  }
  if (kind === 'stalled') {
    return [
      look,
      workers,
      step('See whether they may run.', psql(target, database, 'SHOW neurondb.neuranq_enabled')),
      step(
        "Read the server's log for errors of the worker. If it does not run or move, restart the compute.",
      ),
    ];
  }
  const spent =
    'SELECT job_type, count(*) FROM neurondb.job_queue WHERE retry_count >= max_retries GROUP BY job_type';
  return [
    look,
    step('See what kind of jobs they are.', psql(target, database, spent)),
    step("Find in the server's log why they failed, and mend that."),
    step(
      'Let them be tried again.',
      psql(
        target,
        database,
        "UPDATE neurondb.job_queue SET retry_count = 0 WHERE status = 'pending' AND retry_count >= max_retries",
      ),
    ),
  ];
}

function evidence({ lastReadAtMs, reading }: NeurondbObservation, states: readonly QueueState[]) {
  const facts = states.flatMap(({ queue, waiting, spent, restMs, ageMs }): readonly Evidence[] => {
    const minutes = (ms: number) => Math.round(ms / 60_000);
    return evidenceOf(`neurondb.${queue.queue}`, lastReadAtMs, [
      ['jobs that wait', waiting, 'jobs'],
      ['jobs out of retries', queue.outOfRetries === undefined ? 'not known' : spent],
      ...(ageMs === undefined ? [] : [['age of the oldest', minutes(ageMs), 'minutes'] as const]),
      ['no job taken for at least', minutes(restMs), 'minutes'],
    ]);
  });
  const visited = (reading.server.workers ?? []).flatMap(({ databases }) => databases);
  const where = [...new Set(visited)].sort().join(', ') || 'postgres, as all known versions';
  return [...facts, ...evidenceOf('pg_stat_activity', lastReadAtMs, [['databases with workers', where]])];
}

function stuck(
  observation: NeurondbObservation,
  database: string,
  subject: Subject,
  kind: Stuck,
  states: readonly QueueState[],
): Finding {
  const { name } = observation.target;
  const waiting = states.reduce((sum, state) => sum + state.waiting, 0);
  return {
    subject,
    severity: 'warning',
    className: kind,
    summary: `In ${databaseText(name, database)} ${waiting} jobs of NeuronDB wait: ${meanings[kind]}.`,
    evidence: evidence(observation, states),
    remedy: remedyFor(kind, observation, database),
    avoid: [
      {
        what: 'TRUNCATE neurondb.job_queue',
        why: 'it takes the jobs that have not been done along with the others',
      },
      { what: 'waiting for the queue to drain', why: 'it does not while the cause lasts' },
    ],
    related: [computeOf(name)],
  };
}

function restsOf(
  { database, queues }: DatabaseFacts,
  kept: Rests | undefined,
  atMs: number,
): Readonly<Record<string, Rest>> {
  return Object.fromEntries(
    queues.map((queue) => {
      const key = `${database} ${queue.queue}`;
      const taken = takenOf(queue);
      const former = kept?.[key];
      return [key, former !== undefined && former[0] === taken ? former : ([taken, atMs] as const)];
    }),
  );
}

function missingIn(observation: NeurondbObservation, { database, queues }: DatabaseFacts): readonly string[] {
  const unread = queueNames.filter((name) => !queues.some(({ queue }) => queue === name));
  const isThere = (name: Queue['queue']) =>
    !observation.reading.skips.some(
      (skip) => skip.part === name && skip.database === database && skip.reason === 'no_object',
    );
  const ageless = queues.filter(
    ({ queue, jobs, oldestWaitingMs }) =>
      oldestWaitingMs === undefined && (jobs.get(waitingStatus[queue]) ?? 0) > 0,
  );
  return [
    ...unread.filter(isThere).map((name) => missingPart(observation, name, database)),
    ...ageless.map(
      ({ queue }) => `created_at of ${queue} of ${observation.target.name}/${database}: not read`,
    ),
  ];
}

function judge(
  observation: NeurondbObservation,
  kept: Rests | undefined,
  queueMaxMs: number,
): Remembered<Rests> {
  const { reading, lastReadAtMs } = observation;
  const rests: Record<string, Rest> = {};
  const entered = new Set(reading.databases.map(({ database }) => database));
  for (const [key, rest] of Object.entries(kept ?? {})) {
    // Of a queue that could not be read this time it is not known whether it moved.
    if (!entered.has(key.slice(0, key.lastIndexOf(' ')))) rests[key] = rest;
  }
  const verdict = eachDatabase(observation, (facts, subject) => {
    const own = restsOf(facts, kept, lastReadAtMs);
    Object.assign(rests, own);
    const states = facts.queues.map((queue) =>
      stateOf(queue, own[`${facts.database} ${queue.queue}`] ?? [0, lastReadAtMs], lastReadAtMs),
    );
    const kind = stuckAs(states, isServed(facts.database, reading.server.workers), queueMaxMs);
    if (kind !== undefined) {
      return { findings: [stuck(observation, facts.database, subject, kind, states)] };
    }
    const missing = missingIn(observation, facts);
    const unknown: Unknown[] = missing.length === 0 ? [] : [{ subject, missing }];
    return { unknown };
  });
  return { ...verdict, kept: rests };
}

/** Jobs that nobody does: in a database without workers, in a queue that stands still, or with their retries spent. */
export const jobQueueStuck: Detector<ComputeMemory<Rests>> = {
  id: 'job_queue_stuck',
  alert: 'NeuronDBJobQueueStuck',
  layer: 'neurondb',
  severity: 'warning',
  summary:
    'Jobs of NeuronDB wait and nobody does them: no worker visits their database, none takes any, or their retries are spent.',
  classes: ['never_visited', 'stalled', 'out_of_retries'],
  needs: ['neurondb'],
  hold: { forMs: 300_000, samples: 2, keepFiringMs: 300_000 },
  explainedBy: ['worker_restarting', ...causes],
  detect(input) {
    const { queueMax } = input.thresholds.neurondb;
    return perCompute(input, 'neurondb', 1, (observation, kept) => judge(observation, kept, queueMax));
  },
};
