import { type Detector, perTarget, type TargetVerdict } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import {
  causes,
  computeOf,
  evidenceOf,
  hasNeurondb,
  missingPart,
  type NeurondbObservation,
  psql,
  step,
} from './neurondb-facts.ts';

/** Our own statements have a `statement_timeout` of seconds; the collector tells of them after a minute. */
const ownMaxMs = 60_000;
/** Backends told one by one. */
const shown = 3;

type Busy = NonNullable<NeurondbObservation['reading']['server']['busy']>[number];

function spinning({ target, lastReadAtMs }: NeurondbObservation, backends: readonly Busy[]): Finding {
  const [first] = backends;
  const isProven = backends.some(({ isOurs }) => isOurs);
  const minutes = (one: Busy) => Math.floor((lastReadAtMs - one.sinceMs) / 60_000);
  const pids = backends.slice(0, shown).map(({ pid }) => pid);
  const database = first === undefined || first.database === '' ? 'postgres' : first.database;
  const onFirst = (call: string) => psql(target, database, `SELECT ${call}`);
  const why = isProven
    ? "one of them is neonwatch's own, which has outrun its statement_timeout"
    : 'such a statement of NeuronDB may obey neither cancel nor terminate';
  const look = `SELECT pid, datname, usename, application_name, state, wait_event, now() - query_start AS running FROM pg_stat_activity WHERE pid IN (${pids.join(', ')})`;
  return {
    subject: computeOf(target.name),
    severity: 'warning',
    className: isProven ? 'timeout_ignored' : 'spinning',
    summary:
      `On compute ${target.name} ${backends.length} backends (pid ${pids.join(', ')}) run without ever waiting, the ` +
      `longest for ${first === undefined ? 0 : minutes(first)} min: each takes a whole core, and ${why}.`,
    evidence: [
      ...evidenceOf('pg_stat_activity', lastReadAtMs, [
        ['backends', backends.length, 'backends'],
        ...backends
          .slice(0, shown)
          .map(
            (one) =>
              [
                `pid ${one.pid} in database ${one.database}${one.isOurs ? " (neonwatch's)" : ''}`,
                minutes(one),
                'minutes',
              ] as const,
          ),
      ]),
    ],
    remedy: [
      step('See what they are.', psql(target, database, look)),
      ...pids.map((pid) => step(`Cancel ${pid}.`, onFirst(`pg_cancel_backend(${pid})`))),
      ...pids.map((pid) =>
        step(`If it is still there: terminate ${pid}.`, onFirst(`pg_terminate_backend(${pid}, 5000)`)),
      ),
      step(
        'If it stays, only the end of the server ends it. IVF searches after a clean restart were seen to do this.',
      ),
      step(
        'Then restart the compute at an hour of your choosing: a fast shutdown hangs on such a backend, so it ends in crash recovery. REINDEX the HNSW and IVF indexes afterwards (vector_index_suspect).',
      ),
    ],
    avoid: [
      {
        what: `kill -9 ${pids[0] ?? 'PID'}`,
        why: 'the server takes it for a crash: every session is cut off, and vector indexes may be broken afterwards',
      },
      {
        what: 'running the same search again',
        why: 'it may spin as well, in one more backend and on one more core',
      },
    ],
    related: [computeOf(target.name)],
  };
}

function judge(observation: NeurondbObservation, busyMaxMs: number): TargetVerdict {
  const { reading, target, lastReadAtMs } = observation;
  if (!hasNeurondb(reading)) return {};
  const { busy } = reading.server;
  if (busy === undefined) {
    const missing = [missingPart(observation, 'workers')];
    return { unknown: [{ subject: computeOf(target.name), missing }] };
  }
  const stuck = busy.filter(
    ({ sinceMs, isOurs }) => lastReadAtMs - sinceMs >= (isOurs ? ownMaxMs : busyMaxMs),
  );
  return stuck.length === 0 ? {} : { findings: [spinning(observation, stuck)] };
}

/** A backend that runs for long without waiting for anything: NeuronDB has statements that nothing ends. */
export const unkillableBackend: Detector = {
  id: 'unkillable_backend',
  alert: 'NeuronDBUnkillableBackend',
  layer: 'neurondb',
  severity: 'warning',
  summary:
    'On a server with NeuronDB a statement has run for half an hour without ever waiting, or one of neonwatch’s has outrun its timeout.',
  classes: ['timeout_ignored', 'spinning'],
  needs: ['neurondb'],
  hold: { forMs: 120_000, samples: 3, keepFiringMs: 120_000 },
  explainedBy: causes,
  detect(input) {
    const { busyMax } = input.thresholds.neurondb;
    return perTarget(input, 'neurondb', computeOf, (observation) => judge(observation, busyMax));
  },
};
