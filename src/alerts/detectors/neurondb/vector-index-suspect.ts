import type { Detector } from '../../detector.ts';
import type { Finding, Unknown } from '../../finding.ts';
import { sqlText } from '../compute/compute-facts.ts';
import {
  type ComputeMemory,
  causes,
  computeOf,
  databaseOf,
  databaseText,
  evidenceOf,
  missingPart,
  type NeurondbObservation,
  perCompute,
  psql,
  type Remembered,
  step,
} from './neurondb-facts.ts';
import {
  indexesOf,
  type PlacedIndex,
  quotedIndex,
  quotedTable,
  unreadDatabases,
  type VectorObservation,
} from './vector-facts.ts';

/** Access methods of NeuronDB that were seen to break; pgvector writes its changes to the WAL. */
const notCrashSafe: readonly string[] = ['hnsw', 'ivf'];

/**
 * The indexes that have not shown since the recovery that they still answer: index → its file, by database. A database
 * that was looked at since has an entry, so that an index that is made later is not taken for an old one.
 */
type Suspects = {
  readonly recoveredAtMs: number;
  readonly databases: { readonly [database: string]: { readonly [index: string]: string } };
};

function suspect(
  { target, lastReadAtMs }: VectorObservation,
  { database, index, subject, key }: PlacedIndex,
  recoveredAtMs: number,
): Finding {
  const quoted = quotedIndex(index);
  const touched = index.blocksHit + index.blocksRead;
  const behaviour =
    touched > 0n ? 'has returned nothing since, though its blocks were touched' : 'has not been used since';
  const counts = `SELECT pg_stat_get_tuples_returned(${sqlText(quoted)}::regclass) AS entries_returned`;
  return {
    subject,
    severity: 'warning',
    summary:
      `The server of ${databaseText(target.name, database)} began with crash recovery, or from a base backup as every ` +
      `Neon compute does, and vector index ${key} ${behaviour}: what of it was in no WAL is lost, so that searches over it may ` +
      `give no rows and inserts may fail.`,
    evidence: [
      ...evidenceOf('pg_stat_archiver, pg_stat_activity', lastReadAtMs, [
        ['crash recovery', new Date(recoveredAtMs).toISOString()],
      ]),
      ...evidenceOf('pg_stat_get_tuples_returned()', lastReadAtMs, [
        ['entries returned since', Number(index.tuplesRead), 'entries'],
      ]),
      ...evidenceOf('pg_stat_get_blocks_fetched()', lastReadAtMs, [
        ['blocks touched since', Number(touched), 'blocks'],
      ]),
      ...evidenceOf('pg_class', lastReadAtMs, [['access method', index.am]]),
    ],
    remedy: [
      step(
        'Run one of the searches that use the index. It is well if it gives the rows that you expect; after a crash HNSW was seen to give none.',
      ),
      step('See whether it returned entries. Above 0 this finding ends.', psql(target, database, counts)),
      step(
        'Build it again if not. Writes to the table, and searches over the index, wait meanwhile.',
        psql(target, database, `REINDEX INDEX ${quoted}`),
      ),
    ],
    avoid: [
      {
        what: `SELECT count(*) FROM ${quotedTable(index)} with enable_seqscan = off`,
        why: 'the planner may answer it from the broken index, and 0 rows is then no proof that data is lost',
      },
      {
        what: 'restoring a backup because searches are empty',
        why: 'the rows are in the table; only the index is broken',
      },
      {
        what: 'another immediate stop or kill -9',
        why: 'every crash recovery puts all HNSW and IVF indexes of the server in doubt again',
      },
    ],
    related: [computeOf(target.name)],
  };
}

/** What is known of the recovery; a sentence says why nothing is. */
function recoveryOf(
  neurondb: NeurondbObservation | undefined,
  name: string,
): number | 'clean' | { missing: string } {
  if (neurondb === undefined) return { missing: `neurondb of ${name}: not read` };
  const { server } = neurondb.reading;
  if (server.begin === undefined) {
    return { missing: `start of ${name}: ${missingPart(neurondb, 'workers').replace(/^.*: /, '')}` };
  }
  return server.begin.recoveredAtMs ?? 'clean';
}

