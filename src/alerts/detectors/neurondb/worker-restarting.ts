import type { ReadingOf } from '../../../collectors/registry.ts';
import type { Detector } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import {
  type ComputeMemory,
  causes,
  computeOf,
  evidenceOf,
  hasNeurondb,
  missingPart,
  type NeurondbObservation,
  perCompute,
  psql,
  type Remembered,
  step,
} from './neurondb-facts.ts';

const windowMs = 3_600_000;
/** Instants kept of each worker: more restarts than this within an hour are as bad as this many. */
const maxInstants = 50;

/** The count at the last look, and when it was seen to grow within the last hour, once for each restart. */
type Restarts = readonly [count: number, atMs: readonly number[]];
type Workers = { readonly [worker: string]: Restarts };
type WorkerFact = NonNullable<ReadingOf<'neurondb'>['server']['workers']>[number];

function followed(former: Restarts | undefined, count: number, atMs: number): Restarts {
  // A count that went down is that of another neonwatch: it begins anew, and what was seen stays seen.
  const grown = former === undefined ? 0 : Math.max(0, count - former[0]);
  const seen = (former?.[1] ?? []).filter((ms) => atMs - ms <= windowMs);
  return [
    count,
    [...seen, ...new Array<number>(Math.min(grown, maxInstants)).fill(atMs)].slice(-maxInstants),
  ];
}

function isAbsent({ worker, startsMs }: WorkerFact, enabled: ReadonlyMap<string, boolean>): boolean {
  return startsMs.length === 0 && enabled.get(worker) === true;
}

interface Trouble {
  readonly looping: readonly (readonly [worker: string, restarts: number])[];
  readonly absent: readonly string[];
}

function summaryOf(compute: string, { looping, absent }: Trouble): string {
  if (looping.length > 0) {
    const workers = looping.map(([worker, count]) => `${worker} ${count} times`).join(', ');
    return (
      `Background workers of NeuronDB on compute ${compute} were replaced within an hour (${workers}): when one ` +
      `crashes, every connection to the server falls and all statistics are lost.`
    );
  }
  return (
    `Background workers of NeuronDB on compute ${compute} should run and do not (${absent.join(', ')}): ` +
    `what they do is left undone.`
  );
}

function failing(observation: NeurondbObservation, trouble: Trouble): Finding {
  const { target, reading, lastReadAtMs } = observation;
  const [first] = reading.databases.filter(({ extension }) => extension !== undefined);
  const database = first?.database ?? 'postgres';
  const processes = `SELECT pid, backend_type, datname, backend_start FROM pg_stat_activity WHERE backend_type LIKE 'neurondb%'`;
  return {
    subject: computeOf(target.name),
    severity: 'warning',
    className: trouble.looping.length > 0 ? 'restarting' : 'absent',
    summary: summaryOf(target.name, trouble),
    evidence: [
      ...evidenceOf('pg_stat_activity', lastReadAtMs, [
        ...trouble.looping.map(
          ([worker, count]) => [`restarts of ${worker} within an hour`, count, 'restarts'] as const,
        ),
        ...trouble.absent.map((worker) => [`processes of ${worker}`, 0, 'processes'] as const),
        ['server started', new Date(reading.server.startedMs).toISOString()],
      ]),
    ],
    remedy: [
      step('See the workers and how old they are.', psql(target, database, processes)),
      step(
        "Read the server's log around their starts: 57P03 and 'terminating any other active server processes' are a crash.",
      ),
      step(
        'If it is the tuner, switch it off in the settings of the compute (neurondb.neuranmon_enabled = off) and restart the compute. Searches do not need it.',
      ),
      step('After a crash look at vector_index_suspect: HNSW and IVF indexes are not crash-safe.'),
    ],
    avoid: [
      {
        what: 'killing the worker with kill -9',
        why: 'the server takes it for a crash and cuts off every session',
      },
      {
        what: 'taking counters of the last hour at their word',
        why: 'statistics begin anew at each crash, pg_stat_statements and table statistics among them',
      },
    ],
    related: [computeOf(target.name)],
  };
}

function judge(
  observation: NeurondbObservation,
  kept: Workers | undefined,
  allowed: number,
): Remembered<Workers> {
  const { reading, target, lastReadAtMs } = observation;
  if (!hasNeurondb(reading)) return {};
  const { workers, enabledWorkers } = reading.server;
  if (workers === undefined) {
    const missing = [missingPart(observation, 'workers')];
    return {
      ...(kept === undefined ? {} : { kept }),
      unknown: [{ subject: computeOf(target.name), missing }],
    };
  }
  const next: Record<string, Restarts> = {};
  for (const { worker, restarts } of workers) next[worker] = followed(kept?.[worker], restarts, lastReadAtMs);
  const trouble: Trouble = {
    looping: Object.entries(next).flatMap(([worker, [, atMs]]) =>
      atMs.length > allowed ? [[worker, atMs.length] as const] : [],
    ),
    absent: workers.filter((fact) => isAbsent(fact, enabledWorkers)).map(({ worker }) => worker),
  };
  if (trouble.looping.length === 0 && trouble.absent.length === 0) return { kept: next };
  return { kept: next, findings: [failing(observation, trouble)] };
}

/** A background worker that comes and goes, or that should run and does not. */
export const workerRestarting: Detector<ComputeMemory<Workers>> = {
  id: 'worker_restarting',
  alert: 'NeuronDBWorkerRestarting',
  layer: 'neurondb',
  severity: 'warning',
  summary:
    'A background worker of NeuronDB was replaced several times within an hour, or should run and does not.',
  classes: ['restarting', 'absent'],
  needs: ['neurondb'],
  hold: { forMs: 120_000, samples: 2, keepFiringMs: 300_000 },
  explainedBy: causes,
  detect(input) {
    const { workerRestarts } = input.thresholds.neurondb;
    return perCompute(input, 'neurondb', 1, (observation, kept) => judge(observation, kept, workerRestarts));
  },
};
