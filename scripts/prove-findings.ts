import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { faultRows } from '../test/findings/simulated/fault-rows.ts';
import { type FaultOutcome, isKept, playFault } from '../test/findings/simulated/fault-table.ts';
import { type Proof, proofPage, tally } from '../test/findings/simulated/proof-page.ts';
import {
  type FaultyOutcome,
  type HealthyOutcome,
  playFaulty,
  playHealthy,
} from '../test/findings/simulated/seeded-run.ts';
import { checkout } from './run-program.ts';

const usage = `npm run findings:seeds -- [--seeds N] [--from S] [--only table|healthy|faults] [--jobs N] [--write]

Shows what findings come of the simulator's faults and of healthy operations, through the collectors, detectors and life
cycle of the server, in the world's time. N seeds of each kind (20), from seed S (1), by N threads (1); --write makes docs/findings-proof.md.`;

const tableSeed = 11;

function isBad(outcome: HealthyOutcome | FaultyOutcome): boolean {
  return (
    outcome.falseAlarms.length > 0 ||
    ('row' in outcome && outcome.caughtMs === undefined && !outcome.isMended)
  );
}

function tell(kind: string, outcome: HealthyOutcome | FaultyOutcome): void {
  if (!isBad(outcome)) return;
  const what = 'row' in outcome ? `${outcome.row.name}, ${outcome.caughtMs ?? 'not caught'}` : 'healthy';
  const alarms = outcome.falseAlarms.map(({ key, summary }) => `${key}: ${summary}`).join('; ');
  console.log(`${kind} seed ${outcome.seed} (${what}; ${outcome.done.join(', ')}) ${alarms}`);
}

interface Part {
  readonly kind: 'healthy' | 'faults';
  readonly from: number;
  readonly count: number;
}

/** What a thread tells: an outcome, with the name of the fault in the place of its functions. */
type Told = HealthyOutcome | (Omit<FaultyOutcome, 'row'> & { readonly fault: string });

async function playPart({ kind, from, count }: Part, tellOne: (told: Told) => void): Promise<void> {
  for (let seed = from; seed < from + count; seed += 1) {
    if (kind === 'healthy') {
      tellOne(await playHealthy(seed));
      continue;
    }
    const { row, ...outcome } = await playFaulty(seed);
    tellOne({ ...outcome, fault: row.name });
  }
}

function outcomeOf(told: Told): HealthyOutcome | FaultyOutcome {
  if (!('fault' in told)) return told;
  const row = faultRows.find(({ name }) => name === told.fault);
  if (row === undefined) throw new Error(`no fault ${told.fault}`);
  return { ...told, row };
}

/** One thread a part: a seed needs no other. */
function playInThread(part: Part): Promise<readonly (HealthyOutcome | FaultyOutcome)[]> {
  return new Promise((resolve, reject) => {
    const outcomes: (HealthyOutcome | FaultyOutcome)[] = [];
    const worker = new Worker(new URL(import.meta.url), { workerData: part });
    worker.on('message', (told: Told) => {
      const outcome = outcomeOf(told);
      tell(part.kind, outcome);
      outcomes.push(outcome);
    });
    worker.once('error', reject);
    worker.once('exit', () => resolve(outcomes));
  });
}

async function seeds(
  kind: Part['kind'],
  { from, count, jobs }: { readonly from: number; readonly count: number; readonly jobs: number },
): Promise<readonly (HealthyOutcome | FaultyOutcome)[]> {
  const each = Math.ceil(count / jobs);
  const parts = Array.from({ length: jobs }, (_, job) => ({
    kind,
    from: from + job * each,
    count: Math.max(0, Math.min(each, count - job * each)),
  }));
  return (await Promise.all(parts.map(playInThread))).flat();
}

async function faultTable(): Promise<readonly FaultOutcome[]> {
  const outcomes: FaultOutcome[] = [];
  for (const row of faultRows) {
    const outcome = await playFault(row, tableSeed);
    if (!isKept(outcome)) console.log(`fault ${row.name}: ${outcome.problem ?? 'not as promised'}`);
    outcomes.push(outcome);
  }
  return outcomes;
}

/** Parses what was asked for; undefined when it cannot be understood. */
function asked() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '20' },
      from: { type: 'string', default: '1' },
      only: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const range = { from: Number(values.from), count: Number(values.seeds), jobs: Number(values.jobs) };
  const isWhole = Object.values(range).every((each) => Number.isSafeInteger(each) && each >= 1);
  const isKnown = values.only === undefined || ['table', 'healthy', 'faults'].includes(values.only);
  return values.help || !isWhole || !isKnown ? undefined : { range, only: values.only, write: values.write };
}

async function main(): Promise<void> {
  const wanted = asked();
  if (wanted === undefined) {
    console.log(usage);
    process.exitCode = 2;
    return;
  }
  const { range, only, write } = wanted;
  const does = (kind: string): boolean => only === undefined || only === kind;
  const startedMs = performance.now();
  const faults = does('table') ? await faultTable() : [];
  const healthy = (does('healthy') ? await seeds('healthy', range) : []) as readonly HealthyOutcome[];
  const faulty = (does('faults') ? await seeds('faults', range) : []) as readonly FaultyOutcome[];
  const proof: Proof = { faults, healthy, faulty, from: range.from };
  console.log(tally(proof, performance.now() - startedMs));
  if (write) await writeFile(join(checkout, 'docs/findings-proof.md'), proofPage(proof));
  if (faults.some((one) => !isKept(one)) || [...healthy, ...faulty].some(isBad)) process.exitCode = 1;
}

if (!isMainThread) await playPart(workerData as Part, (told) => parentPort?.postMessage(told));
else if (import.meta.main) await main();