function isNeurondbIndex(
  { reading }: NeurondbObservation,
  { database, index }: PlacedIndex,
): boolean | undefined {
  if (!notCrashSafe.includes(index.am)) return false;
  const facts = reading.databases.find((one) => one.database === database);
  return facts && facts.extension !== undefined;
}

function judge(
  observation: VectorObservation,
  neurondb: NeurondbObservation | undefined,
  kept: Suspects | undefined,
): Remembered<Suspects> {
  const { name } = observation.target;
  const remember = kept === undefined ? {} : { kept };
  const own = indexesOf(observation).filter(({ index }) => notCrashSafe.includes(index.am));
  const recovery = recoveryOf(neurondb, name);
  if (typeof recovery === 'object') {
    // Where nothing of NeuronDB's can be, nothing is missing.
    const isMoot =
      own.length === 0 || neurondb?.reading.databases.every(({ extension }) => extension === undefined);
    if (isMoot === true) return { ...remember, unknown: unreadDatabases(observation) };
    return { ...remember, unknown: [{ subject: computeOf(name), missing: [recovery.missing] }] };
  }
  if (recovery === 'clean' || neurondb === undefined) return {};
  if (observation.firstReadAtMs < recovery) {
    return {
      ...remember,
      unknown: [{ subject: computeOf(name), missing: [`vector_indexes of ${name}: from before the crash`] }],
    };
  }
  return judgeIndexes(observation, neurondb, own, {
    recoveredAtMs: recovery,
    databases: kept?.recoveredAtMs === recovery ? kept.databases : {},
  });
}

function judgeIndexes(
  observation: VectorObservation,
  neurondb: NeurondbObservation,
  indexes: readonly PlacedIndex[],
  former: Suspects,
): Remembered<Suspects> {
  const findings: Finding[] = [];
  const unknown: Unknown[] = [...unreadDatabases(observation)];
  const databases: Record<string, Record<string, string>> = {};
  if (unknown.length > 0)
    for (const [name, suspects] of Object.entries(former.databases)) databases[name] = { ...suspects };
  for (const database of observation.reading.databases.keys()) databases[database] = {};
  for (const placed of indexes) {
    const { database, index, key } = placed;
    const known = former.databases[database];
    const isOurs = isNeurondbIndex(neurondb, placed);
    if (isOurs === undefined) {
      const subject = databaseOf(observation.target.name, database);
      unknown.push({ subject, missing: [missingPart(neurondb, 'database', database)] });
      if (known === undefined) delete databases[database];
      else databases[database] = { ...known };
      continue;
    }
    const filenode = String(index.filenode);
    const isOld = known === undefined || known[key] === filenode;
    if (!isOurs || !isOld || index.tuplesRead > 0n) continue;
    databases[database] = { ...databases[database], [key]: filenode };
    findings.push(suspect(observation, placed, former.recoveredAtMs));
  }
  return { findings, unknown, kept: { recoveredAtMs: former.recoveredAtMs, databases } };
}

/** An index that its server's crash recovery may have broken, and that has not shown since that it answers. */
export const vectorIndexSuspect: Detector<ComputeMemory<Suspects>> = {
  id: 'vector_index_suspect',
  alert: 'NeuronDBVectorIndexSuspect',
  layer: 'neurondb',
  severity: 'warning',
  summary:
    'The server of a NeuronDB index began with crash recovery, and the index was neither rebuilt since nor has it returned an entry.',
  classes: [],
  needs: ['vector_indexes', 'neurondb'],
  hold: { forMs: 120_000, samples: 2, keepFiringMs: 120_000 },
  explainedBy: causes,
  detect(input) {
    const servers = input.readings.all('neurondb');
    return perCompute(input, 'vector_indexes', 1, (observation, kept) => {
      const neurondb = servers.find(({ target }) => target.name === observation.target.name);
      return judge(observation, neurondb, kept);
    });
  },
};
